"""Refining drops empty cells of a fit's lattice, and starts a finer lattice from a coarser one."""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Float32, Int32, Int64, UInt8
from scipy.ndimage import binary_dilation

from style3d.nerf.grid.kernels import WIDTH
from style3d.render.grid_field import occupied_cells

EMPTY = -5.5  # raw density at the start: a cell's side dims a ray by 0.4 %


def empty_table(entries: int) -> Float32[np.ndarray, "n numbers"]:
    """A faint grey fog."""
    table = np.zeros((entries, WIDTH), np.float32)
    table[:, 0], table[:, 1:4] = EMPTY, 0.5
    return table


def kept_entries(
    side: int, index: Int32[np.ndarray, "lattice"], seen: UInt8[np.ndarray, "lattice"], margin: int = 1
) -> Int64[np.ndarray, "kept"]:
    """Entries at the corners of cells that were seen, or that are within ``margin`` cells of one."""
    near = binary_dilation(seen.reshape(side, side, side) > 0, np.ones((3, 3, 3), bool), margin)
    near &= occupied_cells(index, side)
    return np.sort(index[corners_of(near).ravel()]).astype(np.int64)


def corners_of(cells: Any) -> Any:
    """Vertices (side, side, side) that are a corner of any of the given cells."""
    out = np.zeros_like(cells)
    inner = cells[:-1, :-1, :-1]
    for x in (0, 1):
        for y in (0, 1):
            for z in (0, 1):
                shape = [slice(k, len(out) - 1 + k) for k in (x, y, z)]
                out[tuple(shape)] |= inner
    return out


def finer_vertices(
    side: int, index: Int32[np.ndarray, "lattice"], table: Float32[np.ndarray, "n numbers"], finer: int
) -> tuple[Int64[np.ndarray, "m"], Float32[np.ndarray, "m numbers"]]:
    """The vertices of a lattice of ``finer`` sides within the occupied cells, interpolated.

    A finer cell is shorter, so the optical depth of its side is less by as much.
    """
    cells = occupied_cells(index, side)
    at = np.arange(finer) * ((side - 1) / (finer - 1))
    low = np.minimum(at.astype(np.int64), side - 2)
    under = np.clip(np.ceil(at).astype(np.int64) - 1, 0, side - 2)  # a vertex on a face belongs to both cells
    inside = np.zeros((finer,) * 3, bool)
    for k in range(8):
        inside |= cells[np.ix_(*(low if k >> axis & 1 else under for axis in range(3)))]
    x, y, z = np.nonzero(inside)
    frac = np.stack([at[x] - low[x], at[y] - low[y], at[z] - low[z]], 1).astype(np.float32)
    cell = (low[x] * side + low[y]) * side + low[z]
    out = np.zeros((len(x), WIDTH), np.float32)
    for k in range(8):
        shift = (k >> 2 & 1, k >> 1 & 1, k & 1)
        weight = np.prod([frac[:, a] if bit else 1 - frac[:, a] for a, bit in enumerate(shift)], axis=0)
        out += weight[:, None] * table[index[cell + (shift[0] * side + shift[1]) * side + shift[2]]]
    depth = np.logaddexp(0, out[:, 0].astype(np.float64)) * ((side - 1) / (finer - 1))
    out[:, 0] = depth + np.log(-np.expm1(-np.maximum(depth, 1e-9)))
    return ((x * finer + y) * finer + z).astype(np.int64), out
