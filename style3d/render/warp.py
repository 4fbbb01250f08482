"""One view carried over into another through known cameras and depth: what agreement of views is measured by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn import functional as F

from style3d.camera import Camera
from style3d.types import Image, Mask


@final
@dataclass(frozen=True)
class Warp:
    """Where each pixel of one view lies in another view of the same geometry; made once per pair, applied every step.

    Concretely: of 320 × 240 pixels, the 61 000 whose surface point the other camera sees too.
    """

    grid: Float[Tensor, "1 h w 2"]  # place in the other image, -1 to 1 from edge to edge, as `grid_sample` takes it
    valid: Mask  # 1 where both views see the same surface point, else 0

    def apply(self, other: Float[Tensor, "1 c oh ow"]) -> Float[Tensor, "1 c h w"]:
        """The other view's colours at this view's pixels, bilinear; meaningless where not ``valid``.

        Differentiable to ``other``.
        """
        return F.grid_sample(other, self.grid.to(other), mode="bilinear", padding_mode="border", align_corners=False)

    def disagreement(self, image: Image, other: Float[Tensor, "1 3 oh ow"]) -> Float[Tensor, ""]:
        """Mean squared difference, over valid pixels and channels, between a view and the other one warped into it.

        Zero where no pixel is valid. Differentiable to both. The long- and short-range consistency of stylised video
        and radiance fields (Lai et al., ECCV 2018, eq. 8; Chiang et al., WACV 2022, §4.2) is this number's root.
        """
        valid = self.valid.to(image)
        error = (image - self.apply(other)).square().mean(1, keepdim=True)
        return (error * valid).sum() / valid.sum().clamp_min(1)


def warp_between(
    camera: Camera,
    depth: Float[np.ndarray, "h w"],
    other: Camera,
    other_depth: Float[np.ndarray, "oh ow"],
    tolerance: float = 0.02,
) -> Warp:
    """The warp that brings images of ``other`` into ``camera``.

    A pixel is valid when its surface point falls between four pixels of the other view and the depth of all four is
    the point's own, up to ``tolerance``: hidden points fail this, and so do points on a silhouette, whose colour would
    be interpolated across it.

    Args:
        camera: the view to warp into.
        depth: its depth along z, scene units, at pixel centres; not finite or ≤ 0 where there is no surface.
        other: the view whose images are warped.
        other_depth: its depth, likewise.
        tolerance: difference of depth that still counts as the same surface, as a share of the depth.
    """
    height, width = depth.shape
    rows, columns = np.mgrid[:height, :width]
    centres = np.stack([columns.ravel() + 0.5, rows.ravel() + 0.5], 1)
    flat = depth.reshape(-1).astype(np.float64)
    there = np.isfinite(flat) & (flat > 0)
    points = camera.unproject(centres, np.where(there, flat, 1.0))
    places, distance = other.project(points)
    places = np.where((there & (distance > 0))[:, None], places, -1e6)
    valid = _same_surface(places, distance, other_depth, tolerance)
    size = np.array([other.width, other.height])
    grid = (places / size * 2 - 1).reshape(1, height, width, 2)
    return Warp(
        torch.from_numpy(grid.astype(np.float32)),
        torch.from_numpy(valid.reshape(1, 1, height, width).astype(np.float32)),
    )


def _same_surface(
    places: Float[np.ndarray, "points 2"],
    distance: Float[np.ndarray, "points"],
    depth: Float[np.ndarray, "oh ow"],
    tolerance: float,
) -> Bool[np.ndarray, "points"]:
    """Whether the four pixels around each place exist and are as far away as the point."""
    height, width = depth.shape
    left, top = (np.floor(places[:, axis] - 0.5).astype(np.int64) for axis in (0, 1))
    valid = (left >= 0) & (top >= 0) & (left < width - 1) & (top < height - 1)
    left, top = np.where(valid, left, 0), np.where(valid, top, 0)
    for down in (0, 1):
        for right in (0, 1):
            there = depth[np.minimum(top + down, height - 1), np.minimum(left + right, width - 1)]
            valid &= np.abs(there - distance) <= tolerance * distance  # false for what is not finite
    return valid
