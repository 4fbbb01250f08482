"""An OBJ file is kept as it was read, so that a painted copy has its objects, groups, polygons and materials."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import final

import numpy as np
from jaxtyping import Int64

from style3d.errors import Style3DError
from style3d.gltf.document import Document
from style3d.mesh.document_view import Key
from style3d.mesh.imported_parts import ImportedPart, build_document
from style3d.mesh.mtl import MtlMaterial, map_statement, read_materials, text_of
from style3d.mesh.mtl_material import COLORS, has_tint, material_of
from style3d.mesh.obj import ObjPart, obj_parts, parse_obj
from style3d.mesh.udim import FIRST, is_set, may_be_tiled, tiles_of
from style3d.remarks import count_of, list_of, remark


@final
@dataclass(frozen=True)
class ObjPiece:
    """Where a primitive of the document comes from. Concretely: tile 1002 of the cloth, 40 triangles of 20 faces."""

    material: str  # as the file has it; empty for none
    tile: int | None  # UDIM
    corners: Int64[np.ndarray, "faces 3 4"]  # see `ObjPart`
    lines: Int64[np.ndarray, "faces"]
    has_uvs: bool


@final
@dataclass(frozen=True)
class ObjSource:
    """A whole OBJ file. Concretely: a chair of 40 objects and six materials of chair.mtl."""

    path: Path
    lines: Sequence[str]
    pieces: Mapping[Key, ObjPiece]
    materials: Mapping[str, MtlMaterial]
    loose: int = 0  # points, lines and curves, which no other mesh file gets
    settings: Mapping[str, int] = field(default_factory=dict)  # statements that only OBJ has, and how many there are


def import_obj(path: Path, content: bytes) -> tuple[Document, ObjSource]:
    """A glTF document of an OBJ file's faces, and the file itself.

    Raises:
        Style3DError: no text, no faces, positions that are not finite, or indices out of range.
    """
    if b"\0" in content[:512] and not content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise Style3DError("the file holds binary data", expected="text", hint="check what kind of file it is")
    statements = parse_obj(text_of(content))
    if not statements.positions:
        raise Style3DError(f"{path.name} holds no OBJ vertices", got=repr(content[:24]), hint="export it again")
    if statements.unknown:
        listed = list_of([f"{word} ({count:,})" for word, count in statements.unknown.items()], 6)
        remark(f"{path.name}: lines of these kinds are not read: {listed}")
    names = list(dict.fromkeys(key[2] for key, faces in statements.faces.items() if faces and key[2]))
    materials = read_materials(statements.libraries, path, names)
    parts = [tile for part in obj_parts(statements, path) for tile in _by_tile(part, materials, path.parent)]
    if not any(len(part.part.faces) for part, _ in parts):
        points = count_of(len(statements.positions), "loose point")
        raise Style3DError(f"{path.name} has no faces", got=points, hint="export a surface")
    wanted = list(dict.fromkeys((part.material, tile) for part, tile in parts if part.material))
    converted = [material_of(materials.get(name), name, path.parent, tile) for name, tile in wanted]
    tinted = [
        one.name
        for one, (name, _) in zip(converted, wanted, strict=True)
        if name in materials and "baseColorTexture" in one.images and has_tint(materials[name])
    ]
    if tinted:
        remark(
            f"{path.name}: colours beside pictures (Kd of {list_of(tinted, 3)}) are left out: pictures are shown plain"
        )
    if any(part.part.colors is not None for part, _ in parts):
        converted = [replace(one, rgb=(1.0, 1.0, 1.0)) if one.stand_in else one for one in converted]
    numbered = [
        replace(part.part, material=wanted.index((part.material, tile)) if part.material else None)
        for part, tile in parts
    ]
    document = build_document(numbered, converted, path.parent)
    pieces = {
        key: ObjPiece(part.material, tile, part.corners, part.lines, part.part.uvs is not None)
        for key, (part, tile) in zip(_keys(numbered), parts, strict=True)
    }
    return document, ObjSource(path, statements.lines, pieces, materials, statements.ignored, dict(statements.settings))


def _keys(parts: Sequence[ImportedPart]) -> list[Key]:
    """The mesh and primitive that `build_document` makes of each part."""
    meshes: dict[tuple[str, str], int] = {}
    counts: Counter[int] = Counter()
    keys = []
    for part in parts:
        mesh = meshes.setdefault(part.names, len(meshes))
        keys.append((mesh, counts[mesh]))
        counts[mesh] += 1
    return keys


def _by_tile(part: ObjPart, materials: Mapping[str, MtlMaterial], folder: Path) -> list[tuple[ObjPart, int | None]]:
    """The part as it is, or cut into UDIM tiles with UVs within [0, 1] where its material has pictures for them."""
    material, uvs = materials.get(part.material), part.part.uvs
    statement = material.last(*COLORS) if material is not None else ""
    name = map_statement(statement).file if statement else ""
    if material is None or uvs is None or not may_be_tiled(name):
        return [(part, None)]
    tiles = tiles_of((uvs * [1, -1] + [0, 1])[part.part.faces])
    used = np.unique(tiles).tolist()
    if not is_set(name, used, folder, material.folder):
        return [(part, None)]
    found: list[tuple[ObjPart, int | None]] = []
    for tile in used:
        chosen = tiles == tile
        row, column = divmod(tile - FIRST, 10)
        smoothing = None if part.part.smoothing is None else part.part.smoothing[chosen]
        shifted = uvs + np.array([-column, row])
        moved = replace(part.part, faces=part.part.faces[chosen], uvs=shifted, smoothing=smoothing)
        found.append((replace(part, part=moved, corners=part.corners[chosen], lines=part.lines[chosen]), tile))
    return found
