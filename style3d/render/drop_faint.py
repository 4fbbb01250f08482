"""Thinning drops weights that nobody can see, so that every step has less to gather."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from style3d.core.operator import SparseMap
from style3d.core.pyramid import unique_entries
from style3d.types import Indices

SHARE = 1 / 255  # of a row that may go: one level of an 8-bit image where colours differ as far as they can


def drop_small_weights(matrix: SparseMap, share: float = SHARE) -> SparseMap:
    """The map without each row's smallest weights, as many as make up ``share`` of the row; rows keep their sums."""
    indptr = np.zeros_like(matrix.indptr)
    factor = np.empty(matrix.rows)
    least = np.empty(matrix.rows, matrix.weights.dtype)
    _measure(matrix.indptr, matrix.weights, share, least, factor, indptr)
    indptr = np.cumsum(indptr)
    indices, weights = np.empty(indptr[-1], np.int32), np.empty(indptr[-1], matrix.weights.dtype)
    _copy(matrix.indptr, matrix.indices, matrix.weights, least, factor, indices, weights)
    return SparseMap(indptr, indices, weights, matrix.columns)


def drop_empty_columns(matrix: SparseMap) -> tuple[Indices, SparseMap]:
    """The columns that hold anything, ascending, and the map of those alone."""
    entries, local = unique_entries(matrix.indices.astype(np.int64), matrix.columns)
    return entries, SparseMap(matrix.indptr, local, matrix.weights, len(entries))


@njit(cache=True, nogil=True)
def _measure(indptr: Any, weights: Any, share: float, least: Any, factor: Any, counts: Any) -> None:
    """Of each row: the smallest weight that stays, what the others are multiplied by, and how many they are."""
    for row in range(len(indptr) - 1):
        ordered = np.sort(weights[indptr[row] : indptr[row + 1]])
        total = ordered.astype(np.float64).sum()
        lost, k = 0.0, 0
        while k < len(ordered) - 1 and lost + ordered[k] <= share * total:
            lost += ordered[k]
            k += 1
        while k > 0 and ordered[k - 1] == ordered[k]:  # equal weights stay or go together
            k -= 1
            lost -= ordered[k]
        least[row] = ordered[k] if len(ordered) else 0
        factor[row] = total / (total - lost) if total > lost else 1.0
        counts[row + 1] = len(ordered) - k


@njit(cache=True, nogil=True)
def _copy(indptr: Any, index: Any, weight: Any, least: Any, factor: Any, indices: Any, weights: Any) -> None:
    at = 0
    for row in range(len(indptr) - 1):
        for k in range(indptr[row], indptr[row + 1]):
            if weight[k] >= least[row]:
                indices[at], weights[at] = index[k], weight[k] * factor[row]
                at += 1
