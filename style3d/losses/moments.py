"""Masked moments of feature maps: what texture is, once where it happens is forgotten."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from style3d.types import Mask

Map = Float[Tensor, "1 c h w"]
EPSILON = 1e-8


def masked_mean(features: Map, mask: Mask) -> Float[Tensor, "c"]:
    """Σ m f / Σ m over pixels; zero where the mask is empty. Differentiable to ``features``."""
    flat, weight = features.flatten(2)[0], mask.flatten()
    return flat @ (weight / weight.sum().clamp_min(EPSILON))


def masked_covariance(features: Map, mask: Mask) -> tuple[Float[Tensor, "c"], Float[Tensor, "c c"]]:
    """Mean μ = Σ m f / Σ m and centred covariance Σ m (f − μ)(f − μ)ᵀ / Σ m. Differentiable to ``features``."""
    mean = masked_mean(features, mask)
    weight = mask.flatten() / mask.sum().clamp_min(EPSILON)
    centred = features.flatten(2)[0] - mean[:, None]
    return mean, (centred * weight) @ centred.T


def masked_std(features: Map, mask: Mask) -> tuple[Float[Tensor, "c"], Float[Tensor, "c"]]:
    """Mean and standard deviation of each channel (AdaIN: Huang & Belongie, ICCV 2017, eq. 5-6)."""
    mean = masked_mean(features, mask)
    centred = features - mean[None, :, None, None]
    return mean, torch.sqrt(masked_mean(centred * centred, mask) + EPSILON)


def masked_gram(features: Map, mask: Mask) -> Float[Tensor, "c c"]:
    """Unnormalised Gram matrix G_ij = Σ_k m_k F_ik F_jk (Gatys, Ecker, Bethge, CVPR 2016, eq. 3, masked)."""
    flat = features.flatten(2)[0]
    return (flat * mask.flatten()) @ flat.T
