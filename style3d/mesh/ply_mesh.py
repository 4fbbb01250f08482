"""PLY meshes, as scanners, MeshLab, OpenMVS and many others write them, become imported parts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float64, Int64

from style3d.color.columns import find_colors
from style3d.errors import Style3DError
from style3d.files import read_bytes
from style3d.files.find_file import PICTURES, find_file
from style3d.images import image_size
from style3d.mesh.corners import Corners, by_corner
from style3d.mesh.imported_parts import ImportedMaterial, ImportedPart
from style3d.mesh.polygons import triangles_of
from style3d.mesh.sound_faces import leave_out, sound_faces
from style3d.ply.lists import Lists, PlyContent, Rows, read_ply
from style3d.remarks import remark

Array = np.ndarray[Any, Any]
PLACE, NORMAL = ("x", "y", "z"), ("nx", "ny", "nz")
UVS = (
    ("s", "t"),
    ("u", "v"),
    ("texture_u", "texture_v"),
    ("texture_s", "texture_t"),
    ("tex_u", "tex_v"),
    ("uv1", "uv2"),
)
CORNERS = ("vertex_indices", "vertex_index")
FACE_UVS, FACE_COLORS = ("texcoord", "texcoords", "uv", "uvs"), ("color", "colors")  # lists with values for corners
PICTURE_NUMBER = ("texnumber", "texture_number", "texture_index", "texid", "texture_id")
READ = ("vertex", "face", "tristrips")
MOST_PICTURES = 4096
NONE = Rows(0, {}, {})


def ply_parts(path: Path, content: bytes) -> tuple[list[ImportedPart], list[ImportedMaterial]]:
    """A part for each picture that faces show, and their materials.

    Raises:
        Style3DError: damaged.
    """
    ply = read_ply(content, path.name)
    vertex, face = ply.rows.get("vertex", NONE), ply.rows.get("face", NONE)
    if not all(name in vertex.columns for name in PLACE):
        raise Style3DError(f"{path.name} is damaged", got="no positions of vertices", expected="columns x, y and z")
    positions = _stack(vertex.columns, PLACE)
    faces, corners, owner = _triangles(ply, positions)
    kept = sound_faces(positions, faces)
    leave_out(kept, path.name)
    faces, corners, owner = faces[kept], corners[kept], owner[kept]
    if not len(faces):
        return [ImportedPart(path.stem, positions, np.zeros((0, 3), np.int64))], []
    pictures = [line.split(None, 2)[2] for line in ply.comments if line.lower().startswith("comment texturefile ")]
    uvs, uv_names = _uvs(vertex, face, faces, corners)
    colors, color_names = _colors(vertex, face, faces, corners, owner)
    if uvs is not None and pictures:
        if colors is not None:
            remark(f"{path.name}: its pictures are painted, and the colours of its vertices or faces are left out")
        colors = None
    normals = by_corner(_stack(vertex.columns, NORMAL), faces) if set(NORMAL) <= set(vertex.columns) else None
    _say_unused(path.name, ply, {*PLACE, *NORMAL, *CORNERS, *PICTURE_NUMBER, *uv_names, *color_names})
    mesh, kept = Corners(positions, faces, normals, uvs, colors).without_bad_uvs(path.name)
    if mesh.uvs is None or not pictures:
        if pictures:
            remark(f"{path.name} names pictures but has no UVs: {', '.join(pictures[:3])} cannot be shown")
        return [mesh.part(path.stem)], []
    return _by_picture(path, mesh, pictures[:MOST_PICTURES], _first(face.columns, PICTURE_NUMBER), owner[kept])


def _by_picture(
    path: Path, mesh: Corners, pictures: list[str], column: Array | None, owner: Int64[np.ndarray, "triangles"]
) -> tuple[list[ImportedPart], list[ImportedMaterial]]:
    materials = [_material(name, path.parent) for name in pictures]
    if column is None:
        if len(pictures) > 1:
            remark(f"{path.name} names {len(pictures)} pictures but not which face shows which: the first is taken")
        return [mesh.part(path.stem, 0)], materials
    number = column.astype(np.int64)[owner]
    if len(pictures) == 1 and number.min(initial=0) == number.max(initial=0) != 0:
        number = np.zeros_like(number)  # a lone picture counted from one
    number[(number < 0) | (number >= len(pictures))] = -1
    parts = []
    for index in np.unique(number):
        plain = Corners(mesh.positions, mesh.faces, mesh.normals) if index < 0 else mesh
        parts.append(plain.part(path.stem, None if index < 0 else int(index), number == index))
    return parts, materials


def _material(name: str, folder: Path) -> ImportedMaterial:
    stem = Path(name.replace("\\", "/")).stem
    try:
        content = read_bytes(find_file(name.strip(), folder, suffixes=PICTURES), 512 << 20)
        image_size(content, name)
    except Style3DError as error:
        remark(f"texture {name!r} could not be read ({error}); a plain colour is used")
        return ImportedMaterial(stem)
    return ImportedMaterial(stem, images={"baseColorTexture": (name, content)})


def _triangles(ply: PlyContent, positions: Array) -> tuple[Array, Array, Array]:
    """Corners' vertices (triangles, 3), their places among all corners of faces, and the face of each triangle."""
    face, strips = ply.rows.get("face", NONE), ply.rows.get("tristrips", NONE)
    found = _first(face.lists, CORNERS)
    parts = [] if found is None else list(_polygons(found, positions))
    lines = _first(strips.lists, CORNERS)
    if lines is not None:
        triangles = _strips(lines.values.astype(np.int64))
        parts.append((triangles, np.full(triangles.shape, -1), np.full(len(triangles), -1)))
    if not parts:
        return np.zeros((0, 3), np.int64), np.zeros((0, 3), np.int64), np.zeros(0, np.int64)
    faces, corners, owner = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
    order = np.argsort(owner, kind="stable")
    return faces[order], corners[order], owner[order]


def _polygons(lists: Lists, positions: Array) -> Iterable[tuple[Array, Array, Array]]:
    """Triangles of the faces of each number of corners."""
    indices = lists.values.astype(np.int64)
    for size in np.unique(lists.lengths[lists.lengths >= 3]):
        rows = np.flatnonzero(lists.lengths == size)
        places = lists.starts[rows, None] + np.arange(size)
        cut, owner = triangles_of(np.stack([indices[places], places], axis=2), positions)
        yield cut[..., 0], cut[..., 1], rows[owner]


def _strips(values: Int64[np.ndarray, "n"]) -> Int64[np.ndarray, "triangles 3"]:
    """Triangles of strips that -1 ends; every second one is turned."""
    found = []
    for strip in np.split(values, np.flatnonzero(values < 0)):
        strip = strip[strip >= 0]
        if len(strip) >= 3:
            three = np.stack([strip[:-2], strip[1:-1], strip[2:]], axis=1)
            three[1::2] = three[1::2, [1, 0, 2]]
            found.append(
                three[(three[:, 0] != three[:, 1]) & (three[:, 1] != three[:, 2]) & (three[:, 0] != three[:, 2])]
            )
    return np.concatenate(found) if found else np.zeros((0, 3), np.int64)


def _uvs(vertex: Rows, face: Rows, faces: Array, corners: Array) -> tuple[Array | None, tuple[str, ...]]:
    """UVs of corners: those that faces list for their corners, else the vertices' own; and the columns' names."""
    for name in FACE_UVS:
        if name in face.lists:
            values = _for_corners(face, face.lists[name], corners, 2)
            if values is not None:
                return values, (name,)
    for names in UVS:
        if all(name in vertex.columns for name in names):
            return by_corner(_stack(vertex.columns, names), faces), names
    return None, ()


def _colors(
    vertex: Rows, face: Rows, faces: Array, corners: Array, owner: Array
) -> tuple[Array | None, tuple[str, ...]]:
    """Display-referred RGB and opacity of corners, wherever a file keeps them; and the columns' names."""
    found = find_colors(vertex.columns)
    if found is not None:
        return by_corner(_rgba(found.rgb, found.alpha), faces), found.names
    found = find_colors(face.columns)
    if found is not None:
        return np.repeat(_rgba(found.rgb, found.alpha)[owner][:, None], 3, axis=1), found.names
    for name in FACE_COLORS:
        for width in (4, 3):
            values = _for_corners(face, face.lists[name], corners, width) if name in face.lists else None
            if values is not None:
                columns = values.reshape(-1, width).T
                channels = find_colors(dict(zip(("red", "green", "blue", "alpha"), columns, strict=False)))
                assert channels is not None  # three are named
                return _rgba(channels.rgb, channels.alpha).reshape(*faces.shape, 4), (name,)
    return None, ()


def _rgba(rgb: Array, alpha: Array | None) -> Array:
    return np.column_stack([rgb, np.ones(len(rgb)) if alpha is None else alpha])


def _for_corners(face: Rows, lists: Lists, corners: Array, width: int) -> Array | None:
    """Values that faces list corner by corner; zeros where they list none. None for lists of another kind."""
    polygons = _first(face.lists, CORNERS)
    whole = None if polygons is None else lists.lengths == width * polygons.lengths
    if polygons is None or whole is None or not (whole | (lists.lengths == 0)).all() or not whole.any():
        return None
    table = np.zeros((int(polygons.lengths.sum()), width))
    table[np.repeat(whole, polygons.lengths)] = lists.values.astype(np.float64).reshape(-1, width)
    return table[corners] if corners.min(initial=0) >= 0 else None


def _say_unused(name: str, ply: PlyContent, used: set[str]) -> None:
    others = [f"{key} ({rows.count:,})" for key, rows in ply.rows.items() if rows.count and key not in READ]
    if others:
        remark(f"{name}: its further tables are left out: {', '.join(others)}")
    for element in ("vertex", "face"):
        rows = ply.rows.get(element, NONE)
        unused = [column for column in (*rows.columns, *rows.lists) if column not in used]
        if unused:
            remark(f"{name}: columns of its {element} table are not used: {', '.join(unused)}")


def _stack(columns: Mapping[str, Array], names: tuple[str, ...]) -> Float64[np.ndarray, "rows names"]:
    return np.stack([columns[name].astype(np.float64) for name in names], axis=1)


def _first(found: Mapping[str, Any], names: tuple[str, ...]) -> Any:
    return next((found[name] for name in names if name in found), None)
