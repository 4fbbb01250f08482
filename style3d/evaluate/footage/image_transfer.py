"""Style transfer of one picture (Gatys et al. 2016) shows how views look when each is painted on its own."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from style3d.color.match import affine_color_match, split_band
from style3d.evaluate.footage.footage import Painting
from style3d.losses.objective import Objective, StyleTarget
from style3d.types import Image, Mask

LEVELS = 5
ROUGHNESS = 0.03  # noise on every level at the start, as when a scene is painted


def match_color(photo: Image, mask: Mask | None, style: Painting) -> Image:
    """The photo with the style's mean and covariance of colour."""
    pixels = photo[0].flatten(1).T
    weights = torch.ones(len(pixels)) if mask is None else mask.flatten()
    matrix, offset = affine_color_match(pixels, weights, style[0].flatten(1).T)
    return (pixels @ matrix.T + offset).clamp(0, 1).T.reshape(photo.shape).contiguous()


def transfer(
    objective: Objective,
    photo: Image,
    style: Painting,
    steps: int,
    *,
    target: StyleTarget | None = None,
    mask: Mask | None = None,
    rate: float = 0.01,
    seed: int | None = None,
) -> Image:
    """Optimises an image pyramid from the colour-matched photo, Adam with a rate that falls to zero.

    Args:
        target: the style's statistics, if they were prepared before.
        mask: pixels that count; the rest keeps the photo's colours.
        seed: noise at the start; none by default.
    """
    target = target or objective.prepare_style([(style, 1.0)])
    start = match_color(photo, mask, style)
    content = objective.prepare_content(photo, mask)
    leaves = _pyramid(start, seed)
    optimizer = torch.optim.Adam(leaves, rate, betas=(0.9, 0.99))

    def picture() -> Tensor:
        x = _sum_of_levels(leaves)
        x = x + (x.clamp(0, 1) - x).detach()
        return x if mask is None else mask * x + (1 - mask) * photo

    for step in range(steps):
        optimizer.param_groups[0]["lr"] = rate * min(1.0, 2 * (1 - step / steps))
        optimizer.zero_grad()
        torch.stack(list(objective(picture(), mask, target, content).values())).sum().backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    return picture().detach()


def _pyramid(image: Image, seed: int | None) -> list[Tensor]:
    details: list[Tensor] = []
    rest: Tensor = image
    while len(details) < LEVELS - 1:
        detail, rest = split_band(rest)
        details.append(detail)
    details.append(rest)
    if seed is not None:
        rng = torch.Generator().manual_seed(seed)
        details = [d + ROUGHNESS * torch.randn(1, 1, *d.shape[-2:], generator=rng) for d in details]
    return [detail.clone().requires_grad_() for detail in details]


def _sum_of_levels(leaves: Sequence[Tensor]) -> Tensor:
    x = leaves[-1]
    for leaf in reversed(leaves[:-1]):
        x = leaf + _enlarge(x, leaf)
    return x


def _enlarge(x: Tensor, like: Tensor) -> Tensor:
    return F.interpolate(x, size=like.shape[-2:], mode="bilinear", align_corners=False)
