"""Rays step through a radiance grid evenly in contracted space, and skip empty cells."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import njit

ENOUGH = 1e-3  # of the light left when a ray may stop
MOST_STEPS = 6000  # of one ray, empty space included


class GridSteps(NamedTuple):
    """How rays step through a lattice."""

    near: float  # depth before which nothing is, scene units
    stride: float  # cells between samples, in contracted space
    space: Any  # (5,) float64: centre, radius, tail
    side: int  # vertices along each axis
    gaps: Any  # (lattice,) uint8: cells to the nearest occupied one


class Trail(NamedTuple):
    """The samples of a ray, or of each of many: arrays to fill, with room for the most that a ray may have."""

    cell: Any  # (most,) int32: lattice index
    frac: Any  # (most, 3) float32: place in the cell, 0-1
    place: Any  # (most,) float32: steps from the ray's start
    depth: Any  # (most,) float32: along the camera's axis, scene units


class DensityTable(NamedTuple):
    """What each entry of a grid holds, colour aside."""

    index: Any  # (lattice,) int32: entry of each vertex; -1 where there is none
    density: Any  # (entries,) before softplus
    shift: Any  # (entries, 3) change of brightness with the direction


@njit(cache=True, nogil=True)
def empty_trail(most: int) -> Any:
    """Room for ``most`` samples of one ray."""
    cell, frac = np.empty(most, np.int32), np.empty((most, 3), np.float32)
    return Trail(cell, frac, np.empty(most, np.float32), np.empty(most, np.float32))


@njit(cache=True, nogil=True, inline="always")
def softplus(x: float) -> float:
    """log(1 + exp(x)), without overflow."""
    return np.log1p(np.exp(-abs(x))) + max(x, 0.0)


@njit(cache=True, nogil=True)
def march(origin: Any, direction: Any, offset: float, steps: GridSteps, trail: Trail) -> int:
    """Fill ``trail`` with the samples of one ray that lie in occupied cells; returns their number.

    ``direction`` has unit depth, so that a ray's parameter is depth along the camera's axis. The first sample lies
    ``offset`` (0-1) of a step in.
    """
    near, stride, space, side, gaps = steps
    cell, frac, place, depth = trail
    radius, tail = space[3], space[4]
    ox, oy, oz = (origin[0] - space[0]) / radius, (origin[1] - space[1]) / radius, (origin[2] - space[2]) / radius
    dx, dy, dz = direction[0] / radius, direction[1] / radius, direction[2] / radius
    scale = (side - 1) / (2 * (1 + tail))  # cells per contracted unit
    step = stride / scale
    t, end = _span((ox, oy, oz), (dx, dy, dz), near, tail, 4 * scale)
    count, number, jump, skip = 0, 0, 0.0, offset
    for _ in range(MOST_STEPS):
        x, y, z = ox + t * dx, oy + t * dy, oz + t * dz
        reach, shrink, speed = _pace(x, y, z, dx, dy, dz, tail, step)
        if skip > 0:  # the first, shorter step
            t += skip * step / speed
            skip = 0.0
            continue
        if t > end:
            break
        gx, gy, gz = (x * shrink + 1 + tail) * scale, (y * shrink + 1 + tail) * scale, (z * shrink + 1 + tail) * scale
        ix, iy, iz = min(max(int(gx), 0), side - 2), min(max(int(gy), 0), side - 2), min(max(int(gz), 0), side - 2)
        at = (ix * side + iy) * side + iz
        gap = gaps[at]
        jump = 1.0
        if gap == 0:
            if count >= len(cell):
                break
            cell[count], place[count], depth[count] = at, number, t
            frac[count, 0], frac[count, 1], frac[count, 2] = gx - ix, gy - iy, gz - iz
            count += 1
        elif reach <= 1.0:
            jump = max(1.0, np.floor((gap - 1) / stride))
        number += int(jump)
        t += jump * step / speed
    return count


@njit(cache=True, nogil=True, inline="always")
def _pace(x: float, y: float, z: float, dx: float, dy: float, dz: float, tail: float, step: float) -> Any:
    """Distance in the cube's norm, what it is shrunk by there, and contracted length per unit of the ray."""
    size = np.sqrt(dx * dx + dy * dy + dz * dz)
    reach, place, toward = abs(x), x, dx
    if abs(y) > reach:
        reach, place, toward = abs(y), y, dy
    if abs(z) > reach:
        reach, place, toward = abs(z), z, dz
    if reach <= 1.0:
        return reach, 1.0, size
    shrink = (1 + tail - tail / reach) / reach
    along = toward if place > 0 else -toward
    slope = (2 * tail / reach - (1 + tail)) / (reach * reach) * along
    vx, vy, vz = dx * shrink + x * slope, dy * shrink + y * slope, dz * shrink + z * slope
    speed = max(np.sqrt(vx * vx + vy * vy + vz * vz), 1e-12)
    if along < 0 and tail > 0:  # on the way in space opens up ahead: a step by the speed here would be far too long
        speed *= 1 + reach * step / tail
    return reach, shrink, speed


@njit(cache=True, nogil=True)
def _span(origin: Any, direction: Any, near: float, tail: float, far: float) -> Any:
    """Where the ray enters and leaves: the cube itself without a tail; else until all that is left fits in a cell."""
    ox, oy, oz = origin
    dx, dy, dz = direction
    if tail > 0:
        reach = max(abs(ox), abs(oy), abs(oz))
        speed = max(abs(dx), abs(dy), abs(dz))
        return near, (reach + max(2.0, tail * far)) / speed
    start, end = near, 1e30
    for o, d in ((ox, dx), (oy, dy), (oz, dz)):
        if abs(d) < 1e-12:
            if abs(o) > 1:
                return 1.0, 0.0
        else:
            first, last = (-1 - o) / d, (1 - o) / d
            start, end = max(start, min(first, last)), min(end, max(first, last))
    return start, end


@njit(cache=True, nogil=True)
def around(cell: int, frac: Any, index: Any, side: int, density: Any) -> Any:
    """Raw density at a sample, and the entries around it with their trilinear weights."""
    row, weight, raw = np.empty(8, np.int64), np.empty(8, np.float32), np.float32(0)
    for k in range(8):
        x, y, z = (k >> 2) & 1, (k >> 1) & 1, k & 1
        row[k] = index[cell + (x * side + y) * side + z]
        weight[k] = (frac[0] if x else 1 - frac[0]) * (frac[1] if y else 1 - frac[1]) * (frac[2] if z else 1 - frac[2])
        raw += weight[k] * density[row[k]]
    return raw, row, weight
