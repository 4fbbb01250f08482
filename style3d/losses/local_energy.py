"""This term spreads detail over places as the style does: calm beside busy."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import final

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from style3d.losses.term import Frame, Prepared, Term, mixture
from style3d.losses.wasserstein import QUANTILES, quantiles_of

WINDOWS = (5, 15)  # pixels of a band along a side: over a stroke, and over a passage
CALM = 1 / 255  # root energy added to every place: what is fainter than one level of eight bits is calm
FAINT = 1e-7  # of energy: keeps the slope of the root bounded where nothing is drawn
COVERED = 0.3  # of a window, under which it does not count


@final
@dataclass(frozen=True)
class LocalEnergy(Term):
    """L = mean over bands k and windows w of Σ_p m_p (a_p − T_kw(r_p))² / Σ m: the squared Wasserstein distance of two
    distributions over places, in octaves of contrast.

    a_p = log2(√ē_p + 1/255), with ē_p the squared detail of band k of a Laplacian pyramid, summed over the colours and
    averaged over the covered part of window p. r_p is the rank of the place among all of the image, and T_kw(r) the
    quantile of the style at that rank (optimal transport in one dimension: Peyré & Cuturi, "Computational Optimal
    Transport", 2019, section 2.6). Covariances fix only the mean of ē: flat sky beside busy leaves and an even hatching
    may have the same. Windows overlap by half.
    """

    bands: int = 4

    def prepare_style(self, frames: Sequence[tuple[Frame, float]]) -> Prepared:
        """Quantiles of each band and window, (256,)."""
        return mixture([(self._quantiles(frame), weight) for frame, weight in frames])

    def loss(self, frame: Frame, style: Prepared, content: Prepared) -> Tensor:
        """Zero when as many places are as calm, and as busy, as in the style."""
        errors = [
            ((values - _style_values(values, weights, style[key])).square() * weights).sum() / weights.sum()
            for key, values, weights in self._contrasts(frame)
            if key in style and weights.any()
        ]
        return torch.stack(errors).mean() if errors else frame.image.new_zeros(())

    def _quantiles(self, frame: Frame) -> Prepared:
        return {key: quantiles_of(values[None], weights)[0] for key, values, weights in self._contrasts(frame)}

    def _contrasts(self, frame: Frame) -> Iterator[tuple[str, Float[Tensor, "n"], Float[Tensor, "n"]]]:
        """Octaves of contrast at the places of each band and window, and how much of each place is covered."""
        mask = frame.mask
        for band, (detail, _) in enumerate(frame.bands(self.bands)):
            energy = detail.square().sum(1, keepdim=True)
            for window in WINDOWS:
                step, edge = window // 2, window // 2
                covered = F.avg_pool2d(mask, window, step, edge)
                mean = F.avg_pool2d(energy * mask, window, step, edge) / covered.clamp_min(1e-3)
                counted = torch.where(covered >= COVERED * covered.max(), covered, torch.zeros_like(covered))
                yield f"{band}:{window}", ((mean + FAINT).sqrt() + CALM).log2().flatten(), counted.flatten()
            mask = F.avg_pool2d(mask, 2, ceil_mode=True, count_include_pad=False)


@torch.no_grad()
def _style_values(
    values: Float[Tensor, "n"], weights: Float[Tensor, "n"], quantiles: Float[Tensor, "quantiles"]
) -> Float[Tensor, "n"]:
    """The style's value at the rank of each value."""
    order = values.argsort()
    share = weights[order].cumsum(0)
    place = ((share - 0.5 * weights[order]) / share[-1] * QUANTILES - 0.5).clamp(0, QUANTILES - 1)
    below = place.long().clamp(max=QUANTILES - 2)
    wanted = torch.empty_like(values)
    wanted[order] = torch.lerp(quantiles[below], quantiles[below + 1], place - below)
    return wanted
