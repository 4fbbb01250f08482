"""Voxels hold colours at the corners of the cubes that the surface passes through."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, final

import numpy as np
from jaxtyping import Float32, Float64, Int32, Int64
from numba import njit
from scipy.spatial import cKDTree

from style3d.types import Indices

_CORNERS = np.array([[x, y, z] for x in (0, 1) for y in (0, 1) for z in (0, 1)], dtype=np.int64)
_BITS = 21  # of each coordinate in a key


@final
@dataclass(frozen=True)
class VoxelGrid:
    """The cubes of one size that hold surface. Concretely: 40 000 cubes of 1 cm and the 90 000 corners they share."""

    size: float  # side of a cube, scene units
    cells: Int64[np.ndarray, "cells"]  # packed coordinates, ascending
    corners: Int32[np.ndarray, "cells 8"]  # corner of each cube's vertices, in the order of `_CORNERS`
    coordinates: Int64[np.ndarray, "corners 3"]  # of each corner, in sides

    @property
    def entries(self) -> int:
        """Number of corners: each is one entry of the table."""
        return len(self.coordinates)

    def taps(self, points: Float64[np.ndarray, "n 3"]) -> tuple[Int64[np.ndarray, "n 8"], Float32[np.ndarray, "n 8"]]:
        """Corners around each point and their trilinear weights, which sum to one.

        ``points`` are offsets from the grid's origin, scene units; one outside all cubes takes the nearest cube.
        """
        index, weight = np.empty((len(points), 8), np.int64), np.empty((len(points), 8), np.float32)
        lost = np.zeros(len(points), dtype=bool)
        _trilinear(points, self.size, self.cells, self.corners, np.full(len(points), -1), index, weight, lost)
        if lost.any():
            which = np.flatnonzero(lost)
            place = self._tree.query(points[which] / self.size)[1].astype(np.int64)
            parts = np.empty((len(which), 8), np.int64), np.empty((len(which), 8), np.float32)
            _trilinear(points[which], self.size, self.cells, self.corners, place, *parts, lost[which])
            index[which], weight[which] = parts
        return index, weight

    @cached_property
    def _tree(self) -> cKDTree:
        return cKDTree(unpack(self.cells) + 0.5)


def pack(cell: Int64[np.ndarray, "n 3"]) -> Indices:
    """Coordinates in 0 … 2²¹ as one number."""
    bounded = np.clip(cell, 0, (1 << _BITS) - 1)
    key: Indices = (bounded[:, 0] << (2 * _BITS)) | (bounded[:, 1] << _BITS) | bounded[:, 2]
    return key


def unpack(key: Indices) -> Int64[np.ndarray, "n 3"]:
    """Inverse of `pack`."""
    mask = (1 << _BITS) - 1
    return np.stack([key >> (2 * _BITS), (key >> _BITS) & mask, key & mask], 1)


@njit(cache=True, nogil=True)
def _trilinear(
    points: Any, size: float, cells: Any, corners: Any, given: Any, index: Any, weight: Any, lost: Any
) -> None:
    """Fill ``index`` and ``weight``; ``given`` is each point's cube (-1: look it up; ``lost`` where there is none)."""
    most = (1 << _BITS) - 1
    for i in range(len(points)):
        x, y, z = points[i, 0] / size, points[i, 1] / size, points[i, 2] / size
        place = given[i]
        if place < 0:
            cx = min(max(int(np.floor(x)), 0), most)
            cy = min(max(int(np.floor(y)), 0), most)
            cz = min(max(int(np.floor(z)), 0), most)
            key = (cx << (2 * _BITS)) | (cy << _BITS) | cz
            place = np.searchsorted(cells, key)
            if place >= len(cells) or cells[place] != key:
                lost[i] = True
                continue
        else:
            key = cells[place]
            cx, cy, cz = key >> (2 * _BITS), (key >> _BITS) & most, key & most
        fx, fy, fz = min(max(x - cx, 0.0), 1.0), min(max(y - cy, 0.0), 1.0), min(max(z - cz, 0.0), 1.0)
        for k in range(8):
            wx = fx if k & 4 else 1 - fx
            wy = fy if k & 2 else 1 - fy
            index[i, k] = corners[place, k]
            weight[i, k] = wx * wy * (fz if k & 1 else 1 - fz)


def voxel_grid(points: Float64[np.ndarray, "n 3"], size: float) -> VoxelGrid:
    """The grid of cubes of ``size`` that hold any of the points (offsets from the origin, not negative)."""
    cells = np.unique(pack(np.floor(points / size).astype(np.int64)))
    keys = pack((unpack(cells)[:, None] + _CORNERS).reshape(-1, 3))
    distinct, corners = np.unique(keys, return_inverse=True)
    return VoxelGrid(size, cells, corners.reshape(-1, 8).astype(np.int32), unpack(distinct))


def surface_points(
    corners: Float64[np.ndarray, "faces 3 3"], spacing: float, most: int = 6_000_000
) -> Float64[np.ndarray, "n 3"]:
    """Points on every triangle, no further apart than ``spacing`` (wider where that would be more than ``most``)."""
    edges = np.linalg.norm(corners - np.roll(corners, 1, axis=1), axis=2).max(1)
    while True:
        parts = np.maximum(1, np.ceil(edges / spacing)).astype(np.int64)
        counts = (parts + 1) * (parts + 2) // 2
        if counts.sum() <= max(most, 4 * len(corners)):
            return _grid_points(corners, parts, counts)
        spacing *= 1.5


@njit(cache=True)
def _grid_points(corners: Any, parts: Any, counts: Any) -> Any:
    out = np.empty((counts.sum(), 3))
    at = 0
    for face in range(len(corners)):
        n = parts[face]
        for i in range(n + 1):
            for j in range(n + 1 - i):
                u, v = i / n, j / n
                for c in range(3):
                    out[at, c] = (1 - u - v) * corners[face, 0, c] + u * corners[face, 1, c] + v * corners[face, 2, c]
                at += 1
    return out
