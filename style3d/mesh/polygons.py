"""Polygons, concave ones too, become triangles."""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Float64, Int64

Array = np.ndarray[Any, Any]


def triangles_of(
    polygons: Int64[np.ndarray, "faces size c"], positions: Float64[np.ndarray, "n 3"]
) -> tuple[Int64[np.ndarray, "triangles 3 c"], Int64[np.ndarray, "triangles"]]:
    """Cut polygons of one size; column 0 of a corner is its position. Also returns each triangle's polygon.

    Quads are cut along the diagonal that keeps both halves on one side, larger polygons by clipping ears.
    """
    count, size = polygons.shape[:2]
    if size == 3 or not count or not len(positions):
        fan = np.stack([np.zeros(size - 2, np.int64), np.arange(1, size - 1), np.arange(2, size)], 1)
        return _cut(polygons, np.tile(fan, (count, 1, 1)))
    points = positions[polygons[:, :, 0].clip(0, len(positions) - 1)]  # what points nowhere is left out later
    if size == 4:
        normals = np.cross(np.roll(points, -1, 1) - points, np.roll(points, 1, 1) - points)
        first = np.einsum("fi,fi->f", normals[:, 1], normals[:, 3])  # both halves of the cut 0-2
        plan = np.array([[[0, 1, 2], [0, 2, 3]], [[0, 1, 3], [1, 2, 3]]])
        return _cut(polygons, plan[(first < 0).astype(np.int64)])
    return _cut(polygons, np.stack([_ears(polygon) for polygon in points]))


def _cut(
    polygons: Int64[np.ndarray, "faces size c"], plan: Int64[np.ndarray, "faces parts 3"]
) -> tuple[Int64[np.ndarray, "triangles 3 c"], Int64[np.ndarray, "triangles"]]:
    count, parts = plan.shape[:2]
    owner = np.repeat(np.arange(count), parts)
    return polygons[owner[:, None], plan.reshape(-1, 3)], owner


def _ears(points: Float64[np.ndarray, "size 3"]) -> Int64[np.ndarray, "size-2 3"]:
    """Ear clipping (Meisters 1975) in the polygon's plane; a fan where it is convex or has no area."""
    size = len(points)
    fan = np.stack([np.zeros(size - 2, np.int64), np.arange(1, size - 1), np.arange(2, size)], 1)
    centered = points - points.mean(0)
    normal = np.cross(centered, np.roll(centered, -1, 0)).sum(0)
    if not np.isfinite(normal).all() or np.linalg.norm(normal) == 0:
        return fan
    axis = int(np.abs(normal).argmax())
    flat = np.delete(centered, axis, 1) * ([1, -1] if axis == 1 else [1, 1]) * np.sign(normal[axis]) ** np.array([1, 0])
    turns = _turn(np.roll(flat, 1, 0), flat, np.roll(flat, -1, 0))
    if (turns >= 0).all() or size > 512:
        return fan
    left, found = list(range(size)), []
    while len(left) > 3:
        ear = next((k for k in range(len(left)) if _is_ear(flat, left, k)), 0)
        found.append([left[ear - 1], left[ear], left[(ear + 1) % len(left)]])
        del left[ear]
    return np.array([*found, left])


def _turn(a: Array, b: Array, c: Array) -> Any:
    """Twice the signed area of triangles; positive to the left."""
    first, second = b - a, c - a
    return first[..., 0] * second[..., 1] - first[..., 1] * second[..., 0]


def _is_ear(flat: Float64[np.ndarray, "size 2"], left: list[int], k: int) -> bool:
    a, b, c = left[k - 1], left[k], left[(k + 1) % len(left)]
    if _turn(flat[a], flat[b], flat[c]) <= 0:
        return False
    rest = flat[[i for i in left if i not in (a, b, c)]]
    sides = [_turn(flat[first], flat[second], rest) for first, second in ((a, b), (b, c), (c, a))]
    return not bool(np.all(np.array(sides) >= 0, axis=0).any())
