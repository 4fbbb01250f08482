"""A small table sums the weights of one pixel. Every builder of rows uses it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

SLOTS = 1 << 14  # distinct entries one pixel can see


@njit(cache=True, nogil=True)
def table() -> Any:
    """An empty table: keys, sums, and the slots in use."""
    return np.full(SLOTS, -1, np.int64), np.zeros(SLOTS, np.float64), np.empty(SLOTS, np.int64)


@njit(cache=True, nogil=True)
def add(key: int, value: float, gathered: Any, count: int) -> int:
    """Add a weight to an entry; returns the number of distinct entries."""
    keys, sums, used = gathered
    slot = (key * 2654435761) & (SLOTS - 1)
    while keys[slot] != -1 and keys[slot] != key:
        slot = (slot + 1) & (SLOTS - 1)
    if keys[slot] == -1:
        if count >= SLOTS - 1:
            return count
        keys[slot], sums[slot], used[count] = key, 0.0, slot
        count += 1
    sums[slot] += value
    return count


@njit(cache=True, nogil=True)
def flush(index: Any, weight: Any, at: int, gathered: Any, count: int, total: float) -> int:
    """Write one row without weights too small to be seen, keeping its sum; empties the table, returns the length.

    Returns -1, with the table emptied, where the row does not fit.
    """
    keys, sums, used = gathered
    fits = at + count <= len(index)
    least, kept, length = min(1 / 255, 0.25 / max(count, 1)) * total, 0.0, 0
    for j in range(count):
        if sums[used[j]] >= least:
            kept += sums[used[j]]
    for j in range(count):
        slot = used[j]
        if fits and sums[slot] >= least:
            index[at + length], weight[at + length] = keys[slot], sums[slot] * (total / kept)
            length += 1
        keys[slot] = -1
    return length if fits else -1
