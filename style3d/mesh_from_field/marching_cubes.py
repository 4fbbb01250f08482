"""Marching cubes go through a lattice too large for memory chunk by chunk, and join the pieces."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, final

import numpy as np
from jaxtyping import Bool, Float32, Float64, Int64
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from style3d.mesh_from_field.clean_surface import Shell
from style3d.optional.libraries import need

CHUNK = 64  # cells along each side
SEAM = 1e-3  # cells between vertices of two chunks that are one


@final
@dataclass(frozen=True)
class Chunk:
    """Values at the vertices of a box of the lattice. Concretely: 65³ signed distances from vertex (64, 0, 128) on."""

    low: Int64[np.ndarray, "3"]  # the first vertex
    values: Float32[np.ndarray, "x y z"]
    known: Bool[np.ndarray, "x y z"]  # a cell with a corner that is not known has no surface


def extract_surface(chunks: Iterable[Chunk], level: float) -> Shell:
    """The surface where values pass ``level``, in lattice coordinates (Lewiner et al. 2003).

    Outside is where values are higher, as of a signed distance. Neighbouring chunks must share a layer of vertices.

    Raises:
        Style3DError: scikit-image is not installed.
    """
    march = marching_cubes()
    positions, faces, count = list[Any](), list[Any](), 0
    for chunk in chunks:
        piece = _piece(march, chunk, level)
        positions.append(piece.positions + chunk.low)
        faces.append(piece.faces + count)
        count += len(piece.positions)
    if not count:
        return Shell(np.zeros((0, 3)), np.zeros((0, 3), np.int64))
    return _sew_chunks(Shell(np.concatenate(positions), np.concatenate(faces)))


def marching_cubes() -> Any:
    """scikit-image's function.

    Raises:
        Style3DError: it is not installed.
    """
    return need("skimage.measure", "surface", "a mesh of a field").marching_cubes


def _piece(march: Any, chunk: Chunk, level: float) -> Shell:
    """Of one chunk, in its own coordinates."""
    nothing = Shell(np.zeros((0, 3)), np.zeros((0, 3), np.int64))
    whole = _whole(chunk.known)
    if min(chunk.values.shape) < 2 or not whole.any():
        return nothing
    shown = chunk.values[chunk.known]
    if not shown.min() < level < shown.max():
        return nothing
    positions, faces, _, _ = march(chunk.values, level, gradient_direction="descent", allow_degenerate=False)
    middle = np.floor(positions[faces].mean(1)).astype(np.int64)
    middle = np.minimum(middle, np.array(whole.shape) - 1)
    return Shell(positions.astype(np.float64), faces.astype(np.int64)).with_faces(whole[tuple(middle.T)])


def _whole(known: Bool[np.ndarray, "x y z"]) -> Bool[np.ndarray, "cx cy cz"]:
    """Cells whose eight corners are known."""
    x, y, z = known.shape
    parts = [known[i : x - 1 + i, j : y - 1 + j, k : z - 1 + k] for i in (0, 1) for j in (0, 1) for k in (0, 1)]
    return np.logical_and.reduce(parts)


def _sew_chunks(shell: Shell) -> Shell:
    """Vertices in one place on a chunk's side become one."""
    edge = np.flatnonzero((np.abs(_offset(shell.positions)) < SEAM).any(1))
    pairs = cKDTree(shell.positions[edge]).query_pairs(SEAM, output_type="ndarray")
    size = len(shell.positions)
    link = csr_array((np.ones(len(pairs)), (edge[pairs[:, 0]], edge[pairs[:, 1]])), shape=(size, size))
    _, group = connected_components(link, directed=False)
    _, first = np.unique(group, return_index=True)
    return Shell(shell.positions[first], group[shell.faces].astype(np.int64))


def _offset(positions: Float64[np.ndarray, "n 3"]) -> Float64[np.ndarray, "n 3"]:
    """How far coordinates are from the nearest side of a chunk, cells."""
    return positions - CHUNK * np.round(positions / CHUNK)
