"""Wavefront OBJ files hold polygons with separate indices for position, UV and normal, objects and materials."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, final

import numpy as np
from jaxtyping import Float64, Int64

from style3d.files.numbers import read_numbers
from style3d.images import decode_srgb
from style3d.mesh.imported_parts import ImportedPart
from style3d.mesh.mtl import readable
from style3d.mesh.obj_corners import MISSING, Face, face_corners, sound_corners
from style3d.mesh.unique_rows import number_rows
from style3d.remarks import remark

MAX_GROUPS = 200  # beyond which groups are not kept apart
POLYPAINT = "#MRGB"  # ZBrush writes colours into comments, eight hexadecimal digits a position: mask, red, green, blue
LAST_GROUP = 1 << 31  # of smoothing
SETTINGS = ("mg", "lod", "bevel", "c_interp", "d_interp", "shadow_obj", "trace_obj", "ctech", "stech")  # OBJ's alone
CURVES = ("vp", "cstype", "deg", "bmat", "step", "parm", "trim", "hole", "scrv", "sp", "con", "end")  # parts of curves
Array = np.ndarray[Any, Any]


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
    smoothing: list[tuple[int, int]] = field(default_factory=list)  # line of each ``s``, and the group: 0 is flat
    settings: Counter[str] = field(default_factory=Counter)  # keywords of `SETTINGS` that are there
    unknown: Counter[str] = field(default_factory=Counter)  # keywords that are not read


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
        elif head == "s":
            found.smoothing.append((number, _group(rest.strip())))
        elif head in SETTINGS:
            found.settings[head] += 1
        elif head and not head.startswith("#") and head not in CURVES:
            found.unknown[head[:20]] += 1
    return found


def obj_parts(found: Statements, path: Path) -> list[ObjPart]:
    """One part for each object and material, faces with and without UVs apart.

    Raises:
        Style3DError: no face whose corners all exist.
    """
    values = _table(found.positions, 3)
    positions, colors = values[:, :3], _colors(values)
    if colors is None and found.polypaint:
        colors = _polypaint(found.polypaint, len(positions), path.name)
    uvs, normals = _table(found.uvs, 2)[:, :2] * [1, -1] + [0, 1], _table(found.normals, 3)[:, :3]
    grouped: dict[tuple[str, str, str], list[Face]] = defaultdict(list)
    names = _node_names(found, path.stem)
    for key, lines in found.faces.items():
        grouped[(*names[key], key[2])].extend(lines)
    read = {key: face_corners(lines, positions) for key, lines in grouped.items()}
    tables = (positions, uvs, normals)
    sound = zip(*sound_corners([corners for corners, _ in read.values()], tables, path.name), strict=True)
    parts = []
    for ((node, mesh, material), (_, owners)), (corners, kept) in zip(read.items(), sound, strict=True):
        with_uvs = (corners[:, :, 1] != MISSING).all(1)
        for chosen, has in ((with_uvs & kept, True), (~with_uvs & kept, False)):
            if chosen.any():
                columns = (positions, uvs if has else None, normals, colors)
                part = _part(readable(mesh), readable(node), corners[chosen], columns)
                part = replace(part, smoothing=_smoothing(found, owners[chosen]))
                parts.append(ObjPart(part, material, corners[chosen], owners[chosen]))
    return parts


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
        target[: len(row)] = read_numbers(row)
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


def _group(word: str) -> int:
    """The number of a smoothing group; 0 is none."""
    return min(int(word), LAST_GROUP) if word.isdecimal() else int(word.lower() == "on")


def _smoothing(found: Statements, lines: Int64[np.ndarray, "faces"]) -> Int64[np.ndarray, "faces"] | None:
    """The smoothing group of each face, 0 where it is flat and -1 where none is told; None without any."""
    if not found.smoothing:
        return None
    starts, groups = np.array(found.smoothing, np.int64).T
    return np.append(groups, -1)[np.searchsorted(starts, lines) - 1]


def _node_names(found: Statements, stem: str) -> dict[tuple[str, str, str], tuple[str, str]]:
    """The node and the mesh of each run of faces: its object and its group. One stands for both where it is alone."""
    pairs = {key[:2] for key, lines in found.faces.items() if lines}
    objects = {name for name, _ in pairs}
    if len(objects) > MAX_GROUPS:
        return dict.fromkeys(found.faces, (stem, stem))
    grouped = len(pairs) <= MAX_GROUPS
    return {
        (name, group, material): (
            name or (group if grouped else "") or stem,
            (group if grouped else "") or name or stem,
        )
        for name, group, material in found.faces
    }


def _part(mesh: str, node: str, corners: Int64[np.ndarray, "faces 3 4"], columns: tuple[Any, ...]) -> ImportedPart:
    """Vertices of the corners that differ in any of their indices; normals are NaN where a corner has none."""
    positions, uvs, normals, colors = columns
    flat = corners[:, :, :3].reshape(-1, 3).copy()
    if uvs is None:
        flat[:, 1] = MISSING
    first, number = number_rows(flat)
    place, texcoord, normal = flat[first].T
    named = normal != MISSING
    return ImportedPart(
        mesh,
        positions[place],
        number.reshape(-1, 3),
        None,
        np.where(named[:, None], normals[normal], np.nan) if named.any() else None,
        None if uvs is None else uvs[texcoord],
        None if colors is None else colors[place],
        node=node,
    )
