"""Small clouds of splats for tests."""

from __future__ import annotations

import numpy as np

from style3d.nerf.splats import Splats


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


def directions(count: int, seed: int = 1) -> np.ndarray:
    """Unit vectors all around."""
    found = np.random.default_rng(seed).standard_normal((count, 3))
    return found / np.linalg.norm(found, axis=1, keepdims=True)
