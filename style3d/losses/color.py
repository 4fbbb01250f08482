"""Colour: closed-form matching before anything is optimised, and a term that keeps every band's palette."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from style3d.losses.moments import masked_covariance
from style3d.losses.term import Frame, Prepared, Term, mixture

LUMA = (0.299, 0.587, 0.114)  # ITU-R BT.601, for display-referred RGB


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
    source, target = source.double(), target.double()
    share = weights.double() / weights.double().sum().clamp_min(1e-12)
    mean_s, mean_t = share @ source, target.mean(0)
    centred = source - mean_s
    cov_s = (centred * share[:, None]).T @ centred + 1e-5 * torch.eye(3, dtype=torch.float64, device=source.device)
    centred_t = target - mean_t
    cov_t = centred_t.T @ centred_t / len(target)
    root, inverse = _power(cov_s, 0.5), _power(cov_s, -0.5)
    matrix = inverse @ _power(root @ cov_t @ root, 0.5) @ inverse
    return matrix.float(), (mean_t - matrix @ mean_s).float()


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
            total[key.replace("covariance", "white")] = _power(covariance.double(), -0.5).float()
        return total

    def loss(self, frame: Frame, style: Prepared, content: Prepared) -> Tensor:
        """Zero when the bands' colour moments agree."""
        own = self._moments(frame)
        white = style[f"white{len([k for k in style if k.startswith('white')]) - 1}"]
        total = (white @ (own["mean"] - style["mean"])).square().sum()
        for key, value in own.items():
            if key.startswith("covariance") and key in style:
                white = style[key.replace("covariance", "white")]
                total = total + (white @ (value - style[key]) @ white).square().sum()
        return total / (self.bands + 1)

    def _moments(self, frame: Frame) -> Prepared:
        image, mask = frame.image, frame.mask
        prepared: Prepared = {"mean": masked_covariance(image, mask)[0]}
        for band in range(self.bands):
            if min(image.shape[-2:]) < 4:
                break
            detail, small = split_band(image)
            prepared[f"covariance{band}"] = masked_covariance(detail, mask)[1]
            image, mask = small, F.avg_pool2d(mask, 2, ceil_mode=True, count_include_pad=False)
        prepared[f"covariance{self.bands}"] = masked_covariance(image, mask)[1]
        return prepared


def _power(matrix: Tensor, exponent: float) -> Tensor:
    """Power of a symmetric positive semi-definite matrix."""
    values, vectors = torch.linalg.eigh(matrix)
    return (vectors * values.clamp_min(1e-12) ** exponent) @ vectors.T
