"""Wavefront OBJ files hold polygons with separate indices for position, UV and normal, objects and materials."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, final

import numpy as np
from jaxtyping import Float64, Int64

from style3d.errors import Style3DError
from style3d.images import decode_srgb
from style3d.mesh.imported_parts import ImportedPart
from style3d.mesh.mtl import is_number, readable
from style3d.mesh.polygons import triangles_of
from style3d.mesh.sound_faces import leave_out, sound_faces
from style3d.mesh.unique_rows import number_rows
from style3d.remarks import remark

MAX_GROUPS = 200  # beyond which groups are not kept apart
MISSING = -1
POLYPAINT = "#MRGB"  # ZBrush writes colours into comments, eight hexadecimal digits a position: mask, red, green, blue
Array = np.ndarray[Any, Any]


Face = tuple[int, str]  # number of its line, and its corners


@final
@dataclass(frozen=True)
class ObjPart:
    """Triangles of one material, and where in the file they come from.

    Concretely: the lid of a box, two triangles of the one face in line 12.
    """

    part: ImportedPart
    material: str  # as the file has it; empty for none
    corners: Int64[np.ndarray, "faces 3 4"]  # position, UV and normal from 0 or MISSING, and which corner of its face
    lines: Int64[np.ndarray, "faces"]  # the line of each triangle's face


@dataclass
class Statements:
    """The lines of an OBJ file by what they say.

    Concretely: 2930 positions, 3225 UVs, and 5856 faces of object 'spot' in material 'cow'.
    """

    lines: list[str] = field(default_factory=list)  # the whole file; continued lines joined, all indices from 1
    positions: list[str] = field(default_factory=list)
    uvs: list[str] = field(default_factory=list)
    normals: list[str] = field(default_factory=list)
    libraries: list[str] = field(default_factory=list)  # MTL files
    polypaint: list[str] = field(default_factory=list)  # digits of ZBrush's colours
    faces: dict[tuple[str, str, str], list[Face]] = field(
        default_factory=lambda: defaultdict(list)
    )  # object, group, material
    ignored: int = 0  # curves, points, lines


def parse_obj(text: str) -> Statements:
    """Sort the lines of an OBJ file. Relative (negative) indices are made absolute on the way."""
    found = Statements()
    current = ["", "", ""]
    faces = found.faces[("", "", "")]
    found.lines = text.replace("\\\r\n", " ").replace("\\\n", " ").splitlines()
    for number, line in enumerate(found.lines):
        head, _, rest = (
            line.strip().partition(" ") if "\t" not in line else line.strip().replace("\t", " ").partition(" ")
        )
        head = head.lower() if head[:1].isupper() else head
        if head == "v":
            found.positions.append(rest)
        elif head == "vt":
            found.uvs.append(rest)
        elif head == "vn":
            found.normals.append(rest)
        elif head in ("f", "fo"):
            rest = rest.split("#", 1)[0]
            if "-" in rest:
                rest = _absolute(rest, found)
                found.lines[number] = f"{head} {rest}"
            faces.append((number, rest))
        elif head in ("o", "g", "usemtl"):
            current[("o", "g", "usemtl").index(head)] = rest.strip()
            faces = found.faces[(current[0], current[1], current[2])]
        elif head == "mtllib":
            found.libraries.append(rest.strip())
        elif head == POLYPAINT:
            found.polypaint.append(rest.strip())
        elif head in ("p", "l", "curv", "curv2", "surf"):
            found.ignored += 1
            if head in ("p", "l") and "-" in rest:
                found.lines[number] = f"{head} {_absolute(rest, found)}"
    return found


def obj_parts(found: Statements, path: Path) -> list[ObjPart]:
    """One part for each object and material, faces with and without UVs apart.

    Raises:
        Style3DError: a face that cannot be read, or no face whose corners all exist.
    """
    values = _table(found.positions, 3)
    positions, colors = values[:, :3], _colors(values)
    if colors is None and found.polypaint:
        colors = _polypaint(found.polypaint, len(positions), path.name)
    uvs = np.nan_to_num(_table(found.uvs, 2)[:, :2]) * [1, -1] + [0, 1]
    normals = _table(found.normals, 3)[:, :3]
    grouped: dict[tuple[str, str], list[Face]] = defaultdict(list)
    names = _mesh_names(found, path.stem)
    for key, lines in found.faces.items():
        grouped[(names[key], key[2])].extend(lines)
    parts, sound = [], [np.zeros(0, bool)]
    for (name, material), lines in grouped.items():
        corners, owners = face_corners(lines, positions)
        kept = sound_faces(positions, corners[:, :, 0])
        sound.append(kept)
        corners, owners = corners[kept], owners[kept]
        for column, table in ((1, uvs), (2, normals)):  # without these a face can still be shown
            corners[:, :, column][corners[:, :, column] >= len(table)] = MISSING
        with_uvs = (corners[:, :, 1] != MISSING).all(1)
        for chosen, has in ((with_uvs, True), (~with_uvs, False)):
            if chosen.any():
                tables = (positions, uvs if has else None, normals, colors)
                part = _part(readable(name), corners[chosen], tables)
                parts.append(ObjPart(part, material, corners[chosen], owners[chosen]))
    leave_out(np.concatenate(sound), path.name)
    return parts


def face_corners(
    lines: list[Face], positions: Float64[np.ndarray, "n 3"]
) -> tuple[Int64[np.ndarray, "faces 3 4"], Int64[np.ndarray, "faces"]]:
    """Triangles of (position, UV, normal) indices from 0, MISSING where a corner has none, with the corner's number.

    Also returns the line of each triangle's face.
    """
    by_shape: dict[tuple[int, int], list[tuple[int, str]]] = defaultdict(list)
    for number, (_, line) in enumerate(lines):
        corners = line.split()
        if len(corners) >= 3:
            first = corners[0]
            kind = 0 if "/" not in first else 3 if "//" in first else first.count("/")
            by_shape[(len(corners), kind)].append((number, line))
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
    try:
        if len(numbers) == len(lines) * size * width:
            result[:, :, columns] = np.array(numbers, dtype=np.int64).reshape(len(lines), size, width) - 1
            return result
        for row, line in zip(result, lines, strict=True):
            for corner, word in zip(row, line.split(), strict=True):
                parts = (word + "//").split("/")[:3]
                corner[:] = [int(part) - 1 if part else MISSING for part in parts]
    except ValueError as error:
        raise Style3DError(
            "a face of the OBJ file cannot be read", got=str(error)[:80], hint="export it again"
        ) from None
    return result


def _absolute(rest: str, found: Statements) -> str:
    """A face with its negative indices, which count back from the newest, made positive."""
    counts = (len(found.positions), len(found.uvs), len(found.normals))
    words = []
    for word in rest.split():
        parts = word.split("/")
        for k, part in enumerate(parts[:3]):
            if part.startswith("-") and part[1:].isdigit():
                parts[k] = str(counts[k] + 1 + int(part))
        words.append("/".join(parts))
    return " ".join(words)


def _table(lines: list[str], least: int) -> Float64[np.ndarray, "n width"]:
    """Numbers of the lines, padded with NaN to the longest; at least ``least`` columns. What is no number is NaN."""
    rows = [line.split("#", 1)[0].split() if "#" in line else line.split() for line in lines]
    width = max(max(map(len, rows), default=0), least)
    if all(len(row) == width for row in rows):
        try:
            return np.array(rows, dtype=np.float64).reshape(-1, width)
        except ValueError:
            pass
    result = np.full((len(rows), width), np.nan)
    for target, row in zip(result, rows, strict=True):
        target[: len(row)] = [float(word) if is_number(word) else np.nan for word in row]
    return result


def _colors(values: Float64[np.ndarray, "n width"]) -> Float64[np.ndarray, "n 4"] | None:
    """Colours that follow positions, as linear light; white where a line has none. Up to 1 or up to 255."""
    weighted = values.shape[1] >= 7 and bool((values[:, 3] == 1).all() and (values[:, 6] != 1).any())
    rgb = values[:, 4:7] if weighted else values[:, 3:6]  # a weight may come before them, an opacity behind
    if rgb.shape[1] < 3:
        return None
    rgb = np.where(np.isfinite(rgb), rgb, np.nan)
    top = np.nanmax(rgb) if np.isfinite(rgb).any() else 0.0
    if top <= 0 and not np.isfinite(rgb).all():
        return None
    rgb = np.where(np.isfinite(rgb).all(1, keepdims=True), rgb / (255.0 if top > 1 else 1.0), 1.0)
    return np.column_stack([decode_srgb(rgb), np.ones(len(rgb))])


def _polypaint(lines: list[str], count: int, name: str) -> Float64[np.ndarray, "n 4"] | None:
    """ZBrush's colours as linear light, if there is one for each position."""
    try:
        found = np.frombuffer(bytes.fromhex("".join(lines)), np.uint8)
    except ValueError:
        found = np.zeros(0, np.uint8)
    if len(found) != 4 * count:
        remark(f"{name}: its lines {POLYPAINT} hold no colour for each position, and are left out")
        return None
    return np.column_stack([decode_srgb(found.reshape(-1, 4)[:, 1:] / 255), np.ones(count)])


def _mesh_names(found: Statements, stem: str) -> dict[tuple[str, str, str], str]:
    """What mesh each run of faces belongs to: its object, else its group unless there are very many."""
    objects = {key[0] for key, lines in found.faces.items() if lines}
    groups = {key[1] for key, lines in found.faces.items() if lines}
    which = 0 if len(objects) > 1 or len(groups) > MAX_GROUPS else 1
    if len(objects) > MAX_GROUPS:
        return dict.fromkeys(found.faces, stem)
    return {key: key[which] or key[0] or stem for key in found.faces}


def _part(name: str, corners: Int64[np.ndarray, "faces 3 4"], tables: tuple[Any, ...]) -> ImportedPart:
    """Vertices of the corners that differ in any of their indices."""
    positions, uvs, normals, colors = tables
    flat = corners[:, :, :3].reshape(-1, 3).copy()
    has_normals = bool((flat[:, 2] != MISSING).all())
    if uvs is None:
        flat[:, 1] = MISSING
    if not has_normals:
        flat[:, 2] = MISSING
    first, number = number_rows(flat)
    place, texcoord, normal = flat[first].T
    return ImportedPart(
        name,
        positions[place],
        number.reshape(-1, 3),
        None,
        normals[normal] if has_normals else None,
        None if uvs is None else uvs[texcoord],
        None if colors is None else colors[place],
    )
