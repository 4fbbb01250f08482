"""Each row undoes a filter that meshoptimizer applied to numbers before it compressed them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]


def _octahedral(packed: Array) -> Array:
    """Unit vectors from points on an octahedron; the fourth component stays."""
    x, y = packed[:, 0].astype(np.float64), packed[:, 1].astype(np.float64)
    z = packed[:, 2] - np.abs(x) - np.abs(y)
    fold = np.minimum(z, 0)
    vector = np.stack([x + np.where(x >= 0, fold, -fold), y + np.where(y >= 0, fold, -fold), z], 1)
    length = np.maximum(np.linalg.norm(vector, axis=1, keepdims=True), 1e-12)
    result = packed.copy()
    result[:, :3] = np.rint(vector / length * np.iinfo(packed.dtype).max)
    return result


def _quaternion(packed: Array) -> Array:
    """Unit quaternions from their three smallest components; the lowest bits of the fourth say which was dropped."""
    scale = np.sqrt(0.5) / (packed[:, 3] | 3)
    small = packed[:, :3] * scale[:, None]
    large = np.sqrt(np.maximum(1 - (small**2).sum(1), 0))
    order = ((packed[:, 3] & 3)[:, None] + np.arange(1, 5)) & 3
    result = np.empty_like(packed)
    np.put_along_axis(result, order, np.rint(np.column_stack([small, large]) * 32767).astype("<i2"), axis=1)
    return result


def _exponential(packed: Array) -> Array:
    """Floats from 24 bits of mantissa and 8 of exponent."""
    return np.ldexp((packed << 8 >> 8).astype(np.float32), packed >> 24).astype("<f4")


def _color(packed: Array) -> Array:
    """Red, green, blue and opacity from lightness and two chroma; the top bit of opacity tells how many bits count."""
    signed = packed.view(f"<i{packed.itemsize}").astype(np.int64)
    values = packed.astype(np.int64)
    light, orange, green, opacity = values[:, 0], signed[:, 1], signed[:, 2], values[:, 3]
    largest = (1 << np.frexp(np.maximum(opacity, 1).astype(np.float64))[1].astype(np.int64)) - 1
    opacity = opacity & largest >> 1
    opacity = opacity << 1 | opacity & 1
    rgba = np.stack([light + orange - green, light + green, light - orange - green, opacity], 1)
    most = np.iinfo(packed.dtype).max
    return np.floor(rgba * (most / largest)[:, None] + 0.5).clip(0, most).astype(packed.dtype)


def _by_size(byte: str, short: str, undo: Callable[[Array], Array]) -> Callable[[Array], Array]:
    """A filter on four numbers of one or of two bytes."""
    return lambda values: undo(values.view(byte if values.shape[1] == 4 else short))


FILTERS: dict[str, tuple[range | tuple[int, ...], Callable[[Array], Array]]] = {  # bytes of a row, and what undoes it
    "NONE": (range(4, 257), lambda values: values),
    "OCTAHEDRAL": ((4, 8), _by_size("i1", "<i2", _octahedral)),
    "QUATERNION": ((8,), lambda values: _quaternion(values.view("<i2"))),
    "EXPONENTIAL": (range(4, 257, 4), lambda values: _exponential(values.view("<i4"))),
    "COLOR": ((4, 8), _by_size("u1", "<u2", _color)),
}
