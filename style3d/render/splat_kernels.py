"""Compiled loops project and composite splats; `splats` holds their pure-torch twin.

Both run on one core without the interpreter's lock: views are built side by side, one a thread.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numba import njit

LEAST_ALPHA = 1 / 255
MOST_ALPHA = 0.999
FULL = 1e-4  # share of a pixel's light at which nothing behind is drawn
MARGIN = 0.15  # of the frame's size: how far past it a centre counts where the Jacobian is taken


class SplatShapes(NamedTuple):
    """Splats in the world."""

    means: Any  # (splats, 3) scene units
    rotations: Any  # (splats, 4) unit quaternions, w x y z
    scales: Any  # (splats, 3) scene units
    opacities: Any  # (splats,) [0, 1]


class Projection(NamedTuple):
    """How a camera draws splats."""

    turn: Any  # (3, 3) float64: camera axes in the world
    position: Any  # (3,) float64
    lens: Any  # (5,) float64: focal length, cx, cy, width and height, pixels
    dilation: float  # square pixels
    near: float  # scene units
    antialiased: bool


class Ellipses(NamedTuple):
    """Splats in an image; `style3d.render.compositor.Footprints` says what each array holds."""

    center: Any
    conic: Any
    opacity: Any  # zero where a splat is not in the image
    depth: Any


class PixelRows(NamedTuple):
    """What each pixel's row holds, to fill."""

    counts: Any  # (pixels,) weights so far
    start: Any  # (pixels,) where a row begins
    indices: Any  # (nonzeros,), or empty: then weights are only counted
    weights: Any


@njit(cache=True, nogil=True)
def project(splats: SplatShapes, projection: Projection, out: Ellipses) -> None:
    """Fill ``out``, one row for each splat."""
    means, rotations, scales, opacities = splats
    turn, position, lens, dilation, near, antialiased = projection
    center, conic, opacity, depth = out
    focal, cx, cy, width, height = lens
    axis, half = np.empty((3, 3)), np.empty((2, 3))
    for i in range(len(means)):
        opacity[i] = 0.0
        x, y, z = _local(means, i, turn, position)
        depth[i] = z
        if not z > near or opacities[i] < LEAST_ALPHA:
            continue
        sx = min(max(x / z, (-cx - MARGIN * width) / focal), (width - cx + MARGIN * width) / focal)
        sy = min(max(y / z, (-cy - MARGIN * height) / focal), (height - cy + MARGIN * height) / focal)
        _axes(rotations, scales, i, axis)
        for k in range(3):
            right = turn[0, 0] * axis[0, k] + turn[1, 0] * axis[1, k] + turn[2, 0] * axis[2, k]
            down = turn[0, 1] * axis[0, k] + turn[1, 1] * axis[1, k] + turn[2, 1] * axis[2, k]
            ahead = turn[0, 2] * axis[0, k] + turn[1, 2] * axis[1, k] + turn[2, 2] * axis[2, k]
            half[0, k] = focal / z * (right - sx * ahead)
            half[1, k] = focal / z * (down - sy * ahead)
        xx = half[0, 0] ** 2 + half[0, 1] ** 2 + half[0, 2] ** 2
        xy = half[0, 0] * half[1, 0] + half[0, 1] * half[1, 1] + half[0, 2] * half[1, 2]
        yy = half[1, 0] ** 2 + half[1, 1] ** 2 + half[1, 2] ** 2
        own = xx * yy - xy * xy
        xx, yy = xx + dilation, yy + dilation
        area = max(xx * yy - xy * xy, 1e-10)
        shown = opacities[i] * (math.sqrt(max(own, 0.0) / area) if antialiased else 1.0)
        u, v = x / z * focal + cx, y / z * focal + cy
        if not shown >= LEAST_ALPHA or not math.isfinite(u + v + area):
            continue
        reach = 2 * math.log(shown / LEAST_ALPHA)
        wide, high = math.sqrt(reach * xx), math.sqrt(reach * yy)
        if u + wide <= 0 or u - wide >= width or v + high <= 0 or v - high >= height:
            continue
        center[i, 0], center[i, 1] = u, v
        conic[i, 0], conic[i, 1], conic[i, 2] = yy / area, -xy / area, xx / area
        opacity[i] = shown


@njit(cache=True, nogil=True)
def _local(means: Any, i: int, turn: Any, position: Any) -> Any:
    """A mean along the camera's axes."""
    a, b, c = means[i, 0] - position[0], means[i, 1] - position[1], means[i, 2] - position[2]
    return (
        a * turn[0, 0] + b * turn[1, 0] + c * turn[2, 0],
        a * turn[0, 1] + b * turn[1, 1] + c * turn[2, 1],
        a * turn[0, 2] + b * turn[1, 2] + c * turn[2, 2],
    )


@njit(cache=True, nogil=True)
def _axes(rotations: Any, scales: Any, i: int, out: Any) -> None:
    """Columns: the splat's axes in the world, each as long as its standard deviation."""
    w, x, y, z = _four(rotations, i)
    a, b, c = np.float64(scales[i, 0]), np.float64(scales[i, 1]), np.float64(scales[i, 2])
    out[0, 0], out[0, 1], out[0, 2] = (1 - 2 * (y * y + z * z)) * a, 2 * (x * y - w * z) * b, 2 * (x * z + w * y) * c
    out[1, 0], out[1, 1], out[1, 2] = 2 * (x * y + w * z) * a, (1 - 2 * (x * x + z * z)) * b, 2 * (y * z - w * x) * c
    out[2, 0], out[2, 1], out[2, 2] = 2 * (x * z - w * y) * a, 2 * (y * z + w * x) * b, (1 - 2 * (x * x + y * y)) * c


@njit(cache=True, nogil=True)
def _four(rows: Any, i: int) -> Any:
    return np.float64(rows[i, 0]), np.float64(rows[i, 1]), np.float64(rows[i, 2]), np.float64(rows[i, 3])


@njit(cache=True, nogil=True)
def composite(seen: Ellipses, splat: Any, width: int, height: int, rows: PixelRows) -> None:
    """Add each pixel's number of weights to its count; write them from its start on where there is room for any.

    Splats are walked front to back, each over the pixels of its ellipse: no pixel looks at a splat that misses it.
    """
    center, conic, opacity, _ = seen
    counts, start, indices, weights = rows
    light = np.ones(width * height)
    writing = len(indices) > 0
    for k in range(len(splat)):
        a, b, c = conic[k]
        reach = 2 * math.log(opacity[k] / LEAST_ALPHA)
        high = math.sqrt(max(reach * a / (a * c - b * b), 0.0))
        top, bottom = (
            max(math.ceil(center[k, 1] - high - 0.5), 0),
            min(math.floor(center[k, 1] + high - 0.5), height - 1),
        )
        for row in range(top, bottom + 1):
            dy = row + 0.5 - center[k, 1]
            wide = math.sqrt(max(b * b * dy * dy - a * (c * dy * dy - reach), 0.0)) / a
            middle = center[k, 0] - b * dy / a - 0.5
            left, right = max(math.ceil(middle - wide), 0), min(math.floor(middle + wide), width - 1)
            for column in range(left, right + 1):
                pixel = row * width + column
                if light[pixel] <= FULL:
                    continue
                dx = column + 0.5 - center[k, 0]
                alpha = min(MOST_ALPHA, opacity[k] * math.exp(-0.5 * (a * dx * dx + c * dy * dy) - b * dx * dy))
                if alpha < LEAST_ALPHA:
                    continue
                left_over = light[pixel] * (1 - alpha)
                if left_over > FULL:
                    if writing:
                        at = start[pixel] + counts[pixel]
                        indices[at], weights[at] = splat[k], alpha * light[pixel]
                    counts[pixel] += 1
                light[pixel] = left_over
