"""The content term keeps the original's structure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, final

from torch import Tensor

from style3d.losses.moments import masked_std
from style3d.losses.term import Frame, Prepared, Term


@final
@dataclass(frozen=True)
class Content(Term):
    """Gatys, Ecker & Bethge (CVPR 2016), eq. 1: L = ½ Σ_ij (F_ij − P_ij)², masked."""

    whole: ClassVar[bool] = True

    layer: str = ""

    def prepare_content(self, frame: Frame) -> Prepared:
        """The original's features P."""
        return {"features": frame.at(self.layer)[0]}

    def loss(self, frame: Frame, style: Prepared, content: Prepared) -> Tensor:
        """Zero when the features agree where the mask is not empty."""
        features, mask = frame.at(self.layer)
        return 0.5 * ((features - content["features"]).square() * mask).sum()


@final
@dataclass(frozen=True)
class Structure(Term):
    """Content free of the style's colours: L = Σ_k m_k ‖z_k − z*_k‖² / (2 c Σ m), z = (F − μ) / σ, z* of the original.

    Each image's features are standardised by its own masked mean and deviation, so that moving the moments to the
    style's (which AdaIN calls style) costs nothing here and only a change of pattern does. 0 for equal patterns, 1
    for unrelated ones, 2 for inverted ones.
    """

    whole: ClassVar[bool] = True

    layer: str = ""

    def prepare_content(self, frame: Frame) -> Prepared:
        """The original's standardised features z*."""
        return {"standard": self._standard(frame)}

    def loss(self, frame: Frame, style: Prepared, content: Prepared) -> Tensor:
        """Between 0 and 2."""
        _, mask = frame.at(self.layer)
        error = (self._standard(frame) - content["standard"]).square().mean(1, keepdim=True)
        return 0.5 * (error * mask).sum() / mask.sum().clamp_min(1e-8)

    def _standard(self, frame: Frame) -> Tensor:
        features, mask = frame.at(self.layer)
        mean, deviation = masked_std(features, mask)
        return (features - mean[None, :, None, None]) / (deviation + 0.05 * deviation.mean())[None, :, None, None]
