"""The corners of an OBJ file's faces name positions, UVs and normals by numbers, some of which lead nowhere."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Float64, Int64

from style3d.mesh.polygons import triangles_of
from style3d.mesh.sound_faces import MOST_REPEATS, leave_out, sound_faces, sound_uvs
from style3d.remarks import count_of, remark

MISSING, UNREADABLE = -1, -2  # in the place of a number
LARGEST = 1 << 62
NO_CORNER = "none"  # in the place of one that a face lacks
Array = np.ndarray[Any, Any]
Face = tuple[int, str]  # number of its line, and its corners


def face_corners(
    lines: list[Face], positions: Float64[np.ndarray, "n 3"]
) -> tuple[Int64[np.ndarray, "faces 3 4"], Int64[np.ndarray, "faces"]]:
    """Triangles of (position, UV, normal) indices from 0, MISSING where a corner has none, with the corner's number.

    Also returns the line of each triangle's face.
    """
    by_shape: dict[tuple[int, int], list[tuple[int, str]]] = defaultdict(list)
    for number, (_, line) in enumerate(lines):
        corners = line.split()
        corners += [NO_CORNER] * (3 - len(corners))
        first = corners[0]
        kind = 0 if "/" not in first else 3 if "//" in first else min(first.count("/"), 2)
        by_shape[(len(corners), kind)].append((number, " ".join(corners)))
    found, order = [np.zeros((0, 3, 4), np.int64)], [np.zeros(0, np.int64)]
    for (size, kind), numbered in by_shape.items():
        polygons = _polygons([line for _, line in numbered], size, kind)
        corner = np.broadcast_to(np.arange(size)[:, None], (len(polygons), size, 1))
        polygons = np.concatenate([polygons, corner], axis=2)
        triangles, owner = triangles_of(polygons, positions)
        found.append(triangles)
        order.append(np.array([number for number, _ in numbered])[owner])
    owners = np.concatenate(order)
    placed = np.argsort(owners, kind="stable")
    return np.concatenate(found)[placed], np.array([number for number, _ in lines], np.int64)[owners[placed]]


def _polygons(lines: list[str], size: int, kind: int) -> Int64[np.ndarray, "faces size 3"]:
    """Corners of faces that are all written alike (kind 0: v, 1: v/vt, 2: v/vt/vn, 3: v//vn), one by one if not."""
    width = {0: 1, 1: 2, 2: 3, 3: 2}[kind]
    numbers = " ".join(lines).replace("/", " ").split()
    result = np.full((len(lines), size, 3), MISSING, np.int64)
    columns = {0: [0], 1: [0, 1], 2: [0, 1, 2], 3: [0, 2]}[kind]
    if len(numbers) == len(lines) * size * width:
        try:
            result[:, :, columns] = np.array(numbers, dtype=np.int64).reshape(len(lines), size, width) - 1
            return result
        except (ValueError, OverflowError):  # one by one, then
            pass
    for row, line in zip(result, lines, strict=True):
        for corner, word in zip(row, line.split(), strict=True):
            corner[:] = [_index(part) for part in (word + "//").split("/")[:3]]
    return result


def _index(word: str) -> int:
    """A number from 1 as one from 0; MISSING for none, `UNREADABLE` for what is no number."""
    if not word:
        return MISSING
    try:
        return min(int(word), LARGEST) - 1 if int(word) >= 0 else UNREADABLE
    except ValueError:
        return UNREADABLE


def sound_corners(
    parts: Sequence[Array], tables: tuple[Array, Array, Array], name: str
) -> tuple[list[Array], list[Array]]:
    """The corners with MISSING for UVs and normals that they can do without, and which triangles are kept.

    Args:
        parts: corners (faces, 3, 4) of the whole file, see `face_corners`.
        tables: positions, UVs and normals.
        name: of the file, for remarks.

    Raises:
        Style3DError: there are triangles, and none is kept.
    """
    positions, uvs, normals = tables
    every = np.concatenate([np.zeros((0, 3, 4), np.int64), *parts])
    placed = sound_faces(positions, every[:, :, 0])
    leave_out(placed, name)
    lost, turned = _leads_nowhere(every[:, :, 1], uvs), _leads_nowhere(every[:, :, 2], normals)
    bad: Array = np.asarray(lost.any(1))
    good = (every[:, :, 1] != MISSING).all(1) & ~bad
    kept = sound_uvs(good[placed], bad[placed], name)
    if (count := int(turned[placed].sum())) > 0:
        remark(f"normals of {count_of(count, 'corner')} of {name} cannot be read, and are made from the faces around")
    every[:, :, 1][lost], every[:, :, 2][turned] = MISSING, MISSING
    placed[placed] = kept
    ends: Array = np.cumsum([len(part) for part in parts])[:-1]
    return np.split(every, ends), np.split(placed, ends)


def _leads_nowhere(indices: Int64[np.ndarray, "faces 3"], table: Float64[np.ndarray, "n width"]) -> Array:
    """Which corners name a row that is not there or holds no sensible numbers."""
    with np.errstate(invalid="ignore"):
        sound = np.append((np.abs(table) <= MOST_REPEATS).all(1), False)
    there = np.where((indices >= 0) & (indices < len(table)), indices, len(table))
    found: Array = ~sound[there] & (indices != MISSING)
    return found
