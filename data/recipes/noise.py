"""Gradient noise that gives the same numbers everywhere: hashed lattice, no state (Perlin, SIGGRAPH 2002)."""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import ArrayLike, NDArray

Field = NDArray[np.float64]


@numba.njit(inline="always")
def _gradient(ix: int, iy: int, iz: int, seed: int, fx: float, fy: float, fz: float) -> float:
    """Dot product of the hashed gradient at a lattice point with the offset from it."""
    h = (ix * 374761393 + iy * 668265263 + iz * 1274126177 + seed * 2246822519) & 0xFFFFFFFF
    h = ((h ^ (h >> 13)) * 1274126177) & 0xFFFFFFFF
    h = (h ^ (h >> 16)) & 15
    u = fx if h < 8 else fy
    v = fy if h < 4 else (fx if h in (12, 14) else fz)
    return (u if h & 1 == 0 else -u) + (v if h & 2 == 0 else -v)


@numba.njit(inline="always")
def _fade(t: float) -> float:
    return t * t * t * (t * (t * 6.0 - 15.0) + 10.0)


@numba.njit
def _perlin(x: float, y: float, z: float, seed: int) -> float:
    ix, iy, iz = int(np.floor(x)), int(np.floor(y)), int(np.floor(z))
    fx, fy, fz = x - ix, y - iy, z - iz
    u, v, w = _fade(fx), _fade(fy), _fade(fz)
    total = 0.0
    for dz in range(2):
        for dy in range(2):
            for dx in range(2):
                weight = (u if dx else 1.0 - u) * (v if dy else 1.0 - v) * (w if dz else 1.0 - w)
                total += weight * _gradient(ix + dx, iy + dy, iz + dz, seed, fx - dx, fy - dy, fz - dz)
    return total


@numba.vectorize(["float64(float64, float64, float64, int64, int64)"], cache=False)
def _fbm(x: float, y: float, z: float, octaves: int, seed: int) -> float:
    total, amplitude, norm = 0.0, 1.0, 0.0
    for octave in range(octaves):
        total += amplitude * _perlin(x, y, z, seed + 101 * octave)
        norm += amplitude
        x, y, z, amplitude = 2.03 * x + 3.1, 2.03 * y + 5.7, 2.03 * z + 1.3, 0.5 * amplitude
    return total / norm


def fbm(x: ArrayLike, y: ArrayLike, z: ArrayLike = 0.0, octaves: int = 4, seed: int = 0) -> Field:
    """Fractal noise, about [-0.7, 0.7], mean near 0; one unit of x, y, z is one cell of the coarsest octave."""
    return _fbm(np.asarray(x, float), np.asarray(y, float), np.asarray(z, float), octaves, seed)


def grid(size: int) -> tuple[Field, Field]:
    """Pixel centres of a square picture: x right and y down, each (size, size) in [0, 1]."""
    axis = (np.arange(size) + 0.5) / size
    x, y = np.meshgrid(axis, axis)
    return x, y


def smoothstep(low: ArrayLike, high: ArrayLike, value: ArrayLike) -> Field:
    """0 below low, 1 above high, a smooth cubic between (low may exceed high: then it falls)."""
    t = np.clip((np.asarray(value) - low) / (np.asarray(high) - low), 0.0, 1.0)
    return t * t * (3.0 - 2.0 * t)


def ramp(value: Field, stops: ArrayLike, colors: ArrayLike) -> Field:
    """Piecewise linear colour ramp: (...,) values to (..., 3) colours at increasing stops."""
    table = np.asarray(colors, float)
    return np.stack([np.interp(value, stops, table[:, c]) for c in range(3)], axis=-1)


def rgb(code: str) -> Field:
    """'#1b2f6b' to three numbers in [0, 1]."""
    return np.array([int(code[i : i + 2], 16) for i in (1, 3, 5)]) / 255.0


def blend(base: Field, over: ArrayLike, alpha: Field) -> Field:
    """`over` on `base` with alpha (h, w); colours (h, w, 3) or (3,)."""
    return base + (np.asarray(over) - base) * alpha[..., None]
