"""A material file is written again: every statement stays, and base colours name their new pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

import numpy as np

from style3d.errors import Style3DError
from style3d.files import read_bytes, write_bytes
from style3d.files.find_file import PICTURES, find_file
from style3d.gltf.container import safe_name
from style3d.images import ImageFormat, encode_image
from style3d.mesh.mtl import MapStatement, MtlMaterial, is_map, map_statement
from style3d.mesh.mtl_material import COLORS
from style3d.mesh.mtl_pictures import MOST_BYTES
from style3d.mesh.obj_source import ObjSource
from style3d.mesh.udim import has_token, tile_name
from style3d.render.surface import Texture

SUFFIXES = {"png": "png", "jpeg": "jpg", "webp": "webp"}
BAKED = ("-mm", "-imfchan", "-texres", "-boost")  # options of a base colour that its paint holds already
Array = np.ndarray[Any, Any]


@final
@dataclass(frozen=True)
class Written:
    """A material as some faces show it. Concretely: wood, painted in texture 2, by the UVs that it had."""

    name: str  # in the source; empty for none
    tile: int | None = None
    table: int | None = None  # the texture that paints it
    new_uvs: bool = False
    white: bool = False  # its colour is in the vertices


@final
class MtlFile:
    """Collects the materials that faces show, and writes them with their pictures beside an OBJ.

    Args:
        path: the OBJ.
        source: what was read.
        kind: of new pictures.
        textures: what is painted.
        colors: their new colours.
    """

    def __init__(
        self, path: Path, source: ObjSource, kind: ImageFormat, textures: Sequence[Texture], colors: list[Array]
    ) -> None:
        self.source, self.kind, self.textures, self.colors = source, kind, textures, colors
        self.stem = safe_name(path.stem)
        self.path = path.with_name(f"{self.stem}.mtl")
        self.files: dict[str, bytes] = {}  # pictures, by name
        self._shown: dict[tuple[Any, ...], tuple[str, list[Written]]] = {}
        self._painted: dict[int, str] = {}

    def name_of(self, written: Written) -> str:
        """The name under which faces use a material; tiles of one share it."""
        key = (written.name, written.tile is not None or written.table, written.new_uvs)
        if key not in self._shown:
            wanted = written.name or self.stem
            taken = {name for name, _ in self._shown.values()} | ({*self.source.materials} - {wanted})
            name, count = wanted, 2
            while name in taken:
                name, count = f"{wanted}-{count}", count + 1
            self._shown[key] = (name, [])
        name, uses = self._shown[key]
        if written not in uses:
            uses.append(written)
        return name

    def write(self) -> tuple[Path, ...]:
        """Write the pictures and the material file; their paths, that of the file last."""
        lines: list[str] = []
        for name, uses in self._shown.values():
            material = self.source.materials.get(uses[0].name) or MtlMaterial(name, self.source.path.parent)
            lines += [f"newmtl {name}", *self._statements(material, uses), ""]
        shown = {name for name, _ in self._shown.values()}
        for name, material in self.source.materials.items():
            if name not in shown:
                lines += [f"newmtl {name}", *self._kept_statements(material, ()), ""]
        paths = tuple(self.path.with_name(name) for name in self.files)
        for path, content in zip(paths, self.files.values(), strict=True):
            write_bytes(path, content)
        write_bytes(self.path, "\n".join(lines).encode("utf-8", "surrogateescape"))
        return (*paths, self.path)

    def _statements(self, material: MtlMaterial, uses: list[Written]) -> list[str]:
        """The statements of a material that faces show."""
        first = uses[0]
        if first.white:
            return ["Kd 1 1 1", *self._kept_statements(material, ("kd", *COLORS))]
        if first.table is None:
            return self._kept_statements(material, ())
        color = map_statement(material.last(*COLORS)) if material.last(*COLORS) else MapStatement("")
        new = self._painted_name(first, color)
        for use in uses[1:]:
            self._painted_name(use, color)
        named = color.with_file(new, tuple(color.options) if first.new_uvs else BAKED)
        if not material.statements and any(texture == "clamp" for texture in self.textures[first.table].wrap):
            named = f"-clamp on {named}"
        dropped = {"kd", *COLORS[:-1]}
        others = {word.lower() for word, rest in material.statements if is_map(word)} - {*COLORS}
        kept = self._kept_statements(material, dropped | (others if first.new_uvs else set()), (color.file, new))
        return ["Kd 1 1 1", *kept, f"map_Kd {named}"]

    def _painted_name(self, use: Written, color: MapStatement) -> str:
        """The name of a painted picture, which is kept to be written; of tiles as the source names its own."""
        assert use.table is not None  # materials that are painted have a texture
        if use.table not in self._painted:
            texture = self.textures[use.table]
            content, used = encode_image(self.colors[use.table], texture.alpha, self.kind)
            title = safe_name(use.name) if use.tile else f"{use.table}-{safe_name(texture.name)}"
            name = f"{self.stem}-{title}" + (f".{use.tile}" if use.tile else "")
            self._painted[use.table] = f"{name}.{SUFFIXES[used]}"
            self.files[self._painted[use.table]] = content
        name = self._painted[use.table]
        if use.tile and has_token(color.file):
            return name.replace(f".{use.tile}.", ".<UDIM>.")
        return name

    def _kept_statements(
        self, material: MtlMaterial, dropped: Sequence[str] | set[str], renamed: tuple[str, str] = ("", "")
    ) -> list[str]:
        """Statements as they are, with the pictures that they name copied beside the output."""
        lines = []
        for word, rest in material.statements:
            if word.lower() in dropped:
                continue
            if not is_map(word) or not rest:
                lines.append(f"{word} {rest}".rstrip())
                continue
            statement = map_statement(rest)
            same = renamed[0] and statement.file == renamed[0] and word.lower() != "map_ka"
            lines.append(
                f"{word} {statement.with_file(renamed[1] if same else self._copy_picture(statement, material))}"
            )
        return lines

    def _copy_picture(self, statement: MapStatement, material: MtlMaterial) -> str:
        """The name of a copy of a picture beside the output, of each tile where there are some; as it is if absent."""
        if has_token(statement.file):
            for tile in sorted({piece.tile for piece in self.source.pieces.values() if piece.tile}):
                self._copy_picture(MapStatement(tile_name(statement.file, tile)), material)
            stem, suffix = Path(statement.file.replace("\\", "/")).stem, Path(statement.file).suffix
            return f"{self.stem}-{safe_name(stem.replace('<UDIM>', ''))}.<UDIM>{suffix}"
        try:
            found = find_file(statement.file, self.source.path.parent, beside=material.folder, suffixes=PICTURES)
            content = read_bytes(found, MOST_BYTES)
        except Style3DError:
            return statement.file
        name = f"{self.stem}-{safe_name(found.stem)}{found.suffix}"
        count = 2
        while self.files.get(name, content) != content:
            name, count = f"{self.stem}-{safe_name(found.stem)}-{count}{found.suffix}", count + 1
        self.files[name] = content
        return name
