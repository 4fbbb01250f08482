"""A matrix turns, scales, shears and moves splats, with what each direction sees."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from jaxtyping import Float, Float64
from scipy.spatial.transform import Rotation

from style3d.errors import Style3DError
from style3d.nerf.splats.splats import Splats

Array = np.ndarray[Any, Any]


def place_splats(splats: Splats, matrix: Float[np.ndarray, "4 4"]) -> Splats:
    """The splats where a matrix takes them: centres M μ + t, shapes M Σ Mᵀ, harmonics by the rotation within M.

    A rotation with one scale keeps axes and sizes as they are; anything else finds new ones by a singular value
    decomposition of each M R S.

    Raises:
        Style3DError: the matrix flattens space or is not finite.
    """
    linear, move = matrix[:3, :3].astype(np.float64), matrix[:3, 3]
    if not np.isfinite(matrix).all() or np.abs(np.linalg.det(linear)) < 1e-30:
        raise Style3DError("a matrix flattens the splats", got=matrix.round(6).tolist())
    stretch = np.linalg.svd(linear, compute_uv=False)
    turned = splats.rotate(rotation_of(matrix))
    if np.allclose(stretch, stretch[0], rtol=1e-6):
        log_scales = splats.log_scales + np.float32(np.log(stretch.mean()))
        positions = turned.positions * stretch.mean() + move
        return replace(turned, positions=positions.astype(np.float32), log_scales=log_scales)
    axes = Rotation.from_quat(splats.unit_rotations[:, [1, 2, 3, 0]]).as_matrix() * splats.scales[:, None]
    rotations, scales, _ = np.linalg.svd(linear @ axes)
    rotations = rotations * np.linalg.det(rotations)[:, None, None].round()
    return replace(
        turned,
        positions=(splats.positions @ linear.T + move).astype(np.float32),
        rotations=Rotation.from_matrix(rotations).as_quat()[:, [3, 0, 1, 2]].astype(np.float32),
        log_scales=np.log(np.maximum(scales, 1e-30)).astype(np.float32),
    )


def rotation_of(matrix: Float[np.ndarray, "4 4"]) -> Float64[np.ndarray, "3 3"]:
    """The rotation, or mirror, that comes nearest to what a matrix does to directions."""
    left, _, right = np.linalg.svd(matrix[:3, :3].astype(np.float64))
    return np.asarray(left @ right)
