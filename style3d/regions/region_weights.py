"""A part of a scene becomes weights on the entries of its table."""

from __future__ import annotations

import numpy as np

from style3d.core.scene import Scene
from style3d.regions.selector import Where
from style3d.regions.shapes import fade_border, inside_shapes
from style3d.types import Weights


def part_weights(scene: Scene, where: Where) -> Weights:
    """How much of each entry of θ lies in a part of the scene, [0, 1]; exactly 0 outside. Views and depth have no say.

    Raises:
        Style3DError: a condition that this kind of scene does not know, or that nothing fulfils.
    """
    points = scene.points(0)
    weights = inside_shapes(points, where).astype(np.float32)
    given = {"material": where.material, "node": where.node, "mesh": where.mesh}
    if names := {what: name for what, name in given.items() if name is not None}:
        weights *= scene.named_entries(names)
    if where.mask is not None:
        weights *= scene.masked_entries(where.mask)
    return fade_border(points, weights, where)
