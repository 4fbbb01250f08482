"""Nearest-neighbour feature matching makes every place of an image like some place of the painting."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import torch
from jaxtyping import Float, Int64
from torch import Tensor
from torch.nn import functional as F

from style3d.losses.term import Frame, Prepared, Term


@final
@dataclass(frozen=True)
class NearestFeatures(Term):
    """ARF (Zhang et al., ECCV 2022), eq. 3: L = 1/N Σ_k min_k' D(F_k, S_k'), D(a, b) = 1 − a·b / (‖a‖ ‖b‖), masked.

    Neighbours are found in chunks, so memory stays bounded, and without gradient; the distance to the neighbour found
    is differentiable. Of several styles each gives features in proportion to its weight.
    """

    layers: tuple[tuple[str, float], ...] = ()
    samples: int = 8192  # style features kept per layer

    def prepare_style(self, frames: Sequence[tuple[Frame, float]]) -> Prepared:
        """Unit features of the styles, (c, n) per layer."""
        prepared: Prepared = {}
        for name, _ in self.layers:
            picked = [self._sample_places(frame, name, weight) for frame, weight in frames if name in frame.features]
            if picked:
                prepared[name] = torch.cat(picked, 1)
        return prepared

    def loss(self, frame: Frame, style: Prepared, content: Prepared) -> Tensor:
        """Between 0 (every feature points like one of the style's) and 2."""
        total = frame.image.new_zeros(())
        for name, weight in self.layers:
            if name in frame.features and name in style:
                own = F.normalize(frame.features[name].flatten(2)[0], dim=0)
                nearest = style[name][:, nearest_neighbours(own.detach(), style[name])]
                mask = frame.masks[name].flatten()
                distance = 1 - (own * nearest).sum(0)
                total = total + weight * (distance * mask).sum() / mask.sum().clamp_min(1e-8)
        return total

    def _sample_places(self, frame: Frame, name: str, weight: float) -> Tensor:
        flat = F.normalize(frame.features[name].flatten(2)[0], dim=0)
        count = min(flat.shape[1], max(1, round(self.samples * weight)))
        return flat[:, torch.linspace(0, flat.shape[1] - 1, count, device=flat.device).round().long()]


@torch.no_grad()
def nearest_neighbours(
    own: Float[Tensor, "c n"], style: Float[Tensor, "c m"], budget: int = 1 << 24
) -> Int64[Tensor, "n"]:
    """For each unit column of ``own`` the most similar unit column of ``style``; at most ``budget`` numbers live."""
    step = max(1, budget // style.shape[1])
    return torch.cat([(chunk.T @ style).argmax(1) for chunk in own.split(step, dim=1)])
