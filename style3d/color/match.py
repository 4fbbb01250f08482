"""These closed forms match colours by means and covariances, keep luminance, and split images into bands of detail."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from style3d.device import doubles_on

LUMA = (0.299, 0.587, 0.114)  # ITU-R BT.601, for display-referred RGB
LUMA_709 = (0.2126, 0.7152, 0.0722)  # ITU-R BT.709, for textures: renderers take theirs so


def affine_color_match(
    source: Float[Tensor, "n 3"], weights: Float[Tensor, "n"], target: Float[Tensor, "m 3"]
) -> tuple[Float[Tensor, "3 3"], Float[Tensor, "3"]]:
    """The affine map x ↦ A x + b that gives ``source`` the mean and covariance of ``target``, moving colours least.

    A = C_s^{-1/2} (C_s^{1/2} C_t C_s^{1/2})^{1/2} C_s^{-1/2}, b = μ_t − A μ_s: the optimal transport map between
    Gaussians (Monge-Kantorovich; Pitié & Kokaram 2007; used by ARF, Zhang et al., ECCV 2022, §3.3).

    Args:
        source: colours in [0, 1].
        weights: how much each source colour counts (texels: how many pixels see it), ≥ 0.
        target: colours of the style image.
    """
    device = source.device
    source, target, weights = in_doubles(source), in_doubles(target), in_doubles(weights)
    share = weights / weights.sum().clamp_min(1e-12)
    mean_s, mean_t = share @ source, target.mean(0)
    centred = source - mean_s
    cov_s = (centred * share[:, None]).T @ centred + 1e-5 * torch.eye(3, dtype=torch.float64, device=source.device)
    centred_t = target - mean_t
    cov_t = centred_t.T @ centred_t / len(target)
    root, inverse = matrix_power(cov_s, 0.5), matrix_power(cov_s, -0.5)
    matrix = inverse @ matrix_power(root @ cov_t @ root, 0.5) @ inverse
    return matrix.float().to(device), (mean_t - matrix @ mean_s).float().to(device)


def keep_luminance(colors: Float[Tensor, "n 3"], original: Float[Tensor, "n 3"]) -> Float[Tensor, "n 3"]:
    """The luminance of ``colors`` with the chroma of ``original`` (Gatys et al. 2016, "Preserving color", §3.2).

    Where that leaves [0, 1] the chroma is scaled down until it fits: luminance and hue stay exact.
    """
    luma = colors.new_tensor(LUMA)
    grey = (colors @ luma)[:, None].clamp(0, 1)
    chroma = original - (original @ luma)[:, None]
    room = torch.where(chroma > 0, 1 - grey, grey) / chroma.abs().clamp_min(1e-12)
    return (grey + chroma * room.amin(1, keepdim=True).clamp(max=1)).clamp(0, 1)


def split_band(image: Float[Tensor, "1 c h w"]) -> tuple[Float[Tensor, "1 c h w"], Float[Tensor, "1 c rows columns"]]:
    """What an image shows and no longer at half its size, and the image at half its size."""
    coarse = F.avg_pool2d(image, 2, ceil_mode=True, count_include_pad=False)
    return image - F.interpolate(coarse, size=image.shape[-2:], mode="bilinear", align_corners=False), coarse


def in_doubles(values: Tensor) -> Tensor:
    """The same numbers in float64, on a device that has it."""
    return values.to(doubles_on(values.device), torch.float64)


def matrix_power(matrix: Tensor, exponent: float) -> Tensor:
    """Power of a symmetric positive semi-definite matrix."""
    values, vectors = torch.linalg.eigh(matrix)
    return (vectors * values.clamp_min(1e-12) ** exponent) @ vectors.T
