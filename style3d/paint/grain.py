"""The grain that painting starts from: noise in a style's own colours, for strokes to grow from.

Second moments have no slope where there is no contrast at all, and views that start from a flat colour each raise a
pattern of their own, which cancel. With the style's contrast there from the start, at every scale, all views arrange
the same grain. What has contrast of its own is arranged instead: that is the original's drawing.
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from style3d.color.match import split_band
from style3d.types import AnyImage

LIFT = 1.5  # of noise on a lattice: values between its points are means, and vary less
LEAST = 0.3  # of it for what has colours enough of its own: more buries its drawing


def finest_band(image: AnyImage) -> Float[Tensor, "3 3"]:
    """Covariance of the colours that a picture shows, and no longer at half its size."""
    return torch.cov(split_band(image)[0][0].flatten(1)).cpu()


def plainness(start: Float[Tensor, "n 3"], palette: Float[Tensor, "m 3"]) -> float:
    """How much a scene that starts from these colours lacks of a palette's contrast: 0 nothing, 1 all of it."""
    own, wanted = float(start.var(0).sum()), float(palette.var(0).sum())
    return max(0.0, 1 - own / wanted) if wanted > 0 else 0.0


def grain(
    wanted: Float[Tensor, "3 3"], contrast: Float[Tensor, "n"], plain: float, generator: torch.Generator
) -> Float[Tensor, "n 3"]:
    """White noise with the covariance ``wanted``, on the CPU; less where there is contrast, none where there is enough.

    Args:
        contrast: what each entry's surroundings have of their own, a variance summed over channels.
        plain: `plainness` of the whole.
    """
    values, vectors = torch.linalg.eigh(wanted.double())
    lift = LIFT * (LEAST + (1 - LEAST) * plain**0.5)
    root = lift * (vectors * values.clamp_min(0).sqrt()).float()
    enough = float(root.square().sum())
    lacking = (1 - contrast.cpu() / max(enough, 1e-12)).clamp(0, 1).sqrt()
    return lacking[:, None] * (torch.randn(len(contrast), 3, generator=generator) @ root.T)
