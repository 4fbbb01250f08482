"""OFF files, with the normals, colours and UVs that their first word announces, become imported parts."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np

from style3d.errors import Style3DError
from style3d.files.numbers import read_numbers
from style3d.mesh.corners import Corners, by_corner
from style3d.mesh.imported_parts import ImportedPart
from style3d.mesh.polygons import triangles_of
from style3d.mesh.sound_faces import leave_out, sound_faces
from style3d.remarks import remark

Array = np.ndarray[Any, Any]
KIND = re.compile(r"((?:ST|C|N|4|n)*|(?:st|c)*)(?:OFF|off)(\d*)$")  # some glue the number of vertices to it
MOST = 100_000_000  # vertices or faces
GREY = (0.8, 0.8, 0.8, 1.0)  # of faces without a colour, beside others that have one


def off_part(path: Path, content: bytes) -> ImportedPart:
    """Triangles with the colours of vertices or faces.

    Raises:
        Style3DError: binary, of another dimension, or damaged.
    """
    lines = [
        words for line in content.decode("utf-8-sig", "replace").splitlines() if (words := line.split("#")[0].split())
    ]
    kind = KIND.match(lines[0][0]) if lines else None
    if kind is None or "4" in kind[1] or "n" in kind[1] or "BINARY" in lines[0]:
        got = " ".join(lines[0])[:40] if lines else "nothing"
        raise Style3DError(
            f"{path.name} is OFF of a kind that is not read", got=got, hint="export it as plain OFF or PLY"
        )
    try:
        counts = [word for word in (kind[2], *lines[0][1:]) if word]
        lines = [counts, *lines[1:]] if counts else lines[1:]
        count, faces = int(lines[0][0]), int(lines[0][1])
        if not (0 <= count <= MOST and 0 <= faces <= MOST) or count + faces >= len(lines):
            raise ValueError(f"{len(lines) - 1} rows for {count} vertices and {faces} faces")
        width = len(lines[1])
        rows = np.array([read_numbers(row[:width]) for row in lines[1 : count + 1]]).reshape(count, -1)
        polygons = [read_numbers(row).tolist() for row in lines[count + 1 : count + 1 + faces]]
        return _mesh(path, kind[1].upper(), rows, polygons)
    except (ValueError, IndexError) as error:
        got = str(error)[:80]
        raise Style3DError(f"{path.name} is damaged", got=got, hint="export it again, or convert it to glTF") from None


def _mesh(path: Path, kind: str, rows: Array, polygons: list[list[float]]) -> ImportedPart:
    """Columns are place, normal, colour and UV; where a file's first word has N before C, colour goes before normal."""
    positions = rows[:, :3]
    turned = "NC" in kind.replace("ST", "")  # as MeshLab writes both
    width = rows.shape[1] - 3 - 3 * ("N" in kind) - 2 * ("ST" in kind)
    at = 3 + 3 * ("N" in kind and not turned)
    colors = _rgba(rows[:, at : at + width]) if width in (3, 4) else None  # some write COFF's colours after plain OFF
    first = 3 + width * turned
    normals = rows[:, first : first + 3] if "N" in kind else None
    uvs = rows[:, -2:] if "ST" in kind else None
    if width and colors is None:
        remark(f"{path.name}: {width} columns of its vertices are not used")
    faces, owner = _triangles(polygons, positions)
    kept = sound_faces(positions, faces)
    leave_out(kept, path.name)
    faces, owner = faces[kept], owner[kept]
    own = _face_colors(path.name, polygons) if colors is None else None
    mesh, _ = Corners(
        positions,
        faces,
        None if normals is None else by_corner(normals, faces),
        None if uvs is None else by_corner(uvs, faces),
        by_corner(colors, faces)
        if colors is not None
        else None
        if own is None
        else np.repeat(own[owner][:, None], 3, 1),
    ).without_bad_uvs(path.name)
    return mesh.part(path.stem)


def _triangles(polygons: list[list[float]], positions: Array) -> tuple[Array, Array]:
    sizes = np.array([int(np.nan_to_num(row[0])) for row in polygons], np.int64)
    if any(len(row) <= size for row, size in zip(polygons, sizes.tolist(), strict=True)):
        raise ValueError("a face with fewer corners than it says")
    faces, owners = [np.zeros((0, 3), np.int64)], [np.zeros(0, np.int64)]
    for size in np.unique(sizes[sizes >= 3]):
        which = np.flatnonzero(sizes == size)
        corners = np.nan_to_num(np.array([polygons[i][1 : size + 1] for i in which]), nan=-1).astype(np.int64)
        cut, owner = triangles_of(corners[..., None], positions)
        faces.append(cut[..., 0])
        owners.append(which[owner])
    order = np.argsort(np.concatenate(owners), kind="stable")
    return np.concatenate(faces)[order], np.concatenate(owners)[order]


def _face_colors(name: str, polygons: list[list[float]]) -> Array | None:
    """Numbers behind a face: three or four are a colour, one is a place in a table that the file does not hold."""
    rest = [row[int(np.nan_to_num(row[0])) + 1 :] for row in polygons]
    if any(len(row) == 1 for row in rest):
        remark(f"{name}: colours of faces are numbers of a colour table that is not in the file, and are left out")
    told = [row for row in rest if len(row) >= 3]
    if not told:
        return None
    found = np.tile(GREY, (len(rest), 1))
    chosen = [index for index, row in enumerate(rest) if len(row) >= 3]
    found[chosen] = _rgba(np.array([[*row, *([_full(told)] if len(row) == 3 else [])][:4] for row in told]))
    return found


def _full(rows: list[list[float]]) -> float:
    """What stands for one: 255 where any number is larger than one."""
    return 255.0 if max(max(row[:4]) for row in rows) > 1 else 1.0


def _rgba(values: Array) -> Array:
    full = 255.0 if values.size and np.nan_to_num(values).max() > 1 else 1.0
    opaque = np.full((len(values), 4 - values.shape[1]), full)
    return np.nan_to_num(np.column_stack([values, opaque]) / full).clip(0, 1)
