"""The gamut term penalises colours that the style does not have."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import torch
from jaxtyping import Float
from torch import Tensor

from style3d.color.palette import cluster_centers
from style3d.losses.term import Frame, Prepared, Term

SHADES = (0.45, 0.6, 0.8, 1.0)  # of each colour: what the scene's own light makes of it
CUBE = 32  # colours along each axis for which the nearest is looked up once


@final
@dataclass(frozen=True)
class Gamut(Term):
    """L = Σ_k m_k min_j ‖c_k − p_j‖² / Σ_k m_k over pixels k, with p_j the style's colours and their shades.

    Moments of colour cannot tell a painting in red and yellow from one in orange and lime; this can. The colours are
    k-means centres of the style's pixels, shared among several images by their weights.
    """

    colors: int = 32

    def prepare_style(self, frames: Sequence[tuple[Frame, float]]) -> Prepared:
        """The palette's nearest colour for every colour of a coarse cube, (side³, 3)."""
        parts = [
            cluster_centers(_visible_pixels(frame), max(1, round(self.colors * weight))) for frame, weight in frames
        ]
        shades = torch.tensor(SHADES, device=parts[0].device)[:, None, None]
        palette = (shades * torch.cat(parts)).reshape(-1, 3)
        steps = torch.linspace(0, 1, CUBE, device=palette.device)
        return {"nearest": palette[torch.cdist(torch.cartesian_prod(steps, steps, steps), palette).argmin(1)]}

    def loss(self, frame: Frame, style: Prepared, content: Prepared) -> Tensor:
        """Zero where every colour is one of the style's."""
        pixels, weights = frame.image[0].flatten(1).T, frame.mask.flatten()
        with torch.no_grad():
            red, green, blue = (pixels.clamp(0, 1) * (CUBE - 1)).round().long().unbind(1)
            nearest = style["nearest"][(red * CUBE + green) * CUBE + blue]
        return ((pixels - nearest).square().sum(1) * weights).sum() / weights.sum().clamp_min(1e-8)


def _visible_pixels(frame: Frame) -> Float[Tensor, "n 3"]:
    """Pixels inside the mask; all where there are none."""
    pixels, inside = frame.image[0].flatten(1).T, frame.mask.flatten() > 0.5
    return pixels[inside] if inside.any() else pixels
