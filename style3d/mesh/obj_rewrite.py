"""An OBJ file is written again line by line: only what the paint changes differs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, final

import numpy as np

from style3d.files import write_bytes
from style3d.gltf.accessors import Accessors
from style3d.images import ImageFormat
from style3d.mesh.mtl_rewrite import MtlFile, Written
from style3d.mesh.obj import POLYPAINT
from style3d.mesh.obj_source import ObjPiece, ObjSource
from style3d.mesh.primitives import Primitive, read_primitive
from style3d.mesh.unpainted import Unpainted

Array = np.ndarray[Any, Any]


@final
@dataclass
class _Change:
    """What becomes of one face. Concretely: its material is now 'wood-2', and its corners have new UVs."""

    material: str
    uvs: dict[int, int] | None = None  # number of the ``vt`` line by corner; None: as they are
    triangles: list[dict[int, int]] = field(default_factory=list)  # the same of each, where they differ at a corner


def rewrite_obj(
    asset: Unpainted, source: ObjSource, colors: Sequence[Array] | Array, kind: ImageFormat, path: Path
) -> tuple[Path, ...]:
    """Write an OBJ with the objects, groups, polygons and materials of its source; the files written, the model last.

    New are the pictures of base colours and what names them, UVs where paint got new ones, and vertex colours.

    Raises:
        Style3DError: a file cannot be written.
    """
    vertices = asset.surface.painted == "vertices"
    library = MtlFile(path, source, kind, asset.surface.textures, [] if vertices else list(colors))
    slots = {slot.material: slot for slot in asset.slots}
    reader = Accessors(asset.document)
    changes: dict[int, _Change] = {}
    rows: list[str] = []
    shades: dict[int, Array] = {}
    first = sum(line.split(None, 1)[:1] == ["vt"] for line in source.lines) + 1
    for key, piece in source.pieces.items():
        primitive = read_primitive(reader, *key)
        if primitive is None:
            continue
        slot = None if vertices or primitive.material is None else slots.get(primitive.material)
        new = slot is not None and slot.texcoord is not None and not (piece.has_uvs and slot.texcoord == 0)
        name = library.name_of(Written(piece.material, piece.tile, slot.table if slot else None, new, vertices))
        if new and slot is not None and slot.texcoord is not None:
            _with_new_uvs(changes, piece, name, primitive, slot.texcoord, first, rows)
        else:
            changes |= {line: _Change(name) for line in np.unique(piece.lines).tolist() if line not in changes}
        if vertices and key in asset.entries:
            _shade(shades, piece, primitive, asset.entries[key], np.asarray(colors))
    written = library.write()
    text = "\n".join(_lines(source, changes, rows, shades, library.path.name)) + "\n"
    write_bytes(path, text.encode("utf-8", "surrogateescape"))
    return (*written, path)


def lost_in_rewriting(asset: Unpainted, source: ObjSource) -> Iterator[str]:
    """What the paint costs an OBJ: it has one UV set, so maps go where the base colour got a new one."""
    renewed = {slot.material for slot in asset.slots if slot.texcoord}
    names = [str(asset.document.item("materials", index).get("name")) for index in sorted(renewed)]
    mapped = [
        name
        for name in names
        if name in source.materials
        and any(
            word.lower() not in ("map_kd", "map_ka") and word.lower().startswith(("map_", "bump", "norm"))
            for word, _ in source.materials[name].statements
        )
    ]
    if mapped:
        yield f"an OBJ file holds one UV set, and paint has a new one: other maps of {', '.join(mapped)} are left out"


def _with_new_uvs(
    changes: dict[int, _Change],
    piece: ObjPiece,
    name: str,
    primitive: Primitive,
    texcoord: int,
    first: int,
    rows: list[str],
) -> None:
    """Give the faces of a piece new ``vt`` lines, as triangles where their corners were cut apart."""
    uvs = primitive.uvs[texcoord] * [1, -1] + [0, 1]
    start = first + len(rows)
    rows += [f"vt {u:.8g} {v:.8g}" for u, v in uvs.tolist()]
    numbers = (primitive.faces + start).tolist()
    for line, ordinals, vertices in zip(piece.lines.tolist(), piece.corners[:, :, 3].tolist(), numbers, strict=True):
        triangle = dict(zip(ordinals, vertices, strict=True))
        change = changes.setdefault(line, _Change(name, {}))
        change.triangles.append(triangle)
        if change.uvs is not None:
            places = {number: uvs[number - start].tolist() for number in (*triangle.values(), *change.uvs.values())}
            joined = all(
                places[change.uvs.get(corner, number)] == places[number] for corner, number in triangle.items()
            )
            change.uvs = triangle | change.uvs if joined else None


def _shade(shades: dict[int, Array], piece: ObjPiece, primitive: Primitive, entries: Array, rgb: Array) -> None:
    """The painted colour of each position."""
    corners, rows = piece.corners[:, :, 0].ravel(), entries[primitive.faces.ravel()]
    known = rows >= 0
    shades.update(zip(corners[known].tolist(), rgb[rows[known]], strict=True))


def _lines(
    source: ObjSource, changes: dict[int, _Change], rows: list[str], shades: dict[int, Array], library: str
) -> Iterator[str]:
    """The lines of the new file."""
    yield f"mtllib {library}"
    heads = [line.split(None, 1)[:1] for line in source.lines]
    current, place, first = "", 0, ("v", "vt", "vn") if rows else ()
    if rows:  # new lines are numbered after all that were there
        yield from (line for head, line in zip(heads, source.lines, strict=True) if head and head[0] in first)
        yield from rows
    for number, (head, line) in enumerate(zip(heads, source.lines, strict=True)):
        if head == ["mtllib"] or (head and head[0] in first) or (shades and head == [POLYPAINT]):
            continue
        if head == ["v"]:
            shade = shades.get(place)
            place += 1
            yield line if shade is None else " ".join([*line.split()[:4], *(f"{value:.5g}" for value in shade)])
            continue
        change = changes.get(number)
        if change is None:
            if head == ["usemtl"]:
                current = line.split(None, 1)[1].strip() if len(line.split(None, 1)) > 1 else ""
            yield line
            continue
        if change.material != current:
            current = change.material
            yield f"usemtl {current}"
        yield from _faces(line, change)


def _faces(line: str, change: _Change) -> Iterator[str]:
    """A face as it is, with new UVs, or as triangles."""
    head, *corners = line.split()
    if not change.triangles:
        yield line
        return
    for chosen in [change.uvs] if change.uvs is not None else change.triangles:
        words = []
        for corner in sorted(chosen):
            place, _, rest = corners[corner].partition("/")
            normal = rest.partition("/")[2]
            words.append(f"{place}/{chosen[corner]}" + (f"/{normal}" if normal else ""))
        yield " ".join([head, *words])
