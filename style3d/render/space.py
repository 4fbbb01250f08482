"""A row of A_v for a coarse level holds the corners of the cubes around each visible point."""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Float, Int64
from numba import njit

from style3d.render.fragments import Fragments
from style3d.render.pixel_weights import add, flush, table
from style3d.render.pyramid import SpacePyramid
from style3d.render.surface import Surface
from style3d.types import Flags


def space_rows(
    surface: Surface, pyramid: SpacePyramid, level: int, fragments: Fragments, painted: Flags
) -> tuple[Int64[np.ndarray, "pixels_and_end"], Int64[np.ndarray, "taps"], Float[np.ndarray, "taps"]]:
    """Compressed rows (indptr, corner, weight) over the table of ``level`` ≥ 1, from the ``painted`` fragments."""
    corners = surface.positions[surface.faces[fragments.face]] - pyramid.origin
    u, v = fragments.u.astype(np.float64)[:, None], fragments.v.astype(np.float64)[:, None]
    points = corners[:, 0] * (1 - u - v) + corners[:, 1] * u + corners[:, 2] * v
    index, weight = pyramid.grids[level - 1].taps(points)
    shares = np.where(painted, fragments.weight, 0).astype(np.float64)
    return _merge_rows(fragments.start, index, (weight * shares[:, None]))  # type: ignore[no-any-return]


@njit(cache=True, nogil=True)
def _merge_rows(start: Any, index: Any, weight: Any) -> Any:
    """Rows of pixels from rows of fragments."""
    rows = len(start) - 1
    indptr = np.zeros(rows + 1, np.int64)
    columns, values = np.empty(index.size, np.int64), np.empty(index.size, np.float32)
    gathered = table()
    for row in range(rows):
        count, total = 0, 0.0
        for k in range(start[row], start[row + 1]):
            for j in range(index.shape[1]):
                if weight[k, j] > 0.0:
                    count = add(index[k, j], weight[k, j], gathered, count)
                    total += weight[k, j]
        indptr[row + 1] = indptr[row] + flush(columns, values, indptr[row], gathered, count, total)
    return indptr, columns[: indptr[-1]].copy(), values[: indptr[-1]].copy()
