"""Cleaning removes loose pieces of a surface and reduces its faces."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, final

import numpy as np
from jaxtyping import Float64, Int64
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from style3d.optional.libraries import need
from style3d.types import Flags

LOOSE = 0.004  # of the whole area, under which a piece is a floater
FLAT = 1e-10  # of the square of a piece's size, under which a face has no area
SMOOTHING = (0.5, -0.53)  # Taubin's pair: the second step undoes the first one's shrinking


@final
@dataclass(frozen=True)
class Shell:
    """Triangles in space, counter-clockwise seen from outside.

    Concretely: 30 000 faces around a motorcyclist, half a centimetre apart, +Y up.
    """

    positions: Float64[np.ndarray, "vertices 3"]  # scene units
    faces: Int64[np.ndarray, "faces 3"]

    @property
    def crosses(self) -> Float64[np.ndarray, "faces 3"]:
        """Each face's outward normal, twice as long as its area is large."""
        a, b, c = (self.positions[self.faces[:, k]] for k in range(3))
        return np.cross(b - a, c - a)

    @property
    def normals(self) -> Float64[np.ndarray, "vertices 3"]:
        """Unit normals at the vertices: the mean over the faces around, by area; +Y where that cancels out."""
        total = np.zeros_like(self.positions)
        for corner in range(3):
            np.add.at(total, self.faces[:, corner], self.crosses)
        length = np.linalg.norm(total, axis=1, keepdims=True)
        return np.where(length > 0, total / np.where(length > 0, length, 1), [0.0, 1.0, 0.0])

    def with_faces(self, chosen: Flags) -> Shell:
        """Some of the faces, with the vertices that they use."""
        used, faces = np.unique(self.faces[chosen], return_inverse=True)
        return Shell(self.positions[used], faces.reshape(-1, 3).astype(np.int64))


def without_flat_faces(shell: Shell) -> Shell:
    """The shell without faces that have no area, or name a vertex twice."""
    extent = float(np.ptp(shell.positions, axis=0).max()) if len(shell.positions) else 1.0
    return shell.with_faces(np.linalg.norm(shell.crosses, axis=1) > FLAT * extent * extent)


def without_floaters(shell: Shell, least: float = LOOSE) -> Shell:
    """The shell without pieces that have less than ``least`` of the whole area; the largest always stays."""
    if not len(shell.faces):
        return shell
    count, piece = connected_components(_edges(shell), directed=False)
    area = np.bincount(piece[shell.faces[:, 0]], np.linalg.norm(shell.crosses, axis=1), count)
    kept = area >= min(least * area.sum(), area.max())
    return shell.with_faces(kept[piece[shell.faces[:, 0]]])


def smooth_shell(shell: Shell, rounds: int) -> Shell:
    """Vertices drawn towards their neighbours and back (Taubin 1995): bumps of a face's size go, shapes stay."""
    edges = _edges(shell)
    both = (edges + edges.T).astype(bool).astype(np.float64)
    degree = np.maximum(np.asarray(both.sum(1)).ravel(), 1)[:, None]
    place = shell.positions
    for _ in range(rounds):
        for share in SMOOTHING:
            place = place + share * (both @ place / degree - place)
    return Shell(place, shell.faces)


def simplify_shell(shell: Shell, count: int) -> Shell:
    """At most about ``count`` faces, by edge collapse with quadric errors (Garland and Heckbert 1997).

    Raises:
        Style3DError: fast-simplification is not installed.
    """
    if len(shell.faces) <= count:
        return shell
    simplify = quadric_collapse()
    low, size = shell.positions.min(0), float(np.ptp(shell.positions, axis=0).max()) or 1.0
    scaled = ((shell.positions - low) / size).astype(np.float32)
    positions, faces = simplify(scaled, shell.faces.astype(np.int32), target_count=count)
    return without_flat_faces(Shell(positions.astype(np.float64) * size + low, faces.astype(np.int64)))


def quadric_collapse() -> Any:
    """fast-simplification's function.

    Raises:
        Style3DError: it is not installed.
    """
    return need("fast_simplification", what="a mesh of a field").simplify


def _edges(shell: Shell) -> Any:
    """Vertices that share a face, as a sparse table."""
    a, b, c = shell.faces.T
    rows, columns = np.concatenate([a, b, c]), np.concatenate([b, c, a])
    size = len(shell.positions)
    return csr_array((np.ones(len(rows)), (rows, columns)), shape=(size, size))
