"""This module tells which splats a camera really sees, so that further views can be planned."""

from __future__ import annotations

import math

import numpy as np
from jaxtyping import Float64
from scipy.spatial import cKDTree

from style3d.core.camera import Camera
from style3d.render.compositor import Footprints
from style3d.render.place_cameras import SeenSamples
from style3d.render.splats import Gaussians, project, splat_rows
from style3d.types import Indices, Points

SHOWN = 0.3  # share of its light that arrives from a splat that counts as seen: more than glimpses through gaps
NEIGHBOURS = 8


def arriving_light(
    gaussians: Gaussians, camera: Camera, near: float
) -> tuple[Footprints, Float64[np.ndarray, "footprints"]]:
    """The footprints of a view and the share of each one's light that reaches the image past those before it."""
    seen = project(gaussians, camera, near)
    sums = splat_rows(gaussians, camera, near).column_sums()[seen.splat]
    a, b, c = seen.conic.T
    alone = seen.opacity * 2 * math.pi / np.sqrt(a * c - b * b)
    return seen, sums / alone


def seen_splats(
    gaussians: Gaussians, camera: Camera, near: float, spacing: Float64[np.ndarray, "splats"]
) -> SeenSamples:
    """What a camera sees of the splats; ``spacing`` is the distance between neighbours, scene units."""
    seen, share = arriving_light(gaussians, camera, near)
    shown = np.flatnonzero(share > SHOWN)
    which = seen.splat[shown]
    return SeenSamples(camera, which, seen.center[shown], seen.depth[shown] / camera.focal / spacing[which])


def of_samples(view: SeenSamples, place: Indices) -> SeenSamples:
    """What a view sees of some of the splats; ``place`` (splats,) is each one's number among them, or -1."""
    kept = place[view.which] >= 0
    return SeenSamples(view.camera, place[view.which[kept]], view.pixel[kept], view.zoom[kept])


def surface_spacing(points: Points) -> Float64[np.ndarray, "points"]:
    """Distance between neighbours around each point as if they lay evenly on a surface, scene units.

    On a surface of ρ points an area the k-th neighbour is at about √(k / (π ρ)), and points are 1 / √ρ apart.
    """
    count = min(NEIGHBOURS, len(points) - 1)
    if count < 1:
        return np.ones(len(points))
    distance = cKDTree(points).query(points, [count + 1])[0][:, 0]
    spacing: Float64[np.ndarray, "points"] = distance * math.sqrt(math.pi / count)
    return np.maximum(spacing, 1e-6 * float(np.ptp(points, axis=0).max()) + 1e-300)
