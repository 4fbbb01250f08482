"""This depth of splats is sharper at edges than the mean depth of all splats in a pixel."""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Float32, Float64
from numba import njit
from scipy.spatial.transform import Rotation

from style3d.core.camera import Camera
from style3d.core.operator import ViewOperator
from style3d.render.splats import Gaussians

LEAST_SCALE = 1e-9  # of the largest, under which a splat counts as that flat


def median_depth(gaussians: Gaussians, camera: Camera, operator: ViewOperator) -> Float32[np.ndarray, "h w"]:
    """Depth along the camera's z of the splat with which half of a pixel's opacity is reached, scene units.

    A splat is met where its density along the ray is greatest (Yu et al. 2024, "Gaussian Opacity Fields", eq. 8), which
    for a flat splat is its plane. Infinite where the pixel sees no splat.

    Args:
        gaussians: the splats.
        camera: the view.
        operator: of level 0, from ``camera``, whose rows are in the order of compositing.
    """
    seen = operator.entries
    turn = Rotation.from_quat(gaussians.rotations[seen][:, [1, 2, 3, 0]]).as_matrix()
    scales = gaussians.scales[seen].astype(np.float64)
    scales = np.maximum(scales, LEAST_SCALE * max(float(scales.max(initial=0)), 1e-30))
    away = gaussians.means[seen].astype(np.float64) - camera.position
    whiten = turn.transpose(0, 2, 1) / scales[..., None]  # scene units to standard deviations
    matrix, depth = operator.matrix.as_one_map(), np.full(operator.matrix.rows, np.inf, np.float32)
    middle = away @ camera.camera_to_world[:3, 2]
    place = np.einsum("nij,nj->ni", whiten, away)
    _median(matrix.indptr, matrix.indices, matrix.weights, camera.directions(), whiten, place, middle, depth)
    return depth.reshape(operator.height, operator.width)


def median_depth_reference(gaussians: Gaussians, camera: Camera, operator: ViewOperator) -> Float32[np.ndarray, "h w"]:
    """The slow twin of `median_depth`: a pixel at a time, by covariance matrices."""
    depth, rays, matrix = np.full(operator.matrix.rows, np.inf), camera.directions(), operator.matrix.as_one_map()
    for pixel in range(matrix.rows):
        part = slice(matrix.indptr[pixel], matrix.indptr[pixel + 1])
        if part.start == part.stop:
            continue
        sums: Float64[np.ndarray, "n"] = np.cumsum(matrix.weights[part].astype(np.float64))
        splat = operator.entries[matrix.indices[part][np.argmax(sums >= sums[-1] / 2)]]
        axes = Rotation.from_quat(gaussians.rotations[splat][[1, 2, 3, 0]]).as_matrix()
        inverse = axes @ np.diag(1 / gaussians.scales[splat].astype(np.float64) ** 2) @ axes.T
        ray, away = rays[pixel], gaussians.means[splat] - camera.position
        met = (ray @ inverse @ away) / (ray @ inverse @ ray)
        depth[pixel] = met if met > 0 else away @ camera.camera_to_world[:3, 2]
    return depth.astype(np.float32).reshape(operator.height, operator.width)


@njit(cache=True, nogil=True)
def _median(
    indptr: Any, indices: Any, weights: Any, rays: Any, whiten: Any, place: Any, middle: Any, depth: Any
) -> None:
    for pixel in range(len(indptr) - 1):
        total = 0.0
        for k in range(indptr[pixel], indptr[pixel + 1]):
            total += weights[k]
        reached = 0.0
        for k in range(indptr[pixel], indptr[pixel + 1]):
            reached += weights[k]
            if reached < total / 2:
                continue
            splat, along, size = indices[k], 0.0, 0.0
            for i in range(3):
                step = 0.0
                for j in range(3):
                    step += whiten[splat, i, j] * rays[pixel, j]
                along += step * place[splat, i]
                size += step * step
            met = along / size
            depth[pixel] = met if met > 0 else middle[splat]
            break
