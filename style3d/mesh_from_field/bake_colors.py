"""Baking finds the texture whose views are nearest to the field's own views."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from jaxtyping import Float32, Float64

from style3d.core.camera import Camera
from style3d.core.operator import ViewOperator
from style3d.core.pyramid import Flat
from style3d.mesh.scene import MeshScene
from style3d.mesh_from_field.renders import OPAQUE, FieldView
from style3d.render.cache import ViewCache
from style3d.types import Colors, Flags, Pixels

PASSES = 6  # over all views
FACING = 2.0  # power of the cosine by which a view counts
DOUBT = 0.01  # weight of a pixel in which field and mesh are not equally deep: only where nothing better is known
LEAST = 1e-4  # pixels of any view that a texel must make up to count as seen


def bake_colors(
    views: Sequence[FieldView], mesh: MeshScene, tolerance: float, budget: int, done: Callable[[int], None]
) -> tuple[Colors, Flags]:
    """θ of the mesh with the least weighted difference between A_v θ and the views, and which texels a view saw.

    Simultaneous iterative reconstruction (SIRT; Gilbert 1972) from nothing: the first pass gives each texel the mean of
    the pixels that show it, weighed by how much of them it is; the next ones take back what that blurs.

    Args:
        views: renders of the field, in the mesh's axes.
        mesh: the mesh, unlit.
        tolerance: scene units between the depths of field and mesh in a pixel, above which it counts for little.
        budget: bytes of built views that are kept in memory.
        done: hears how many views are done, `PASSES` times each.
    """
    cache = ViewCache(lambda camera, level: mesh.operator(camera, level), Flat(mesh.surface.entries), budget)
    weights = [_pixel_weights(view, mesh.depth(view.camera), tolerance) for view in views]
    weight, colors = np.zeros(mesh.surface.entries), torch.zeros(mesh.surface.entries, 3)
    for number in range(PASSES):
        change = torch.zeros_like(colors)
        for index, (view, pixel_weights) in enumerate(zip(views, weights, strict=True)):
            operator = cache.get(view.camera, 0).operator
            entries, pixel_weights = torch.from_numpy(operator.entries), pixel_weights * (operator.coverage >= OPAQUE)
            rest = _field_colors(view, operator) - operator.apply(colors[entries])
            change[entries] += operator.adjoint(rest * torch.from_numpy(pixel_weights)[:, None])
            if number == 0:
                weight[operator.entries] += operator.matrix.scipy().T @ pixel_weights
            done(number * len(views) + index + 1)
        share = torch.from_numpy(np.maximum(weight, LEAST).astype(np.float32))[:, None]
        colors = (colors + change / share).clamp(0, 1)
    return colors, weight >= LEAST


def _field_colors(view: FieldView, operator: ViewOperator) -> Pixels:
    """The field's colours as if it were opaque, times the share of each pixel that the mesh covers."""
    opaque = view.rgb.reshape(-1, 3) / np.maximum(view.alpha.reshape(-1, 1), OPAQUE)
    return torch.from_numpy(opaque * operator.coverage[:, None])


def _pixel_weights(
    view: FieldView, depth: Float32[np.ndarray, "h w"], tolerance: float
) -> Float32[np.ndarray, "pixels"]:
    """How much each pixel counts: little where field and mesh show different places; less where seen aslant."""
    with np.errstate(invalid="ignore"):
        same = np.abs(depth - view.depth) < tolerance
    sure = np.where(same, 1, DOUBT) * (view.alpha >= OPAQUE)
    weights = sure * facing_cosine(view.camera, depth) ** FACING
    return weights.astype(np.float32).ravel()


def facing_cosine(camera: Camera, depth: Float32[np.ndarray, "h w"]) -> Float64[np.ndarray, "h w"]:
    """Cosine between a surface and the ray to it, from the depth around each pixel; 0 where there is none."""
    rays = camera.directions().reshape(*depth.shape, 3)
    place = rays * np.where(np.isfinite(depth), depth, np.nan)[..., None].astype(np.float64)
    normal = np.cross(np.gradient(place, axis=1), np.gradient(place, axis=0))
    length = np.linalg.norm(normal, axis=2) * np.linalg.norm(rays, axis=2)
    cosine = np.abs((normal * rays).sum(2)) / np.where(length > 0, length, np.inf)
    return np.nan_to_num(cosine)
