"""Depth of a view from its operator: what is needed to say which pixels of two views show the same place."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float32

from style3d.camera import Camera
from style3d.operator import ViewOperator
from style3d.types import Points


def expected_depth(operator: ViewOperator, camera: Camera, points: Points) -> Float32[np.ndarray, "h w"]:
    """Mean depth along the camera's axis of the entries each pixel sees, weighed as in its row; scene units.

    The same for grids, splats and vertices, and of the geometry alone: colours take no part. Infinite where a pixel
    sees no entry.

    Args:
        operator: of level 0, from ``camera``.
        camera: the view.
        points: where each entry of θ is, scene units.
    """
    _, depth = camera.project(points[operator.entries])
    matrix = operator.matrix
    sums, total = matrix.scipy() @ depth, matrix.row_sums()
    mean = np.where(total > 1e-6, sums / np.maximum(total, 1e-6), np.inf)
    return mean.astype(np.float32).reshape(operator.height, operator.width)
