"""Files that are no meshes which can be read, by what they begin with: what each is called, and what helps."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import final

from style3d.errors import Style3DError
from style3d.gltf.container import image_kind
from style3d.job.file_types import MESH_SOURCES, either

HEAD = 65536  # bytes in which a file's kind shows
NAMES = 1000  # of an archive that are looked at
SPLATS = "paint them with: style3d nerf {name}"
EXPORT = "export it as .glb, for instance from Blender"
UNPACK = "unpack it first, and name the model inside"


@final
@dataclass(frozen=True)
class Foreign:
    """A kind of file that is something else. Concretely: an FBX file, which Blender exports as .glb."""

    what: str
    hint: str  # {name} is the file's name
    recognise: Callable[[bytes, str], bool]  # from its content, and its suffix in small letters


def check_foreign(path: Path, content: bytes) -> None:
    """Refuse a file that is known to be something else.

    Raises:
        Style3DError: it is; the error names it, and the command that helps.
    """
    suffix = path.suffix.lower()
    for row in FOREIGN:
        if row.recognise(content, suffix):
            hint = row.hint.format(name=path.name)
            raise Style3DError(f"{path.name} is {row.what}", expected=f"a mesh: {either(MESH_SOURCES)}", hint=hint)


def _starts(*words: bytes) -> Callable[[bytes, str], bool]:
    return lambda content, suffix: content.startswith(words)


def _zipped(*endings: str) -> Callable[[bytes, str], bool]:
    """An archive with an entry that ends so."""
    return lambda content, suffix: any(name.lower().endswith(endings) for name in _entries(content))


def _entries(content: bytes) -> list[str]:
    if not content.startswith(b"PK\x03\x04"):
        return []
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return archive.namelist()[:NAMES]
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return []


def _packed_spz(content: bytes, suffix: str) -> bool:
    if not content.startswith(b"\x1f\x8b"):
        return False
    try:
        return zlib.decompressobj(31).decompress(content[:HEAD], 4) == b"NGSP"
    except zlib.error:
        return False


def _splat_ply(content: bytes, suffix: str) -> bool:
    """A PLY whose header has columns that only splats have."""
    head = content[:HEAD].partition(b"end_header")[0]
    return content.startswith(b"ply") and (b" f_dc_0" in head or b" packed_position" in head)


def _posed_photos(content: bytes, suffix: str) -> bool:
    head = content[:HEAD].lstrip(b"\xef\xbb\xbf \t\r\n")
    return head.startswith(b"{") and b'"frames"' in head and b'"asset"' not in head


FOREIGN: tuple[Foreign, ...] = (
    Foreign("Gaussian splats (SPZ)", SPLATS, _packed_spz),
    Foreign("Gaussian splats (SPZ)", SPLATS, _starts(b"NGSP")),
    Foreign("Gaussian splats", SPLATS, _splat_ply),
    Foreign("Gaussian splats (SOG)", SPLATS, _zipped("means_l.webp")),
    Foreign("Gaussian splats", SPLATS, lambda content, suffix: suffix in (".splat", ".ksplat", ".sog", ".spz")),
    Foreign("a radiance grid", "paint it with: style3d nerf {name}", lambda content, suffix: suffix == ".safetensors"),
    Foreign("a list of posed photos", "paint their folder with: style3d nerf FOLDER", _posed_photos),
    Foreign("a USDZ file", EXPORT, _zipped(".usdc", ".usda", ".usd")),
    Foreign("a 3MF file", EXPORT, _zipped("3dmodel.model")),
    Foreign("a ZIP archive with a model in it", UNPACK, _zipped(*MESH_SOURCES)),
    Foreign("a ZIP archive", UNPACK, _starts(b"PK\x03\x04")),
    Foreign("a bzip2 archive", UNPACK, _starts(b"BZh")),
    Foreign("a gzip archive", UNPACK, _starts(b"\x1f\x8b")),
    Foreign("a 7-Zip archive", UNPACK, _starts(b"7z\xbc\xaf")),
    Foreign("a RAR archive", UNPACK, _starts(b"Rar!")),
    Foreign("an FBX file", EXPORT, _starts(b"Kaydara FBX", b"; FBX")),
    Foreign("a Blender file", "open it in Blender and export it as .glb", lambda content, suffix: suffix == ".blend"),
    Foreign("a Blender file", "open it in Blender and export it as .glb", _starts(b"BLENDER")),
    Foreign("a COLLADA file", EXPORT, lambda content, suffix: b"<COLLADA" in content[:HEAD]),
    Foreign("a USD file", EXPORT, _starts(b"PXR-USDC", b"#usda")),
    Foreign("a VRML file", EXPORT, _starts(b"#VRML")),
    Foreign("an X3D file", EXPORT, lambda content, suffix: b"<X3D" in content[:HEAD]),
    Foreign("a 3DS file", EXPORT, lambda content, suffix: content.startswith(b"MM") and suffix == ".3ds"),
    Foreign("a STEP file", "tessellate it with a CAD program", _starts(b"ISO-10303-21")),
    Foreign("a bare Draco mesh", "decode it with: draco_decoder -i {name} -o OUT.obj", _starts(b"DRACO")),
    Foreign(
        "a tile of 3D Tiles", "take the model out of it with: npx 3d-tiles-tools b3dmToGlb -i {name} -o OUT.glb",
        _starts(b"b3dm", b"i3dm", b"cmpt", b"pnts"),
    ),
    Foreign("a PDF", EXPORT, _starts(b"%PDF")),
    Foreign("a picture", "name it with --style", lambda content, suffix: image_kind(content) is not None),
)  # fmt: skip
