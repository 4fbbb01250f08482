"""Warping finds pixels of one view in another, by known cameras and original depth, with an occlusion test."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int64

from style3d.core.camera import Camera
from style3d.types import Picture, Plane

TOLERANCE = 0.005  # of the depth: how far a point may lie from the surface that the source view sees there
SPREAD = 10  # tolerances: beyond it the four pixels around a point straddle an edge
COVERED = 0.999  # share of a pixel that must be object: a border pixel's colour is partly the background's


@dataclass(frozen=True)
class DepthView:
    """Where everything stands that a camera sees. Concretely: frame 7 of 36 around a cow, 256 × 256 pixels.

    ``depth`` is at pixel centres, along the camera's z in scene units; infinite where there is nothing. ``mask`` is the
    share of the pixel that the object covers, in [0, 1].
    """

    camera: Camera
    depth: Plane
    mask: Plane


@dataclass(frozen=True)
class Link:
    """One view seen from another. Concretely: pixel (3, 5) of view 8 shows what (4.2, 5.1) of view 7 shows.

    Made once, and read by every image sequence that is compared on the same cameras.
    """

    source: int
    target: int
    x: Float[np.ndarray, "h w"]  # pixel coordinates in the source, centres at +0.5
    y: Float[np.ndarray, "h w"]
    valid: Bool[np.ndarray, "h w"]  # seen by both views, wholly covered in both

    def warp_image(self, image: Picture) -> Picture:
        """The source's image as the target's camera would see it, sampled bilinearly; zero where not valid."""
        out = np.zeros((*self.valid.shape, 3), np.float32)
        x, y = self.x[self.valid], self.y[self.valid]
        corners, weights = _around(x, y, image.shape[1], image.shape[0])
        out[self.valid] = (image.reshape(-1, 3)[corners] * weights[..., None]).sum(1)
        return out


def link(source: DepthView, target: DepthView, i: int = 0, j: int = 1, tolerance: float = TOLERANCE) -> Link:
    """Project the target's surface points into the source, and keep those the source sees too.

    A point is seen when the inverse depth, interpolated between the source's four pixels around it (exact on planes),
    agrees with the point's own to ``tolerance`` of it, and those four lie on one surface.
    """
    height, width = target.depth.shape
    solid = (target.mask >= COVERED) & np.isfinite(target.depth) & (target.depth > 0)
    v, u = np.nonzero(solid)
    pixels = np.stack([u + 0.5, v + 0.5], 1)
    points = target.camera.unproject(pixels, target.depth[solid].astype(np.float64))
    there, depth = source.camera.project(points)
    inside = _inside(there[:, 0], there[:, 1], source.depth) & (depth > 0)
    seen = inside.copy()
    seen[inside] = _is_seen(there[inside, 0], there[inside, 1], depth[inside], source, tolerance)
    x, y = np.zeros((height, width)), np.zeros((height, width))
    x[solid], y[solid] = there[:, 0], there[:, 1]
    valid = np.zeros((height, width), dtype=bool)
    valid[solid] = seen
    return Link(i, j, x, y, valid)


def _inside(x: Float[np.ndarray, "n"], y: Float[np.ndarray, "n"], plane: Plane) -> Bool[np.ndarray, "n"]:
    """Points with four pixel centres around them."""
    height, width = plane.shape
    return (x >= 0.5) & (x <= width - 0.5) & (y >= 0.5) & (y <= height - 0.5)


def _is_seen(
    x: Float[np.ndarray, "n"],
    y: Float[np.ndarray, "n"],
    depth: Float[np.ndarray, "n"],
    source: DepthView,
    tolerance: float,
) -> Bool[np.ndarray, "n"]:
    height, width = source.depth.shape
    corners, weights = _around(x, y, width, height)
    around = source.depth.reshape(-1).astype(np.float64)[corners]
    there = np.isfinite(around) & (around > 0) & (source.mask.reshape(-1)[corners] >= COVERED)
    there |= weights == 0
    around = np.where(np.isfinite(around) & (around > 0) & (weights > 0), around, depth[:, None])
    between = 1 / (weights / around).sum(1)
    close = np.abs(between - depth) <= tolerance * depth
    return there.all(1) & close & (np.ptp(around, axis=1) <= SPREAD * tolerance * depth)


def _around(
    x: Float[np.ndarray, "n"], y: Float[np.ndarray, "n"], width: int, height: int
) -> tuple[Int64[np.ndarray, "n 4"], Float[np.ndarray, "n 4"]]:
    """The four pixels around each point and their bilinear weights."""
    left = np.clip(np.floor(x - 0.5), 0, max(0, width - 2)).astype(np.int64)
    top = np.clip(np.floor(y - 0.5), 0, max(0, height - 2)).astype(np.int64)
    a, b = x - 0.5 - left, y - 0.5 - top
    right, below = np.minimum(left + 1, width - 1), np.minimum(top + 1, height - 1)
    corners = np.stack([top * width + left, top * width + right, below * width + left, below * width + right], 1)
    return corners, np.stack([(1 - a) * (1 - b), a * (1 - b), (1 - a) * b, a * b], 1)
