"""The seam figure divides the colour step across UV cuts by the steps next to them."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float32, Float64, Int64

from style3d.mesh.textures import sample_image
from style3d.render.surface import Surface
from style3d.render.texels import TexelGrid
from style3d.types import Flags

MOST_EDGES = 60_000
DEEPEST = 0.3  # of a face's height: three times as far is still inside


def seam_error(
    surface: Surface, grid: TexelGrid, colors: Float32[np.ndarray, "entries 3"], spacing: float
) -> float | None:
    """Mean colour step over a seam ÷ mean step elsewhere; 1 is invisible. None where there is nothing to compare.

    A step over a seam is the colour difference between points ``spacing`` (about a texel, scene units) to either side
    of an edge's middle; it is compared with the steps from these points twice as far into their faces, which are as
    long: elsewhere on the mesh paint and triangles may be quite different. Edges join faces whose corners coincide in
    space; they are seams where the corners' UVs differ. The border of two textures is none, for it is one of materials.
    """
    first, second = _joined_edges(surface)
    if not len(first):
        return None
    cut = _is_cut(surface, first, second)
    if not cut.any():
        return None
    sides = first[cut], second[cut]
    near, far = ([_beside(surface, grid, colors, side, spacing, times) for side in sides] for times in (1, 3))
    over = float(np.abs(near[0] - near[1]).mean())
    elsewhere = float(np.mean([np.abs(a - b).mean() for a, b in zip(near, far, strict=True)]))
    return over / elsewhere if elsewhere > 1e-9 else None


def _joined_edges(surface: Surface) -> tuple[Int64[np.ndarray, "n 2"], Int64[np.ndarray, "n 2"]]:
    """Pairs of (face, side) that share an edge in space, among faces with a painted texture."""
    _, place = np.unique(surface.positions, axis=0, return_inverse=True)
    corner = place.ravel()[surface.faces]
    face = np.flatnonzero(surface.face_texture >= 0)
    sides = np.stack([corner[face], np.roll(corner[face], -1, axis=1)], -1).reshape(-1, 2)
    owner = np.stack([np.repeat(face, 3), np.tile([0, 1, 2], len(face))], 1).astype(np.int64)
    ends = np.sort(sides, axis=1)
    order = np.lexsort((ends[:, 1], ends[:, 0]))
    same = (ends[order[1:]] == ends[order[:-1]]).all(1) & (ends[order[1:], 0] != ends[order[1:], 1])
    pairs = np.flatnonzero(same)
    if len(pairs) > MOST_EDGES:
        pairs = np.random.default_rng(0).choice(pairs, MOST_EDGES, replace=False)
    return owner[order[pairs]], owner[order[pairs + 1]]


def _is_cut(surface: Surface, first: Int64[np.ndarray, "n 2"], second: Int64[np.ndarray, "n 2"]) -> Flags:
    """Edges whose two faces disagree about the UVs of its ends, in one texture."""
    through = surface.face_texture
    ends = []
    for face, side in (first.T, second.T):
        corners = np.stack([surface.faces[face, side], surface.faces[face, (side + 1) % 3]], 1)
        rank = np.lexsort(surface.positions[corners].transpose(2, 0, 1), axis=-1)
        ends.append(np.take_along_axis(surface.uvs[corners], rank[..., None], 1))
    return (np.abs(ends[0] - ends[1]).max((1, 2)) > 1e-5) & (through[first[:, 0]] == through[second[:, 0]])


def _beside(
    surface: Surface,
    grid: TexelGrid,
    colors: Float32[np.ndarray, "entries 3"],
    edge: Int64[np.ndarray, "n 2"],
    spacing: float,
    times: int,
) -> Float32[np.ndarray, "n 3"]:
    """Colour ``times`` · ``spacing`` (in small faces less) inside the face from the middle of its side."""
    face, side = edge.T
    corners = surface.faces[face]
    points = surface.positions[corners]
    row = np.arange(len(face))
    opposite = points[row, (side + 2) % 3]
    middle = (points[row, side] + points[row, (side + 1) % 3]) / 2
    share = np.clip(spacing / np.maximum(np.linalg.norm(opposite - middle, axis=1), 1e-300), 0, DEEPEST) * times
    bary: Float64[np.ndarray, "n 3"] = np.full((len(face), 3), 0.0)
    bary[row, side] = bary[row, (side + 1) % 3] = (1 - share) / 2
    bary[row, (side + 2) % 3] = share
    uv = (surface.uvs[corners] * bary[..., None]).sum(1)
    through, found = surface.face_texture[face], np.zeros((len(face), 3), np.float32)
    for index, (height, width) in enumerate(grid.shapes):
        image = colors[grid.offsets[index] : grid.offsets[index + 1]].reshape(height, width, 3)
        own = through == index
        found[own] = sample_image(image, uv[own], grid.wraps[index])
    return found
