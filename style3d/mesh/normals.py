"""Surfaces without normals get smooth ones, with creases kept sharp."""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Float64, Int64
from numba import njit

from style3d.mesh.unique_rows import number_rows

CREASE = 60.0  # degrees between two faces, above which their edge stays sharp


def corner_normals(
    positions: Float64[np.ndarray, "vertices 3"],
    faces: Int64[np.ndarray, "faces 3"],
    crease: float = CREASE,
    groups: Int64[np.ndarray, "faces"] | None = None,
) -> Float64[np.ndarray, "faces 3 3"]:
    """A unit normal for each corner: the area-weighted mean over the faces around its point within ``crease`` degrees.

    Points are told apart by position, so cuts in a mesh do not show. Faces without area get (0, 1, 0).

    Args:
        positions: of vertices.
        faces: triangles.
        crease: in degrees.
        groups: smoothing groups, in the place of the crease: faces of one share normals whatever their angle, those of
            different groups never; 0 is flat. The crease decides among faces of -1.
    """
    sides = positions[faces]
    scale = float(np.ptp(positions[np.unique(faces)], axis=0).max()) if len(faces) else 1.0
    sides = (sides - sides.reshape(-1, 3).mean(0)) / (scale or 1.0) if len(faces) else sides
    area = np.cross(sides[:, 1] - sides[:, 0], sides[:, 2] - sides[:, 0])
    length = np.linalg.norm(area, axis=1, keepdims=True)
    unit = np.divide(area, length, out=np.zeros_like(area), where=length > 0)
    point = number_rows(positions)[1][faces].ravel()
    order = np.argsort(point, kind="stable")
    starts = np.searchsorted(point[order], np.arange(point.max(initial=-1) + 2))
    result = np.zeros((len(faces) * 3, 3))
    told = np.full(len(faces), -1, np.int64) if groups is None else groups
    _gather(order, starts, area, unit, told, np.cos(np.radians(crease)), result)
    size = np.linalg.norm(result, axis=1, keepdims=True)
    result = np.divide(result, size, out=np.tile([0.0, 1.0, 0.0], (len(result), 1)), where=size > 0)
    return result.reshape(-1, 3, 3)


@njit(cache=True, nogil=True)
def _gather(order: Any, starts: Any, area: Any, unit: Any, groups: Any, least: float, result: Any) -> None:
    """Add up the faces around each point; where very many meet, corners past the first 64 look at 64 others."""
    for point in range(len(starts) - 1):
        first, last = starts[point], starts[point + 1]
        for i in range(first, last):
            corner = order[i]
            own = corner // 3
            for j in range(first, last) if last - first <= 64 else range(max(first, i - 32), min(last, i + 32)):
                other = order[j] // 3
                cosine = 0.0
                for k in range(3):
                    cosine += unit[own, k] * unit[other, k]
                joined = groups[own] == groups[other] and (groups[own] > 0 or (groups[own] < 0 and cosine >= least))
                if joined or other == own:
                    for k in range(3):
                        result[corner, k] += area[other, k]


def compact_vertices(
    faces: Int64[np.ndarray, "faces 3"], normals: Float64[np.ndarray, "faces 3 3"]
) -> tuple[Int64[np.ndarray, "vertices"], Float64[np.ndarray, "vertices 3"], Int64[np.ndarray, "faces 3"]]:
    """Vertices split only where their corners disagree: (old vertex, normal) of each new one, and faces of them."""
    keys = np.column_stack([faces.ravel(), np.rint(normals.reshape(-1, 3) * 1e4).astype(np.int64)])
    first, number = number_rows(keys)
    return faces.ravel()[first], normals.reshape(-1, 3)[first], number.reshape(-1, 3)
