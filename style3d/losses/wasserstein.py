"""Sliced Wasserstein distances compare whole distributions of features or patches, not only their moments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from style3d.losses.term import Frame, Prepared, Term, mixture

QUANTILES = 256


@final
@dataclass(frozen=True)
class SlicedFeatures(Term):
    """Heitz, Vanhoey, Chambon, Belcour (CVPR 2021), eq. 2-3: L = Σ_l w_l E_V ‖sort(p_V) − sort(p*_V)‖² / M.

    p_V are the features projected on a unit direction V. Directions are drawn once from ``seed`` and kept: fresh ones
    every step make colours drift. Sorted values are compared at fixed quantiles, so masks and sizes may differ.
    """

    layers: tuple[tuple[str, float], ...] = ()
    directions: int = 32
    seed: int = 0

    def prepare_style(self, frames: Sequence[tuple[Frame, float]]) -> Prepared:
        """Quantiles of each layer's projections."""
        return mixture([(self._layer_quantiles(frame), weight) for frame, weight in frames])

    def loss(self, frame: Frame, style: Prepared, content: Prepared) -> Tensor:
        """Zero when all projections have the style's distribution."""
        total, weights = frame.image.new_zeros(()), dict(self.layers)
        for name, quantiles in self._layer_quantiles(frame).items():
            if name in style:
                total = total + weights[name] * (quantiles - style[name]).square().mean()
        return total

    def _layer_quantiles(self, frame: Frame) -> Prepared:
        return {
            name: projected_quantiles(
                frame.features[name].flatten(2)[0],
                frame.masks[name].flatten(),
                unit_directions(frame.features[name].shape[1], self.directions, self.seed),
            )
            for name, _ in self.layers
            if name in frame.features
        }


@final
@dataclass(frozen=True)
class SlicedPatches(Term):
    """The same on colour patches of several scales (Elnekave & Weiss, "Generating natural images with direct patch
    distributions matching", ECCV 2022, eq. 4), without any network.

    Each of ``scales`` halves the image; ``size``² patches are projected by convolution.
    """

    size: int = 5
    scales: int = 3
    directions: int = 32
    seed: int = 0

    def prepare_style(self, frames: Sequence[tuple[Frame, float]]) -> Prepared:
        """Quantiles of each scale's projections."""
        return mixture([(self._patch_quantiles(frame), weight) for frame, weight in frames])

    def loss(self, frame: Frame, style: Prepared, content: Prepared) -> Tensor:
        """Zero when all projections of patches have the style's distribution."""
        own = self._patch_quantiles(frame)
        errors = [(own[name] - style[name]).square().mean() for name in own if name in style]
        return torch.stack(errors).mean() if errors else frame.image.new_zeros(())

    def _patch_quantiles(self, frame: Frame) -> Prepared:
        image, mask, prepared = frame.image, frame.mask, Prepared()
        kernels = unit_directions(3 * self.size**2, self.directions, self.seed).reshape(-1, 3, self.size, self.size)
        for scale in range(self.scales):
            if min(image.shape[-2:]) < self.size:
                break
            projected = F.conv2d(image, kernels.to(image)).flatten(2)[0]
            covered = -F.max_pool2d(-mask, self.size, 1).flatten()  # a patch counts as its least covered pixel
            prepared[f"scale{scale}"] = quantiles_of(projected, covered)
            image, mask = F.avg_pool2d(image, 2), F.avg_pool2d(mask, 2)
        return prepared


def unit_directions(dimensions: int, count: int, seed: int) -> Float[Tensor, "count dimensions"]:
    """Random directions, the same for the same arguments on every device."""
    rng = torch.Generator().manual_seed(seed)
    return F.normalize(torch.randn(count, dimensions, generator=rng), dim=1)


def projected_quantiles(
    features: Float[Tensor, "c n"], weights: Float[Tensor, "n"], directions: Float[Tensor, "d c"]
) -> Float[Tensor, "d quantiles"]:
    """Quantiles of the features along each direction."""
    return quantiles_of(directions.to(features) @ features, weights)


def quantiles_of(values: Float[Tensor, "d n"], weights: Float[Tensor, "n"]) -> Float[Tensor, "d quantiles"]:
    """Weighted quantiles (k + ½) / 256 of each row: the sample there, so what weighs nothing has no say.

    Differentiable to ``values``.
    """
    ordered, order = values.sort(dim=1)
    share = weights.clamp_min(0)[order].cumsum(1)
    wanted = (torch.arange(QUANTILES, device=values.device) + 0.5).to(values) / QUANTILES * share[:, -1:]
    index = torch.searchsorted(share.contiguous(), wanted.contiguous())
    return ordered.gather(1, index.clamp(max=values.shape[1] - 1))
