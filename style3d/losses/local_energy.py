"""This term spreads detail over places as unevenly as the style does: calm beside busy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from style3d.losses.term import Frame, Prepared, Term, mixture
from style3d.types import Mask

WINDOWS = (5, 15)  # pixels of a band along a side: over a stroke, and over a passage
FAINT = 1e-6  # of squared colour: keeps the slope of the root bounded where nothing is drawn
LEAST = 1e-3  # of a root energy: a band that is empty in the style does not rule the sum


@final
@dataclass(frozen=True)
class LocalEnergy(Term):
    """L = mean over bands k and windows w of ((M_kw − M*_kw) / M*_kw)², M_kw = Σ m √ē_kw / Σ m.

    e_k is the squared detail of band k of a Laplacian pyramid, summed over the colours, and ē_kw its mean over the
    covered part of a window. Second moments, which other terms match, fix the mean of e; with that mean the mean of
    its root is the smaller, the more unevenly e lies (Jensen's inequality): flat sky beside busy leaves and an even
    hatching have the same covariance, and only one of them has the style's M. Windows overlap by half.
    """

    bands: int = 4

    def prepare_style(self, frames: Sequence[tuple[Frame, float]]) -> Prepared:
        """M* of each band and window."""
        return mixture([(self._roots(frame), weight) for frame, weight in frames])

    def loss(self, frame: Frame, style: Prepared, content: Prepared) -> Tensor:
        """Zero when detail lies as unevenly as in the style."""
        own = self._roots(frame)
        errors = [((own[key] - style[key]) / style[key].clamp_min(LEAST)).square() for key in own if key in style]
        return torch.stack(errors).mean() if errors else frame.image.new_zeros(())

    def _roots(self, frame: Frame) -> Prepared:
        mask, prepared = frame.mask, Prepared()
        for band, (detail, _) in enumerate(frame.bands(self.bands)):
            energy = detail.square().sum(1, keepdim=True)
            for window in WINDOWS:
                prepared[f"{band}:{window}"] = _mean_root(energy, mask, window)
            mask = F.avg_pool2d(mask, 2, ceil_mode=True, count_include_pad=False)
        return prepared


def _mean_root(energy: Float[Tensor, "1 1 h w"], mask: Mask, window: int) -> Float[Tensor, ""]:
    """Σ m √ē / Σ m over windows, m the share of a window that is covered."""
    step, edge = window // 2, window // 2
    covered = F.avg_pool2d(mask, window, step, edge)
    mean = F.avg_pool2d(energy * mask, window, step, edge) / covered.clamp_min(LEAST)
    return ((mean + FAINT).sqrt() * covered).sum() / covered.sum().clamp_min(1e-8)
