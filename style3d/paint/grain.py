"""Grain is a style's own brush work, laid on the scene before painting so that strokes can grow from it.

Second moments have no slope where there is no contrast at all, and views that start from a flat colour each raise a
pattern of their own, which cancel. With the style's own pixels there from the start, at every scale, all views arrange
the same strokes. What has contrast of its own is arranged instead: that is the original's drawing.
"""

from __future__ import annotations

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from style3d.color.match import split_band
from style3d.types import AnyImage, Mask, Points

LEAST = 0.3  # of it for what has colours enough of its own: more buries its drawing
ENOUGH = 0.6  # of a mask's largest value: what a picture is taken from
SHARP = 8  # power of a normal's components, by which the three planes that pictures are laid from share a place
NARROW = 12  # pixels along a side of what is laid, at least


def plainness(start: Float[Tensor, "n 3"], palette: Float[Tensor, "m 3"]) -> float:
    """How much a scene that starts from these colours lacks of a palette's contrast: 0 nothing, 1 all of it."""
    own, wanted = float(start.var(0).sum()), float(palette.var(0).sum())
    return max(0.0, 1 - own / wanted) if wanted > 0 else 0.0


def finest_band(image: AnyImage, mask: Mask | None) -> Float[Tensor, "1 3 rows columns"]:
    """What a picture shows and no longer at half its size, in the largest rectangle that the mask fills."""
    band = split_band(image)[0].cpu()
    if mask is None:
        return band
    top, bottom, left, right = largest_rectangle((mask[0, 0] >= ENOUGH * mask.max()).cpu().numpy())
    part = band[..., top:bottom, left:right]
    return part if min(part.shape[-2:]) >= NARROW else band


def lay_picture(band: Float[Tensor, "1 3 h w"], points: Points, normals: Points) -> Float[Tensor, "n 3"]:
    """A picture laid on points from three sides, repeated as in a mirror (triplanar mapping).

    Args:
        points: in pixels of the picture, y upwards.
        normals: unit; the side that a point faces most decides.
    """
    weight = np.abs(normals) ** SHARP
    weight /= np.maximum(weight.sum(1, keepdims=True), 1e-12)
    total = torch.zeros(len(points), 3)
    for axis, (across, down) in enumerate(((2, 1), (0, 2), (0, 1))):
        seen = np.flatnonzero(weight[:, axis] > 0.02)
        place = np.stack([points[seen, across], -points[seen, down]], 1)
        size = np.array([band.shape[-1], band.shape[-2]])
        folded = 1 - 2 * np.abs((place + size / 2) % (2 * size) - size) / size  # a triangle wave in [-1, 1]
        grid = torch.from_numpy(folded.astype(np.float32))[None, None]
        values = F.grid_sample(band, grid, mode="bilinear", padding_mode="border", align_corners=False)[0, :, 0].T
        total[torch.from_numpy(seen)] += torch.from_numpy(weight[seen, axis].astype(np.float32))[:, None] * values
    return total


def missing_contrast(wanted: float, contrast: Float[Tensor, "n"]) -> Float[Tensor, "n"]:
    """How much of a variance each entry lacks: 1 where there is no contrast, 0 where there is as much as wanted."""
    return (1 - contrast.cpu() / max(wanted, 1e-12)).clamp(0, 1).sqrt()


def largest_rectangle(filled: np.ndarray) -> tuple[int, int, int, int]:
    """First and last row, first and last column (exclusive) of the largest rectangle of set pixels."""
    heights, best, area = np.zeros(filled.shape[1] + 1, dtype=int), (0, *filled.shape[:1], 0, filled.shape[1]), 0
    for row in range(len(filled)):
        heights[:-1] = np.where(filled[row], heights[:-1] + 1, 0)
        stack: list[int] = []
        for column in range(len(heights)):
            while stack and heights[stack[-1]] >= heights[column]:
                height = int(heights[stack.pop()])
                left = stack[-1] + 1 if stack else 0
                if height * (column - left) > area:
                    area, best = height * (column - left), (row - height + 1, row + 1, left, column)
            stack.append(column)
    return best
