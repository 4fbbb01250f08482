"""A radiance grid becomes A_v: compositing and interpolation give the weight of every vertex a pixel sees."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float32, Float64
from numba import njit

from style3d.core.camera import Camera
from style3d.core.operator import SparseMap, ViewOperator
from style3d.render.drop_faint import drop_empty_columns, drop_small_weights
from style3d.render.grid_field import RadianceGrid
from style3d.render.grid_march import ENOUGH, DensityTable, GridSteps, Trail, around, empty_trail, march, softplus
from style3d.render.pixel_weights import add, flush, table
from style3d.render.pyramid import SpacePyramid

STRIDE = 1.0  # cells between samples: what grids are fitted with
ROWS = 1 << 13  # pixels at a time
MOST_SAMPLES = 2048  # of one ray in occupied cells


class PixelRays(NamedTuple):
    """A camera as rays, ``samples``² through each pixel."""

    turn: Any  # (3, 3) float64: camera axes in the world
    origin: Any  # (3,) float64
    lens: Any  # (4,) float64: focal length, cx, cy and width, pixels
    samples: int


class RowsRoom(NamedTuple):
    """A block of A_v's rows, to fill."""

    index: Any
    weight: Any
    indptr: Any  # of all rows
    bright: Any  # of all rows: what the direction adds


def grid_view(
    grid: RadianceGrid, pyramid: SpacePyramid, level: int, camera: Camera, samples: int = 1, highlights: bool = True
) -> ViewOperator:
    """The operator of one view onto the table of ``level``.

    Args:
        grid: what is looked at.
        pyramid: over the grid's entries.
        level: 0 for the grid's own colours.
        camera: where from.
        samples: rays a pixel along each side; more than one where a pixel covers several cells.
        highlights: whether brightness that changes with direction stays, as the frozen part of b_v.
    """
    rows, fixed = grid_rows(grid, camera, samples)
    alpha = np.clip(rows.row_sums(), 0, 1).astype(np.float32)
    entries, matrix = drop_empty_columns(drop_small_weights(rows))
    if level > 0:
        entries, matrix = drop_empty_columns(drop_small_weights(matrix.compose(pyramid.spread(level, entries))))
    light = np.ones((matrix.rows, 3), np.float32)
    bright = np.repeat(fixed[:, None] if highlights else np.zeros((matrix.rows, 1), np.float32), 3, axis=1)
    return ViewOperator(matrix, entries, light, bright, alpha, camera.height, camera.width)


def grid_rows(grid: RadianceGrid, camera: Camera, samples: int = 1) -> tuple[SparseMap, Float32[np.ndarray, "pixels"]]:
    """Entries to pixels, and the brightness that the viewing direction adds to each pixel.

    Row p holds Σ_i T_i (1 − exp(−τ_i)) · (trilinear weight of the entry at sample i), the mean over the pixel's rays
    (volume rendering by quadrature, Max 1995). Weights too small to be seen are left out, rows keep their sums.
    """
    pixels, gathered, scene = camera.width * camera.height, table(), _arguments(grid, camera, samples)
    fill: Any = _fill
    indptr, bright = np.zeros(pixels + 1, np.int64), np.zeros(pixels, np.float32)
    parts, room = list[tuple[Any, Any]](), 64 * ROWS
    row = 0
    while row < pixels:
        index, weight = np.empty(room, np.int64), np.empty(room, np.float32)
        end = min(pixels, row + ROWS)
        before, row = row, fill(*scene, row, end, gathered, RowsRoom(index, weight, indptr, bright))
        length = indptr[row] - indptr[before]
        parts.append((index[:length].astype(np.int32), weight[:length].copy()))
        room = 2 * room if row == before else room
    indices, weights = (np.concatenate(group) for group in zip(*parts, strict=True))
    return SparseMap(indptr, indices, weights, len(grid.vertices)), bright


def _arguments(grid: RadianceGrid, camera: Camera, samples: int) -> tuple[PixelRays, GridSteps, DensityTable]:
    space, side = grid.geometry
    lens = np.array([camera.focal, camera.cx, camera.cy, camera.width], np.float64)
    pose = np.ascontiguousarray(camera.camera_to_world[:3, :3]), np.ascontiguousarray(camera.position)
    steps = GridSteps(grid.near, STRIDE, space, side, grid.gaps)
    return PixelRays(*pose, lens, samples), steps, DensityTable(grid.index, grid.density, grid.shift)


@njit(cache=True, nogil=True)
def _fill(
    rays: PixelRays, steps: GridSteps, entries: DensityTable, start: int, end: int, gathered: Any, room: RowsRoom
) -> int:
    """Rows from ``start``; returns the row that no longer fits, or ``end``."""
    turn, origin, lens, samples = rays
    stride, side = steps.stride, steps.side
    lattice, density, shift = entries
    index, weight, indptr, bright = room
    trail = empty_trail(MOST_SAMPLES)
    cell, frac = trail.cell, trail.frac
    direction, part = np.empty(3), 1.0 / (samples * samples)
    for row in range(start, end):
        count, total, bright[row] = 0, 0.0, 0.0
        for ray in range(samples * samples):
            x = (row % int(lens[3]) + (ray % samples + 0.5) / samples - lens[1]) / lens[0]
            y = (row // int(lens[3]) + (ray // samples + 0.5) / samples - lens[2]) / lens[0]
            size = np.sqrt(x * x + y * y + 1)
            for c in range(3):
                direction[c] = turn[c, 0] * x + turn[c, 1] * y + turn[c, 2]
            number = march(origin, direction, 0.5, steps, trail)
            left = part
            for i in range(number):
                raw, entry, share = around(cell[i], frac[i], lattice, side, density)
                worth = left * -np.expm1(-softplus(raw) * stride)
                left -= worth
                total += worth
                for k in range(8):
                    if share[k] > 0.0:
                        count = add(entry[k], worth * share[k], gathered, count)
                        along = direction[0] * shift[entry[k], 0] + direction[1] * shift[entry[k], 1]
                        bright[row] += worth * share[k] * (along + direction[2] * shift[entry[k], 2]) / size
                if left < ENOUGH * part:
                    break
        length = flush(index, weight, indptr[row] - indptr[start], gathered, count, total)
        if length < 0:
            return row
        indptr[row + 1] = indptr[row] + length
    return end


def grid_rows_reference(
    grid: RadianceGrid, camera: Camera, samples: int = 1
) -> tuple[SparseMap, Float64[np.ndarray, "pixels"]]:
    """The slow twin of `grid_rows`: one ray after another, weights in a dense table, none left out."""
    space, side = grid.geometry
    pixels = camera.width * camera.height
    dense, bright = np.zeros((pixels, len(grid.vertices))), np.zeros(pixels)
    trail: Trail = empty_trail(MOST_SAMPLES)
    steps = GridSteps(grid.near, STRIDE, space, side, grid.gaps)
    cell, frac = trail.cell, trail.frac
    directions = camera.directions(samples)
    for ray, direction in enumerate(directions):
        count = march(camera.position.copy(), direction, 0.5, steps, trail)
        corner = np.stack(np.unravel_index(cell[:count], (side,) * 3), 1)[:, None] + _CORNERS
        entry = grid.index[np.ravel_multi_index(tuple(np.moveaxis(corner, 2, 0)), (side,) * 3)]
        share = np.where(_CORNERS, frac[:count, None], 1 - frac[:count, None]).astype(np.float64).prod(2)
        tau = np.logaddexp(0, (share * grid.density[entry]).sum(1)) * STRIDE
        light = np.exp(-np.concatenate([[0.0], np.cumsum(tau)]))
        used = light[:-1] >= ENOUGH
        weight = ((light[:-1] - light[1:]) * used)[:, None] * share / samples**2
        np.add.at(dense[ray // samples**2], entry, weight)
        unit = direction / np.linalg.norm(direction)
        bright[ray // samples**2] += (weight * (grid.shift[entry] @ unit)).sum()
    rows, columns = np.nonzero(dense)
    indptr = np.searchsorted(rows, np.arange(pixels + 1)).astype(np.int64)
    return SparseMap(indptr, columns.astype(np.int32), dense[rows, columns], dense.shape[1]), bright


_CORNERS = np.array([[k >> 2 & 1, k >> 1 & 1, k & 1] for k in range(8)], np.int64)
