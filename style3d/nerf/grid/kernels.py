"""Compiled loops render a fit's rays, carry the error back to the grid's corners, and take the step.

Vertices fall into four classes by the parity of x and y, and every cell has two corners of each: the classes gather in
parallel without ever meeting, in a fixed order, so results do not depend on the number of threads.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import njit, prange

from style3d.render.grid_march import ENOUGH, GridSteps, Trail, empty_trail, march, softplus

WIDTH = 8  # numbers of a vertex: density, RGB, brightness by direction x, y, z, and one that is not used
FAINT = 1e-4  # weight under which a sample's colour is not looked up


class RayArrays(NamedTuple):
    """What `style3d.nerf.grid.engine.Rays` holds."""

    origin: Any
    direction: Any
    offset: Any


class VertexTable(NamedTuple):
    """A table and where its rows lie."""

    index: Any  # (lattice,) int32: row of each vertex
    table: Any  # (n, WIDTH) float32


class WantedArrays(NamedTuple):
    """What `style3d.nerf.grid.engine.RayTargets` holds."""

    rgb: Any
    alpha: Any
    backdrop: Any
    gain: Any


class LossWeights(NamedTuple):
    """What errors count."""

    ray: Any  # (rays,) float32: of the squared error
    distortion: float
    weaken: float  # depth up to which slopes are weakened by its square, scene units; 0: none


class RaySamples(NamedTuple):
    """The samples that rays used, to fill."""

    cell: Any  # (rays, most) int32
    frac: Any  # (rays, most, 3) float32
    slope: Any  # (rays, most, 4) float32: of the loss, by raw density and RGB
    count: Any  # (rays,) int32


class RayResults(NamedTuple):
    """What rays show and miss, to fill."""

    image: Any  # (rays, 3) float32
    gain_slope: Any  # (rays, 3) float32: of the loss, by gain
    lost: Any  # (rays,): weighted squared error


class Composited(NamedTuple):
    """The samples of one ray, front to back."""

    share: Any  # (count,) float32: of the light
    raw: Any  # (count,) float32: density before softplus
    color: Any  # (count, 3) float32


class AdamVertices(NamedTuple):
    """What Adam keeps of each vertex, changed in place."""

    gradient: Any  # (n, WIDTH) float32
    touched: Any  # (n,) uint8: whether rays met it
    first: Any  # (n, WIDTH) float32
    second: Any  # (n, WIDTH) float32
    count: Any  # (n,) int32: updates


@njit(cache=True, nogil=True)
def corner_rows(cell: int, frac: Any, index: Any, side: int, row: Any, weight: Any) -> None:
    """The eight table rows around a sample and their trilinear weights."""
    for k in range(8):
        x, y, z = (k >> 2) & 1, (k >> 1) & 1, k & 1
        row[k] = index[cell + (x * side + y) * side + z]
        weight[k] = (frac[0] if x else 1 - frac[0]) * (frac[1] if y else 1 - frac[1]) * (frac[2] if z else 1 - frac[2])


@njit(cache=True, parallel=True, nogil=True)
def render_rays(
    rays: RayArrays, steps: GridSteps, vertices: VertexTable, wanted: WantedArrays, loss: LossWeights,
    samples: RaySamples, results: RayResults,
) -> None:  # fmt: skip
    """Each ray's colour, and the slope of the loss by density and colour at each of its samples.

    The loss of a ray is weight · |gain · C + T · backdrop − target|² plus the distortion loss (mip-NeRF 360, eq. 15),
    with T what is left of the light. Slopes of things nearer than ``loss.weaken`` are weakened by the square of their
    depth, so that nothing grows in front of a camera.
    """
    direction, (target, opacity, backdrop, gain), weight = rays.direction, wanted, loss.ray
    image, gain_slope, lost = results
    cells, fracs, slopes, counts = samples  # unpacked: numba drops what a parallel loop writes to a tuple's field
    number, most = cells.shape
    for ray in prange(number):
        place, depth = np.empty(most, np.float32), np.empty(most, np.float32)
        trail = Trail(cells[ray], fracs[ray], place, depth)
        count = march(rays.origin[ray], direction[ray], rays.offset[ray], steps, trail)
        light = _room(count)
        kept, left = _composite(trail, count, direction[ray], steps, vertices, light)
        share, colors = light.share, light.color
        total = np.zeros(3)
        for i in range(kept):
            for c in range(3):
                total[c] += share[i] * colors[i, c]
        error, back = np.empty(3), 0.0
        lost[ray] = 0.0
        for c in range(3):
            image[ray, c] = total[c] * gain[ray, c] + left * backdrop[ray, c]
            aim = target[ray, c] * opacity[ray] + (1 - opacity[ray]) * backdrop[ray, c]
            off = image[ray, c] - aim
            lost[ray] += weight[ray] * off * off
            error[c] = 2 * weight[ray] * off
            gain_slope[ray, c] = error[c] * total[c]
            back += error[c] * backdrop[ray, c]
            error[c] *= gain[ray, c]
        counts[ray] = kept
        _slopes(left, back, error, light, trail, steps, loss, slopes[ray, :kept])


@njit(cache=True, nogil=True)
def _room(count: int) -> Any:
    """Room for what `_composite` finds."""
    return Composited(np.empty(count, np.float32), np.empty(count, np.float32), np.empty((count, 3), np.float32))


@njit(cache=True, nogil=True)
def _composite(
    trail: Trail, count: int, direction: Any, steps: GridSteps, vertices: VertexTable, light: Composited
) -> Any:
    """Fill ``light``, front to back. Returns samples used and the light left."""
    cells, fracs, stride, side = trail.cell, trail.frac, steps.stride, steps.side
    index, table = vertices
    share, raw, colors = light
    row, weight = np.empty(8, np.int64), np.empty(8, np.float32)
    size = np.sqrt(direction[0] ** 2 + direction[1] ** 2 + direction[2] ** 2)
    nx, ny, nz = np.float32(direction[0] / size), np.float32(direction[1] / size), np.float32(direction[2] / size)
    left = 1.0
    for i in range(count):
        corner_rows(cells[i], fracs[i], index, side, row, weight)
        density: Any = np.float32(0.0)
        for k in range(8):
            density += weight[k] * table[row[k], 0]
        share[i] = left * -np.expm1(-softplus(density) * stride)
        raw[i] = density
        left -= share[i]
        red = green = blue = bright = np.float32(0.0)
        if share[i] > FAINT:
            for k in range(8):
                p, w = row[k], weight[k]
                red += w * table[p, 1]
                green += w * table[p, 2]
                blue += w * table[p, 3]
                bright += w * (nx * table[p, 4] + ny * table[p, 5] + nz * table[p, 6])
        colors[i, 0], colors[i, 1], colors[i, 2] = red + bright, green + bright, blue + bright
        if left < ENOUGH:
            return i + 1, left
    return count, left


@njit(cache=True, nogil=True)
def _slopes(
    left: float, back: float, error: Any, seen: Composited, trail: Trail, steps: GridSteps, loss: LossWeights,
    slopes: Any,
) -> None:  # fmt: skip
    """Slope by raw density and colour of each sample, from the last to the first."""
    kept, (share, raw, colors), place, depth, stride = len(slopes), seen, trail.place, trail.depth, steps.stride
    length = stride / steps.side
    mass, moment = 0.0, 0.0
    for i in range(kept):
        mass += share[i]
        moment += share[i] * place[i] * length
    before, first = mass, moment  # sums over samples up to and with i
    light, after = left, left * back
    for i in range(kept - 1, -1, -1):
        w, s = share[i], place[i] * length
        before, first = before - w, first - w * s
        apart = s * before - first + (moment - first - w * s) - s * (mass - before - w)
        worth = loss.distortion * (2 * apart + 2 / 3 * w * length)
        for c in range(3):
            worth += error[c] * colors[i, c]
        # w_i = T_i (1 - exp(-d_i)): a greater depth brings in this sample's worth and dims all behind it
        light += w
        through = light - w
        slope = through * worth - after
        after += w * worth
        nearness = min(1.0, (depth[i] / loss.weaken) ** 2) if loss.weaken > 0 else 1.0
        slopes[i, 0] = nearness * slope * stride / (1 + np.exp(-raw[i]))
        for c in range(3):
            slopes[i, 1 + c] = nearness * w * error[c]


@njit(cache=True, parallel=True, nogil=True)
def march_rays(rays: RayArrays, steps: GridSteps, trails: Trail, counts: Any) -> None:
    """`march` for each ray: its samples in a row of each array, and their number."""
    for ray in prange(len(counts)):
        trail = Trail(trails.cell[ray], trails.frac[ray], trails.place[ray], trails.depth[ray])
        counts[ray] = march(rays.origin[ray], rays.direction[ray], rays.offset[ray], steps, trail)


@njit(cache=True, parallel=True, nogil=True)
def scatter(direction: Any, samples: RaySamples, index: Any, side: int, gradient: Any, touched: Any) -> None:
    """Add the samples' slopes to the vertices around them."""
    cells, fracs, slopes, counts = samples
    for parity in prange(4):
        for ray in range(len(counts)):
            d = direction[ray]
            size = np.sqrt(d[0] ** 2 + d[1] ** 2 + d[2] ** 2)
            nx, ny, nz = np.float32(d[0] / size), np.float32(d[1] / size), np.float32(d[2] / size)
            for i in range(counts[ray]):
                cell = cells[ray, i]
                x, y = ((parity >> 1) ^ (cell // (side * side))) & 1, (parity ^ (cell // side % side)) & 1
                flat = fracs[ray, i, 0] if x else 1 - fracs[ray, i, 0]
                flat *= fracs[ray, i, 1] if y else 1 - fracs[ray, i, 1]
                slope, red, green, blue = slopes[ray, i, 0], slopes[ray, i, 1], slopes[ray, i, 2], slopes[ray, i, 3]
                bright = red + green + blue
                for z in range(2):
                    weight = flat * (fracs[ray, i, 2] if z else 1 - fracs[ray, i, 2])
                    row = index[cell + (x * side + y) * side + z]
                    touched[row] = 1
                    gradient[row, 0] += weight * slope
                    gradient[row, 1] += weight * red
                    gradient[row, 2] += weight * green
                    gradient[row, 3] += weight * blue
                    gradient[row, 4] += weight * bright * nx
                    gradient[row, 5] += weight * bright * ny
                    gradient[row, 6] += weight * bright * nz


@njit(cache=True, parallel=True, nogil=True)
def smooth(table: Any, neighbors: Any, gradient: Any, touched: Any, strength: Any) -> None:
    """Add the slope of the total variation (Huber: no jump counts for more than one) of the touched vertices."""
    for row in prange(len(table)):
        if touched[row]:
            for k in range(6):
                other = neighbors[row, k]
                if other >= 0:
                    for c in range(WIDTH):
                        gap = table[row, c] - table[other, c]
                        gradient[row, c] += strength[c] * min(max(gap, np.float32(-1)), np.float32(1))


@njit(cache=True, parallel=True, nogil=True)
def adam_touched(table: Any, state: AdamVertices, rate: Any, decay: float) -> None:
    """Adam on the touched vertices, with bias correction for each; base colour stays in [0, 1]. Clears the gradient."""
    gradient, touched, first, second, count = state
    for row in prange(len(table)):
        if touched[row]:
            touched[row] = 0
            count[row] += 1
            scale1 = np.float32(1 / (1 - 0.9 ** count[row]))
            scale2 = np.float32(1 / (1 - 0.99 ** count[row]))
            for c in range(WIDTH):
                slope = gradient[row, c]
                gradient[row, c] = 0
                first[row, c] = np.float32(0.9) * first[row, c] + np.float32(0.1) * slope
                second[row, c] = np.float32(0.99) * second[row, c] + np.float32(0.01) * slope * slope
                table[row, c] -= (
                    rate[c] * first[row, c] * scale1 / (np.sqrt(second[row, c] * scale2) + np.float32(1e-12))
                )
                if 1 <= c < 4:
                    table[row, c] = min(max(table[row, c], np.float32(0)), np.float32(1))
                elif c >= 4:
                    table[row, c] *= np.float32(1 - decay)


@njit(cache=True, parallel=True, nogil=True)
def mark_seen(
    origin: Any, direction: Any, steps: GridSteps, vertices: VertexTable, least: float, seen: Any, most: int
) -> None:
    """Set ``seen`` for the cells where a sample gets at least ``least`` of its pixel."""
    for ray in prange(len(origin)):
        trail = empty_trail(most)
        count = march(origin[ray], direction[ray], 0.5, steps, trail)
        light = _room(count)
        kept, _ = _composite(trail, count, direction[ray], steps, vertices, light)
        for i in range(kept):
            if light.share[i] >= least:
                seen[trail.cell[i]] = 1


@njit(cache=True, nogil=True)
def neighbor_rows(vertices: Any, index: Any, side: int) -> Any:
    """(entries, 6): the table rows one vertex away along each axis; -1 where there is none."""
    out = np.full((len(vertices), 6), -1, np.int32)
    for row in range(len(vertices)):
        v = vertices[row]
        x, y, z = v // (side * side), (v // side) % side, v % side
        if x > 0:
            out[row, 0] = index[v - side * side]
        if x < side - 1:
            out[row, 1] = index[v + side * side]
        if y > 0:
            out[row, 2] = index[v - side]
        if y < side - 1:
            out[row, 3] = index[v + side]
        if z > 0:
            out[row, 4] = index[v - 1]
        if z < side - 1:
            out[row, 5] = index[v + 1]
    return out
