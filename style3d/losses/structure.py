"""The structure terms keep edges or self-similarity, free of colour and of absolute features."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, final

import torch
from torch import Tensor
from torch.nn import functional as F

from style3d.losses.features.base import pool_mask
from style3d.losses.term import Frame, Prepared, Term


@final
@dataclass(frozen=True)
class Laplacian(Term):
    """Laplacian content (Li, Xu, Nie, Chua, "Laplacian-Steered Neural Style Transfer", ACM MM 2017), eq. 4, masked:

        L = Σ_k m_k (D(x̂)_k − D(x̂*)_k)² / (3 Σ m)

    with x̂ the image averaged over ``pool`` × ``pool`` pixels and D the discrete Laplacian (0 1 0; 1 −4 1; 0 1 0).
    """

    whole: ClassVar[bool] = True

    pool: int = 4

    def prepare_content(self, frame: Frame) -> Prepared:
        """The original's Laplacian."""
        return {"laplacian": self._laplacian(frame)}

    def loss(self, frame: Frame, style: Prepared, content: Prepared) -> Tensor:
        """Zero when edges agree."""
        own = self._laplacian(frame)
        mask = pool_mask(frame.mask, (own.shape[-2], own.shape[-1]))
        return ((own - content["laplacian"]).square() * mask).sum() / (3 * mask.sum().clamp_min(1e-8))

    def _laplacian(self, frame: Frame) -> Tensor:
        small = F.avg_pool2d(frame.image, self.pool, ceil_mode=True, count_include_pad=False)
        kernel = small.new_tensor([[0.0, 1, 0], [1, -4, 1], [0, 1, 0]]).expand(3, 1, 3, 3)
        return F.conv2d(F.pad(small, (1, 1, 1, 1), mode="replicate"), kernel, groups=3)


@final
@dataclass(frozen=True)
class SelfSimilarity(Term):
    """Self-similarity content (Kolkin, Salavon, Shakhnarovich, "STROTSS", CVPR 2019, eq. 7), masked:

        L = Σ_ij m_i m_j |D_ij / Σ_i' D_i'j − D*_ij / Σ_i' D*_i'j| / (Σ m)²· n

    D_ij = 1 − cos(F_i, F_j) between places of one image, on ``grid``² cells: what resembled what still does, whatever
    it looks like now. The factor n (the number of places) keeps the number near one at every resolution.
    """

    whole: ClassVar[bool] = True

    layer: str = ""
    grid: int = 24

    def prepare_content(self, frame: Frame) -> Prepared:
        """The original's distances."""
        return {"distances": self._distances(frame)}

    def loss(self, frame: Frame, style: Prepared, content: Prepared) -> Tensor:
        """Zero when every column of relative distances agrees."""
        error = (self._distances(frame) - content["distances"]).abs()
        mask = self._cells(frame)[1]
        pair = mask[:, None] * mask[None, :]
        return len(mask) * (error * pair).sum() / pair.sum().clamp_min(1e-8)

    def _cells(self, frame: Frame) -> tuple[Tensor, Tensor]:
        features = frame.features[self.layer]
        size = (min(self.grid, features.shape[-2]), min(self.grid, features.shape[-1]))
        return F.adaptive_avg_pool2d(features, size).flatten(2)[0], pool_mask(frame.mask, size).flatten()

    def _distances(self, frame: Frame) -> Tensor:
        features, mask = self._cells(frame)
        unit = F.normalize(features, dim=0)
        distance = (1 - unit.T @ unit).clamp_min(0)
        column = (distance * mask[:, None]).sum(0, keepdim=True)
        return torch.where(mask.sum() > 0, distance / column.clamp_min(1e-6), torch.zeros_like(distance))
