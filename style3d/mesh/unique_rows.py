"""This module finds equal rows quickly: vertices in one place, or corners that agree in everything."""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Int64, Shaped

MIX = np.uint64(0x9E3779B97F4A7C15)  # the golden ratio in 64 bits (Knuth, multiplicative hashing)


def number_rows(
    rows: Shaped[np.ndarray, "rows columns"],
) -> tuple[Int64[np.ndarray, "different"], Int64[np.ndarray, "rows"]]:
    """Number different rows in the order they first appear.

    Args:
        rows: float64 or int64; -0.0 equals 0.0, and NaN equals itself.

    Returns:
        The first row of each number, and the number of each row.
    """
    bits = np.ascontiguousarray(rows + 0 if rows.dtype.kind == "f" else rows).view(np.uint64)
    key = np.zeros(len(bits), np.uint64)
    for column in bits.T:
        key = (key ^ column) * MIX
        key ^= key >> np.uint64(29)
    first, number = _number_rows(key)
    if not np.array_equal(bits[first][number], bits):  # two different rows of one key: never seen, but possible
        first, number = _number_rows(bits.view([("", np.uint64)] * bits.shape[1]).ravel())
    return first, number


def _number_rows(keys: np.ndarray[Any, Any]) -> tuple[Int64[np.ndarray, "different"], Int64[np.ndarray, "rows"]]:
    _, first, number = np.unique(keys, return_index=True, return_inverse=True)
    order = np.argsort(first)
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    return first[order].astype(np.int64), rank[number.ravel()]
