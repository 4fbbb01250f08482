"""Shapes tell which points lie in a region, and how it fades towards its border."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float
from scipy.spatial import cKDTree

from style3d.errors import Style3DError
from style3d.regions.selector import Where
from style3d.types import Flags, Points, Weights


def inside_shapes(points: Points, where: Where) -> Flags:
    """Points within the box and within the sphere, where there are any."""
    inside: Bool[np.ndarray, "points"] = np.ones(len(points), dtype=bool)
    if where.box:
        inside &= ((points >= where.box[:3]) & (points <= where.box[3:])).all(1)
    if where.sphere:
        inside &= np.linalg.norm(points - np.array(where.sphere[:3]), axis=1) <= where.sphere[3]
    return inside


def fade_border(points: Points, weights: Weights, where: Where) -> Float[np.ndarray, "points"]:
    """Weights that fall to 0 towards the nearest point outside, over ``where.feather`` scene units.

    Raises:
        Style3DError: nothing is inside.
    """
    inside = weights > 0
    if not inside.any():
        raise Style3DError(f"the region {where} selects nothing of the scene", hint="check its numbers, or its mask")
    if not where.feather or inside.all():
        return weights
    reach, _ = cKDTree(points[~inside]).query(points[inside], distance_upper_bound=where.feather)
    faded = weights.copy()
    faded[inside] *= np.clip(reach / where.feather, 0, 1).astype(weights.dtype)  # beyond the bound: infinite
    return faded
