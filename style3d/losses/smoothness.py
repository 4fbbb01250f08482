"""The smoothness term penalises pixel noise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, final

from torch import Tensor

from style3d.losses.term import Frame, Prepared, Term


@final
@dataclass(frozen=True)
class TotalVariation(Term):
    """Anisotropic total variation (Rudin, Osher, Fatemi 1992; Mahendran & Vedaldi 2015 with β = 1), masked:

        L = Σ m (|x_{i+1,j} − x_ij| + |x_{i,j+1} − x_ij|) / (3 Σ m)

    where a difference counts with the lesser coverage of its two pixels.
    """

    whole: ClassVar[bool] = True

    def loss(self, frame: Frame, style: Prepared, content: Prepared) -> Tensor:
        """Mean absolute difference of neighbours and channels, in units of display-referred colour."""
        image, mask = frame.image, frame.mask
        down = (image[..., 1:, :] - image[..., :-1, :]).abs() * mask[..., 1:, :].minimum(mask[..., :-1, :])
        right = (image[..., 1:] - image[..., :-1]).abs() * mask[..., 1:].minimum(mask[..., :-1])
        return (down.sum() + right.sum()) / (3 * mask.sum().clamp_min(1e-8))
