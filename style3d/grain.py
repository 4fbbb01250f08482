"""The grain that painting starts from: noise in a style's own colours, for strokes to grow from.

Second moments have no slope where there is no contrast at all, and views that start from a flat colour each raise a
pattern of their own, which cancel. With the style's contrast there from the start, at every scale, all views arrange
the same grain. What has contrast of its own is arranged instead: that is the original's drawing.
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from style3d.types import AnyImage

LIFT = 1.5  # of noise on a lattice: values between its points are means, and vary less


def finest_band(image: AnyImage) -> Float[Tensor, "3 3"]:
    """Covariance of the colours that a picture shows, and no longer at half its size."""
    coarse = F.avg_pool2d(image, 2, ceil_mode=True, count_include_pad=False)
    detail = image - F.interpolate(coarse, size=image.shape[-2:], mode="bilinear", align_corners=False)
    return torch.cov(detail[0].flatten(1)).cpu()


def grain(
    wanted: Float[Tensor, "3 3"], contrast: Float[Tensor, "n"], generator: torch.Generator
) -> Float[Tensor, "n 3"]:
    """White noise with the covariance ``wanted``, on the CPU; less where there is contrast, none where there is enough.

    Args:
        contrast: what each entry's surroundings have of their own, a variance summed over channels.
    """
    values, vectors = torch.linalg.eigh(wanted.double())
    root = LIFT * (vectors * values.clamp_min(0).sqrt()).float()
    enough = float(root.square().sum())
    lacking = (1 - contrast.cpu() / max(enough, 1e-12)).clamp(0, 1).sqrt()
    return lacking[:, None] * (torch.randn(len(contrast), 3, generator=generator) @ root.T)
