"""Masked moments of feature maps describe texture without its positions."""

from __future__ import annotations

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from style3d.types import Mask

Map = Float[Tensor, "1 c h w"]
EPSILON = 1e-8
SPARSE = 0.8  # share of pixels with weight, under which the others are left out


def masked_mean(features: Map, mask: Mask) -> Float[Tensor, "c"]:
    """Σ m f / Σ m over pixels; zero where the mask is empty. Differentiable to ``features``."""
    flat, weight = features.flatten(2)[0], mask.flatten()
    return flat @ (weight / weight.sum().clamp_min(EPSILON))


def masked_covariance(features: Map, mask: Mask) -> tuple[Float[Tensor, "c"], Float[Tensor, "c c"]]:
    """Mean μ = Σ m f / Σ m and centred covariance Σ m f fᵀ / Σ m − μ μᵀ. Differentiable to ``features``."""
    weight = mask.flatten() / mask.sum().clamp_min(EPSILON)
    mean, second = _Moments.apply(features.flatten(2)[0], weight)
    return mean, second - mean[:, None] * mean[None, :]


class _Moments(torch.autograd.Function):
    """Σ w f and Σ w f fᵀ over columns, in two passes over the pixels forward and one back, in the features' own layout.

    Columns without weight are left out: an object fills half of its view, and a layer a part of that. The gradient to f
    is (g + (S + Sᵀ) f) w for gradients g of the mean and S of the second moment.
    """

    @staticmethod
    def forward(ctx: Any, flat: Tensor, weight: Tensor) -> tuple[Tensor, Tensor]:
        inside = weight.nonzero()[:, 0]
        ctx.columns, ctx.sparse = flat.shape[1], len(inside) < SPARSE * len(weight)
        if ctx.sparse:
            flat, weight = _columns(flat, inside), weight[inside]
        ctx.save_for_backward(flat, weight, inside)
        weighted = flat * weight
        return weighted.sum(1), weighted @ flat.T

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        flat, weight, inside = ctx.saved_tensors
        mean, second = gradients
        both = second + second.T
        if flat.stride(0) == 1:  # channels last
            slope = torch.addmm(mean, flat.T, both).mul_(weight[:, None])
            if ctx.sparse:
                slope = slope.new_zeros(ctx.columns, slope.shape[1]).index_copy_(0, inside, slope)
            return slope.T, None
        slope = torch.addmm(mean[:, None], both, flat).mul_(weight)
        return (slope.new_zeros(len(slope), ctx.columns).index_copy_(1, inside, slope) if ctx.sparse else slope), None


def _columns(flat: Tensor, which: Tensor) -> Tensor:
    """Some columns of a matrix, in its own layout."""
    return flat.T.index_select(0, which).T if flat.stride(0) == 1 else flat.index_select(1, which)


def masked_std(features: Map, mask: Mask) -> tuple[Float[Tensor, "c"], Float[Tensor, "c"]]:
    """Mean and standard deviation of each channel (AdaIN: Huang & Belongie, ICCV 2017, eq. 5-6)."""
    mean = masked_mean(features, mask)
    centred = features - mean[None, :, None, None]
    return mean, torch.sqrt(masked_mean(centred * centred, mask) + EPSILON)


def masked_gram(features: Map, mask: Mask) -> Float[Tensor, "c c"]:
    """Unnormalised Gram matrix G_ij = Σ_k m_k F_ik F_jk (Gatys, Ecker, Bethge, CVPR 2016, eq. 3, masked)."""
    flat = features.flatten(2)[0]
    return (flat * mask.flatten()) @ flat.T
