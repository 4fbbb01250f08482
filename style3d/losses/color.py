"""This term keeps the colours of every band of detail like the style's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor
from torch.nn import functional as F

from style3d.color.match import in_doubles, matrix_power
from style3d.losses.moments import masked_covariance
from style3d.losses.term import Frame, Prepared, Term, mixture


@final
@dataclass(frozen=True)
class BandColor(Term):
    """Mean colour, and the 3×3 colour covariance of every band of a Laplacian pyramid, in the style's units.

    Band k's covariance C_k is compared in the style's units: L = Σ_k ‖W_k (C_k − C*_k) W_k‖² with the whitening
    W_k = (C*_k + ε tr C*_k)^{-1/2}.
    Directions of colour that the style's band hardly uses are expensive, which is what stops rainbow fringes.
    """

    bands: int = 4

    def prepare_style(self, frames: Sequence[tuple[Frame, float]]) -> Prepared:
        """Moments of each band and the whitening matrices."""
        total = mixture([(self._moments(frame), weight) for frame, weight in frames])
        eye = torch.eye(3, device=total["mean"].device)
        for key in [key for key in total if key.startswith("covariance")]:
            covariance = total[key] + (0.1 * total[key].trace() / 3 + 1e-5) * eye
            total[key.replace("covariance", "white")] = matrix_power(in_doubles(covariance), -0.5).to(covariance)
        return total

    def loss(self, frame: Frame, style: Prepared, content: Prepared) -> Tensor:
        """Zero when the bands' colour moments agree."""
        own = self._moments(frame)
        white = style[f"white{self.bands}"]
        total = (white @ (own["mean"] - style["mean"])).square().sum()
        for key, value in own.items():
            if key.startswith("covariance") and key in style:
                white = style[key.replace("covariance", "white")]
                total = total + (white @ (value - style[key]) @ white).square().sum()
        return total / (self.bands + 1)

    def _moments(self, frame: Frame) -> Prepared:
        image, mask = frame.image, frame.mask
        prepared: Prepared = {"mean": masked_covariance(image, mask)[0]}
        for band, (detail, rest) in enumerate(frame.bands(self.bands)):
            prepared[f"covariance{band}"] = masked_covariance(detail, mask)[1]
            image, mask = rest, F.avg_pool2d(mask, 2, ceil_mode=True, count_include_pad=False)
        prepared[f"covariance{self.bands}"] = masked_covariance(image, mask)[1]
        return prepared
