"""Small clouds of splats for tests."""

from __future__ import annotations

import numpy as np
from scipy.spatial.transform import Rotation

from style3d.nerf.splats.harmonics import C0
from style3d.nerf.splats.splats import Splats


def cloud(count: int = 50, degree: int = 3, seed: int = 0) -> Splats:
    """Splats with ordinary values in every column; the same for the same arguments."""
    random = np.random.default_rng(seed)

    def normal(*shape: int) -> np.ndarray:
        return random.standard_normal(shape).astype(np.float32)

    return Splats(
        positions=normal(count, 3) * 2,
        rotations=normal(count, 4),
        log_scales=normal(count, 3) - 4,
        logit_opacities=normal(count),
        sh=normal(count, (degree + 1) ** 2, 3) * np.float32(0.3),
    )


def splat_ball(count: int = 1500, degree: int = 0, seed: int = 0, radius: float = 1.0) -> Splats:
    """Flat opaque splats all over a sphere around (0, -3, 0), with mild harmonics."""
    random = np.random.default_rng(seed)
    normal = random.standard_normal((count, 3))
    normal /= np.linalg.norm(normal, axis=1, keepdims=True)
    sh = (0.05 * random.standard_normal((count, (degree + 1) ** 2, 3))).astype(np.float32)
    sh[:, 0] = (random.random((count, 3)) * 0.5 - 0.25) / C0
    upright = [1 + normal[:, 2], -normal[:, 1], normal[:, 0], 0 * normal[:, 0]]  # turns z to the normal
    return Splats(
        positions=(normal * radius + [0, -3, 0]).astype(np.float32),
        rotations=np.stack(upright, 1).astype(np.float32),
        log_scales=np.log(np.tile(np.float32([0.06, 0.06, 0.01]) * radius, (count, 1))),
        logit_opacities=np.full(count, 3.0, np.float32),
        sh=sh,
    )


def directions(count: int, seed: int = 1) -> np.ndarray:
    """Unit vectors all around."""
    found = np.random.default_rng(seed).standard_normal((count, 3))
    return found / np.linalg.norm(found, axis=1, keepdims=True)


def covariances(splats: Splats) -> np.ndarray:
    """R S² Rᵀ of each splat, (n, 3, 3): its shape, whichever way round its axes are counted."""
    axes = Rotation.from_quat(splats.unit_rotations[:, [1, 2, 3, 0]]).as_matrix() * splats.scales[:, None]
    return axes @ axes.transpose(0, 2, 1)


def shape_error(one: Splats, other: Splats) -> np.ndarray:
    """How far the shapes of two clouds differ, (n,), relative to the size of each splat."""
    first, second = covariances(one), covariances(other)
    return np.linalg.norm(first - second, axis=(1, 2)) / np.linalg.norm(first, axis=(1, 2))
