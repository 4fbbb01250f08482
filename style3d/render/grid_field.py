"""A radiance grid keeps density and colour at the corners of small cubes, in a space that holds the whole scene."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import Any, final

import numpy as np
from jaxtyping import Float, Float32, Float64, Int32, Int64, UInt8
from scipy.ndimage import distance_transform_cdt

from style3d.types import Points, Vector

MOST_SIDE = 512  # vertices along each side of the grid


@final
@dataclass(frozen=True)
class Contraction:
    """Brings all of space into a cube: what is within ``radius`` of the centre as it is, what is beyond ever smaller.

    The cube's own norm (the greatest of |x|, |y|, |z|) takes the place of the Euclidean one in mip-NeRF 360 (Barron et
    al. 2022, eq. 10), with (1 + tail) − tail / |x| for 2 − 1 / |x|, so that the far takes no more of the grid than it
    needs. Concretely: 2.5 units around a fox as they are, its room in the outer third. tail 0: nothing is beyond.
    """

    center: tuple[float, float, float]  # scene units
    radius: float  # half the side of the cube that is left as it is, scene units
    tail: float  # how far everything beyond reaches, in radii

    @property
    def half(self) -> float:
        """Half the side of the contracted cube, in radii."""
        return 1 + self.tail

    def contract(self, points: Points) -> Points:
        """Scene units to contracted coordinates, each within ± ``half``."""
        local = (points - np.array(self.center)) / self.radius
        reach = np.abs(local).max(1, keepdims=True)
        beyond = np.maximum(reach, 1)
        return np.clip(local * ((1 + self.tail - self.tail / beyond) / beyond), -self.half, self.half)

    def expand(self, points: Points) -> Points:
        """Inverse of `contract`; the cube's very border is brought to a finite distance."""
        reach = np.abs(points).max(1, keepdims=True)
        norm = self.tail / np.maximum(1 + self.tail - reach, 1e-3 * self.tail) if self.tail else np.ones_like(reach)
        scale = np.where(reach > 1, norm / np.maximum(reach, 1), 1)
        return points * scale * self.radius + np.array(self.center)


@final
@dataclass(frozen=True)
class RadianceGrid:
    """Optical depth and colour at the occupied vertices of a cubic lattice, trilinear between them.

    A cell is occupied when all its eight corners are listed; elsewhere there is nothing. Concretely: 900 000 of 192³
    vertices. The optical depth of one cell's side at a point is softplus of the interpolated ``density``; colour is
    ``colors`` + ``shift`` · direction in each channel (brightness as a first-degree spherical harmonic), interpolated
    likewise.
    """

    space: Contraction
    side: int  # vertices along each axis
    vertices: Int64[np.ndarray, "entries"]  # (x · side + y) · side + z, ascending
    density: Float32[np.ndarray, "entries"]  # before softplus; an optical depth per cell's side
    colors: Float32[np.ndarray, "entries 3"]  # display-referred RGB in [0, 1]: θ
    shift: Float32[np.ndarray, "entries 3"]  # change of brightness with the (unit) viewing direction, by axis
    near: float = 0.0  # depth before which a camera sees nothing, scene units

    @property
    def cell(self) -> float:
        """Side of a cell in contracted coordinates."""
        return 2 * self.space.half / (self.side - 1)

    @cached_property
    def index(self) -> Int32[np.ndarray, "lattice"]:
        """Entry of every vertex of the lattice; -1 where there is none."""
        return lattice(self.vertices, self.side)

    @cached_property
    def gaps(self) -> UInt8[np.ndarray, "lattice"]:
        """Cells to the nearest occupied cell, 0 where occupied; see `cell_gaps`."""
        return cell_gaps(self.index, self.side)

    @cached_property
    def coordinates(self) -> Int64[np.ndarray, "entries 3"]:
        """Place of each entry on the lattice."""
        return np.stack(np.unravel_index(self.vertices, (self.side,) * 3), 1).astype(np.int64)

    @cached_property
    def places(self) -> Float64[np.ndarray, "entries 3"]:
        """Contracted coordinates of each entry."""
        return self.coordinates * self.cell - self.space.half

    @property
    def geometry(self) -> tuple[Float64[np.ndarray, "5"], int]:
        """Centre, radius and tail, and the side, as the kernels take them."""
        return np.array([*self.space.center, self.space.radius, self.space.tail]), self.side

    @cached_property
    def key(self) -> str:
        """Content hash of everything."""
        digest = hashlib.sha256(repr((self.space, self.side, self.near)).encode())
        for array in (self.vertices, self.density, self.colors, self.shift):
            digest.update(np.ascontiguousarray(array).tobytes())
        return digest.hexdigest()


def lattice(vertices: Int64[np.ndarray, "entries"], side: int) -> Int32[np.ndarray, "lattice"]:
    """The dense table from vertex to entry."""
    index = np.full(side**3, -1, np.int32)
    index[vertices] = np.arange(len(vertices), dtype=np.int32)
    return index


def occupied_cells(index: Int32[np.ndarray, "lattice"], side: int) -> Any:
    """Cells (side, side, side; the last of each axis is none) whose eight corners are all listed."""
    known = (index >= 0).reshape(side, side, side)
    full = np.zeros_like(known)
    inner = full[:-1, :-1, :-1]
    inner[:] = True
    for x in (0, 1):
        for y in (0, 1):
            for z in (0, 1):
                inner &= known[x : side - 1 + x, y : side - 1 + y, z : side - 1 + z]
    return full


def cell_gaps(index: Int32[np.ndarray, "lattice"], side: int) -> UInt8[np.ndarray, "lattice"]:
    """Chessboard distance of every cell to the nearest occupied one: how many cells a ray may skip."""
    full = occupied_cells(index, side)
    if not full.any():
        return np.full(side**3, 255, np.uint8)
    gaps = distance_transform_cdt(~full, metric="chessboard")
    return np.minimum(gaps, 255).astype(np.uint8).ravel()


def directions_of(camera_directions: Float[np.ndarray, "rays 3"]) -> Float[np.ndarray, "rays 3"]:
    """Unit directions."""
    return camera_directions / np.linalg.norm(camera_directions, axis=1, keepdims=True)


def middle(grid: RadianceGrid) -> Vector:
    """Centre of the part of space that is left as it is."""
    return np.array(grid.space.center)
