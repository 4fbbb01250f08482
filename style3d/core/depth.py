"""The operator of a view gives its depth, which tells where pixels of two views show the same place."""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Float32, Float64
from numba import njit

from style3d.core.camera import Camera
from style3d.core.operator import Product, SparseMap, ViewOperator
from style3d.types import Points

THICKNESS = 0.03  # of its depth: what lies this near to a pixel's middle weight is one surface with it

Plane = Float32[np.ndarray, "h w"]


def surface_depth(operator: ViewOperator, camera: Camera, points: Points) -> tuple[Plane, Plane]:
    """Depth of the surface that each pixel shows, and the share of the pixel that this surface fills.

    The surface is what lies within `THICKNESS` of the weighted median of a row; its depth is the mean there, along the
    camera's axis, scene units. The same for grids, splats and vertices, and of the geometry alone: colours take no
    part. A mean over all of a row, as is often taken, lies between surfaces where a pixel shows several. Infinite, with
    a share of zero, where a pixel sees no entry.

    Args:
        operator: of level 0, from ``camera``.
        camera: the view.
        points: where each entry of θ is, scene units.
    """
    rows, along = _along(operator, camera, points)
    depth, share = np.empty(rows.rows), np.empty(rows.rows)
    _surfaces(rows.indptr, rows.indices, rows.weights, along, depth, share)
    size = operator.height, operator.width
    return depth.astype(np.float32).reshape(size), share.astype(np.float32).reshape(size)


def _along(operator: ViewOperator, camera: Camera, points: Points) -> tuple[SparseMap, Float64[np.ndarray, "columns"]]:
    """The map from what pixels are made of, and the depth of each; means of entries in one place are at that place."""
    along: Float64[np.ndarray, "entries"] = camera.project(points[operator.entries])[1]
    if isinstance(operator.matrix, Product):
        return operator.matrix.outer, operator.matrix.inner.scipy() @ along
    return operator.matrix, along


@njit(cache=True, nogil=True)
def _surfaces(indptr: Any, indices: Any, weights: Any, along: Any, depth: Any, share: Any) -> None:
    for row in range(len(depth)):
        depth[row], share[row] = np.inf, 0.0
        start, end = indptr[row], indptr[row + 1]
        z, weight = along[indices[start:end]], weights[start:end]
        total = weight.sum()
        if total <= 0.0:
            continue
        below, middle = 0.0, 0.0
        for k in np.argsort(z):
            below += weight[k]
            middle = z[k]
            if 2.0 * below >= total:
                break
        held, mean = 0.0, 0.0
        for k in range(len(z)):
            if abs(z[k] - middle) <= THICKNESS * abs(middle):
                held += weight[k]
                mean += weight[k] * z[k]
        depth[row], share[row] = mean / held, held


def surface_depth_reference(operator: ViewOperator, camera: Camera, points: Points) -> tuple[Plane, Plane]:
    """The slow twin of `surface_depth`: one pixel after another, in numpy."""
    matrix, along = _along(operator, camera, points)
    found: Float64[np.ndarray, "pixels 2"] = np.tile([np.inf, 0.0], (matrix.rows, 1))
    for row in range(matrix.rows):
        part = slice(matrix.indptr[row], matrix.indptr[row + 1])
        z, weight = along[matrix.indices[part]], matrix.weights[part].astype(np.float64)
        if weight.sum() <= 0:
            continue
        order = np.argsort(z)
        middle = z[order][np.searchsorted(np.cumsum(weight[order]), weight.sum() / 2)]
        near = np.abs(z - middle) <= THICKNESS * abs(middle)
        found[row] = (weight * z)[near].sum() / weight[near].sum(), weight[near].sum()
    depth, share = (column.astype(np.float32).reshape(operator.height, operator.width) for column in found.T)
    return depth, share
