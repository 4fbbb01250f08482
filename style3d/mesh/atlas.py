"""The texture of an atlas: material factors and vertex colours drawn where the faces lie."""

from __future__ import annotations

import numpy as np

from style3d.images import encode_srgb
from style3d.mesh.bake import baked, spread
from style3d.mesh.materials import BaseColor
from style3d.mesh.primitives import Primitive
from style3d.mesh.unwrap import Unwrapped
from style3d.render.surface import Texture


def atlas_texture(pieces: list[tuple[Primitive, BaseColor, Unwrapped]], size: int) -> Texture:
    """Draw the colours of unwrapped primitives into an image of ``size`` texels on a side.

    Opacity is kept where a blended or cut-out material has vertex colours that are not opaque.
    """
    image = np.zeros((size, size, 4), dtype=np.float32)
    filled = np.zeros((size, size), dtype=np.int32)
    for primitive, color, unwrapped in pieces:
        corners = np.ones((len(unwrapped.source), 4))
        if primitive.colors is not None:
            corners = primitive.colors[unwrapped.source]
        corners = corners * [*color.factor[:3], 1.0]
        if color.alpha_mode == "OPAQUE":
            corners[:, 3] = 1.0
        baked(unwrapped.uvs, unwrapped.faces, corners, image, filled)
    image = spread(image, filled)
    opaque = image[..., 3].min() >= 1 - 1e-6
    alpha = None if opaque else np.ascontiguousarray(image[..., 3])
    return Texture("atlas", encode_srgb(image[..., :3]), alpha)
