"""Small clouds of splats made on the spot, for tests that need geometry and no file."""

from __future__ import annotations

from unittest.mock import patch

import numpy as np
import torch
from torch import Tensor

from style3d.core.camera import Camera
from style3d.core.operator import ViewOperator
from style3d.render.compositor_gsplat import PairCompositor
from style3d.render.pyramid import SpacePyramid, point_pyramid
from style3d.render.splats import Gaussians, splat_view


def blob(count: int = 400, seed: int = 0, size: float = 0.09) -> Gaussians:
    """Splats of all shapes and opacities around the origin, about two scene units across."""
    random = np.random.default_rng(seed)
    rotations = random.standard_normal((count, 4))
    return Gaussians(
        means=(random.standard_normal((count, 3)) * 0.5).astype(np.float32),
        rotations=(rotations / np.linalg.norm(rotations, axis=1, keepdims=True)).astype(np.float32),
        scales=(size * np.exp(0.7 * random.standard_normal((count, 3)))).astype(np.float32),
        opacities=random.random(count).astype(np.float32),
    )


def pyramid_over(gaussians: Gaussians) -> SpacePyramid:
    """The pyramid over the splats' colours."""
    return point_pyramid(gaussians.means.astype(np.float64), 0.05)


def splat_view_of(gaussians: Gaussians, camera: Camera, level: int = 0) -> ViewOperator:
    """The operator of a view."""
    return splat_view(gaussians, pyramid_over(gaussians), level, camera)


def every_pair(center: Tensor, conic: Tensor, opacity: Tensor, width: int, height: int) -> tuple[Tensor, Tensor]:
    """All footprints over all pixels, in no order."""
    mixed = torch.randperm(width * height * len(center), generator=torch.Generator().manual_seed(0))
    return mixed // len(center), mixed % len(center)


def paired_view_of(gaussians: Gaussians, camera: Camera) -> ViewOperator:
    """The operator of a view as a GPU's compositor builds it, on the CPU."""
    made = PairCompositor(every_pair, torch.device("cpu"))
    with patch("style3d.render.splats.compositor", lambda: made):
        return splat_view_of(gaussians, camera)
