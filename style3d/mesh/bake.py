"""Baking draws triangles into a texture: which texels they cover, how often, and in which colours."""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Float32, Float64, Int32, Int64
from numba import njit
from scipy.ndimage import distance_transform_edt

OVERLAP_SIZE = 512  # texels on a side for measuring overlap
MARGIN = 0.75  # texels that a face reaches beyond its edge when colours are baked
Array = np.ndarray[Any, Any]


def overlap_share(uvs: Float64[np.ndarray, "vertices 2"], faces: Int64[np.ndarray, "faces 3"]) -> float:
    """Share of the covered texels that more than one face covers, with UVs wrapped into [0, 1)."""
    counts = layers_of(uvs, faces)
    covered = int((counts > 0).sum())
    return float((counts > 1).sum()) / covered if covered else 0.0


def layers_of(
    uvs: Float64[np.ndarray, "vertices 2"], faces: Int64[np.ndarray, "faces 3"]
) -> Int32[np.ndarray, "512 512"]:
    """How many faces cover each texel, with UVs wrapped into [0, 1); faces that are not finite cover none."""
    counts = np.zeros((OVERLAP_SIZE, OVERLAP_SIZE), dtype=np.int32)
    corners = uvs[faces] * OVERLAP_SIZE
    corners = corners[np.isfinite(corners).all((1, 2))]
    if len(corners):
        corners -= np.floor(corners.min(1, keepdims=True) / OVERLAP_SIZE) * OVERLAP_SIZE
        _count(corners, counts)
    return counts


def bake_faces(
    uvs: Float64[np.ndarray, "vertices 2"],
    faces: Int64[np.ndarray, "faces 3"],
    colors: Float64[np.ndarray, "vertices c"],
    image: Float32[np.ndarray, "h w c"],
    filled: Int32[np.ndarray, "h w"],
) -> None:
    """Draw faces with interpolated colours into ``image``; ``filled`` (h, w) becomes 1 where something was drawn."""
    size = np.array([image.shape[1], image.shape[0]], dtype=np.float64)
    _draw(uvs[faces] * size, colors[faces].astype(np.float64), MARGIN, image, filled)


def spread(image: Float32[np.ndarray, "h w c"], filled: Int32[np.ndarray, "h w"]) -> Float32[np.ndarray, "h w c"]:
    """The nearest drawn colour where nothing was drawn."""
    if filled.all() or not filled.any():
        return image
    nearest = distance_transform_edt(filled == 0, return_distances=False, return_indices=True)
    result: Float32[np.ndarray, "h w c"] = image[nearest[0], nearest[1]]
    return result


@njit(cache=True, nogil=True)
def _weights(corners: Any, x: float, y: float, out: Any) -> bool:
    """Barycentric coordinates of a point; False for a face without area."""
    ax, ay = corners[0, 0], corners[0, 1]
    bx, by = corners[1, 0] - ax, corners[1, 1] - ay
    cx, cy = corners[2, 0] - ax, corners[2, 1] - ay
    area = bx * cy - by * cx
    if abs(area) < 1e-12:
        return False
    px, py = x - ax, y - ay
    out[1] = (px * cy - py * cx) / area
    out[2] = (bx * py - by * px) / area
    out[0] = 1.0 - out[1] - out[2]
    return True


@njit(cache=True, nogil=True)
def _count(corners: Any, counts: Any) -> None:
    """Add 1 to each texel whose centre lies strictly inside a face, wrapped; faces over 4 tiles wide count as all."""
    size = counts.shape[0]
    weights = np.empty(3)
    for i in range(len(corners)):
        face = corners[i]
        left, right = face[:, 0].min(), face[:, 0].max()
        top, bottom = face[:, 1].min(), face[:, 1].max()
        if right - left > 4 * size or bottom - top > 4 * size:
            counts += 2
            continue
        for row in range(int(np.floor(top)), int(np.ceil(bottom))):
            for column in range(int(np.floor(left)), int(np.ceil(right))):
                if not _weights(face, column + 0.5, row + 0.5, weights):
                    break
                if weights[0] > 1e-9 and weights[1] > 1e-9 and weights[2] > 1e-9:
                    counts[row % size, column % size] += 1


@njit(cache=True, nogil=True)
def _draw(corners: Any, colors: Any, margin: float, image: Any, filled: Any) -> None:
    """Texels inside a face win over those only near one."""
    height, width, channels = image.shape
    weights, edge = np.empty(3), np.empty(3)
    for i in range(len(corners)):
        face = corners[i]
        bx, by = face[1, 0] - face[0, 0], face[1, 1] - face[0, 1]
        cx, cy = face[2, 0] - face[0, 0], face[2, 1] - face[0, 1]
        area = abs(bx * cy - by * cx)
        if area < 1e-12 or not np.isfinite(area):
            continue
        for k in range(3):  # a texel in barycentric units: side length over twice the area
            a, b = face[(k + 1) % 3], face[(k + 2) % 3]
            edge[k] = margin * np.sqrt((b[0] - a[0]) ** 2 + (b[1] - a[1]) ** 2) / area
        for row in range(max(int(face[:, 1].min() - 2), 0), min(int(face[:, 1].max() + 2), height)):
            for column in range(max(int(face[:, 0].min() - 2), 0), min(int(face[:, 0].max() + 2), width)):
                _weights(face, column + 0.5, row + 0.5, weights)
                inside = weights.min() >= 0
                if not inside and (filled[row, column] or (weights < -edge).any()):
                    continue
                total = 0.0
                for k in range(3):
                    weights[k] = max(weights[k], 0.0)
                    total += weights[k]
                for c in range(channels):
                    value = 0.0
                    for k in range(3):
                        value += weights[k] * colors[i, k, c]
                    image[row, column, c] = value / total
                filled[row, column] = 1
