"""These rows tell files that a command does not read by their first bytes, name them, and say what helps."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, final

from style3d.errors import Style3DError
from style3d.gltf.container import image_kind
from style3d.job.file_types import MESH_SOURCES, either

Command = Literal["mesh", "nerf"]
WANTED = {
    "mesh": f"a mesh: {either(MESH_SOURCES)}",
    "nerf": "Gaussian splats, a radiance grid or the folder of a capture",
}
HEAD = 65536  # bytes in which a file's kind shows
NAMES = 1000  # of an archive that are looked at
VIDEOS = (b"ftypisom", b"ftypiso2", b"ftypmp4", b"ftypM4V", b"ftypavc1", b"ftypqt", b"ftyp3gp", b"ftypMSNV")
CHECKPOINTS = (".ckpt", ".pt", ".pth", ".tar", ".msgpack", ".ingp")
RAW = (".splat", ".ksplat", ".sog", ".spz")  # of splats, by their suffix alone
SPLATS = "paint them with: style3d nerf {name}"
GRID = "paint it with: style3d nerf {name}"
MESH = "paint it with: style3d mesh {name}"
EXPORT = "export it as .glb, for instance from Blender"
OWN = "open it in its program and export it as .glb"
UNPACK = "unpack it first, and name the {wanted} inside"
TRAINED = "paint its scene with style3d nerf and the config.yml of its run, or with splats exported from it"
PHOTOS = "make posed photos of it first: ns-process-data video --data {name} --output-dir FOLDER"
REPEAT = "do it again with: style3d {command} --config {name}"
POINTS = "train splats from its photos, or make a surface of it"


@final
@dataclass(frozen=True)
class Foreign:
    """A kind of file that is something else. Concretely: an FBX file, which Blender exports as .glb."""

    what: str
    hint: str  # {name} is the file's name, {command} the command, {wanted} what it paints
    recognise: Callable[[bytes, str], bool]  # from its content, and its suffix in small letters
    reads: Command | None = None  # the command that takes such files


def check_foreign(path: Path, content: bytes, command: Command) -> None:
    """Refuse a file that is known to be something else than what a command reads.

    Raises:
        Style3DError: it is; the error names it, and what helps.
    """
    suffix = path.suffix.lower()
    row = next((row for row in FOREIGN if row.recognise(content, suffix)), None)
    if row is not None and row.reads != command:
        wanted = "model" if command == "mesh" else "scene"
        hint = row.hint.format(name=path.name, wanted=wanted, command=command)
        raise Style3DError(f"{path.name} is {row.what}", expected=WANTED[command], hint=hint)


def _starts(*words: bytes) -> Callable[[bytes, str], bool]:
    return lambda content, suffix: content.startswith(words)


def _is_archive_of(*endings: str) -> Callable[[bytes, str], bool]:
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


def _json(*words: bytes) -> Callable[[bytes, str], bool]:
    """JSON that holds all the words near its beginning, and is neither a glTF nor a SOG scene."""

    def recognise(content: bytes, suffix: str) -> bool:
        head = content[:HEAD].lstrip(b"\xef\xbb\xbf \t\r\n")
        other = b'"asset"' in content or b'"means"' in content
        return suffix == ".json" and head.startswith((b"{", b"[")) and not other and all(word in head for word in words)

    return recognise


def _job(content: bytes, suffix: str) -> bool:
    return suffix in (".yml", ".yaml") and any(f"kind: {kind}".encode() in content[:HEAD] for kind in ("mesh", "nerf"))


def _checkpoint(content: bytes, suffix: str) -> bool:
    """What torch saves, in an archive or without, and others' by their endings."""
    return (
        suffix in CHECKPOINTS[:3]
        or content.startswith(b"\x80\x02\x8a\nl\xfc\x9cF")
        or _is_archive_of("/data.pkl")(content, suffix)
    )


def _configuration(content: bytes, suffix: str) -> bool:
    return suffix in (".yml", ".yaml") and b"nerfstudio" in content[:HEAD]


def _video(content: bytes, suffix: str) -> bool:
    return content[4:12].startswith(VIDEOS) or content.startswith(b"\x1aE\xdf\xa3") or content[8:12] == b"AVI "


def _picture(content: bytes, suffix: str) -> bool:
    known = image_kind(content) is not None or content.startswith((b"II*\0", b"MM\0*", b"8BPS", b"GIF8", b"BM"))
    return known or content[4:12] in (b"ftypheic", b"ftypheix", b"ftypmif1")


def _web_page(content: bytes, suffix: str) -> bool:
    head = content[:HEAD].lstrip(b"\xef\xbb\xbf \t\r\n")[:15].lower()
    return head.startswith((b"<!doctype html", b"<html"))


def _surface(content: bytes, suffix: str) -> bool:
    """A mesh of a kind that holds no splats; what a PLY or glTF holds, its readers say."""
    return suffix in (".obj", ".stl", ".off", ".vrm")


FOREIGN: tuple[Foreign, ...] = (
    Foreign("Gaussian splats (SPZ)", SPLATS, _packed_spz, "nerf"),
    Foreign("Gaussian splats (SPZ)", SPLATS, _starts(b"NGSP"), "nerf"),
    Foreign("Gaussian splats", SPLATS, _splat_ply, "nerf"),
    Foreign("Gaussian splats (SOG)", SPLATS, _is_archive_of("means_l.webp"), "nerf"),
    Foreign("Gaussian splats", SPLATS, lambda content, suffix: suffix in RAW, "nerf"),
    Foreign("a radiance grid", GRID, lambda _, suffix: suffix == ".safetensors", "nerf"),
    Foreign("a list of posed photos", "paint their folder with: style3d nerf FOLDER", _posed_photos, "nerf"),
    Foreign("the report of a run", REPEAT, _json(b'"style3d"', b'"job"')),
    Foreign("a list of cameras", "name the splats that it lies beside", _json(b'"rotation"', b'"fx"')),
    Foreign("JSON of an unknown kind", "name the {wanted} itself", _json()),
    Foreign("a job", "do what it says with: style3d run {name}", _job),
    Foreign("a configuration of nerfstudio", "paint its scene with: style3d nerf {name}", _configuration, "nerf"),
    Foreign("a checkpoint", TRAINED, _checkpoint),
    Foreign("a video", PHOTOS, _video),
    Foreign("a USDZ file", EXPORT, _is_archive_of(".usdc", ".usda", ".usd")),
    Foreign("a 3MF file", EXPORT, _is_archive_of("3dmodel.model")),
    Foreign("a ZIP archive with a model in it", UNPACK, _is_archive_of(*MESH_SOURCES)),
    Foreign("a ZIP archive", UNPACK, _starts(b"PK\x03\x04")),
    Foreign("a bzip2 archive", UNPACK, _starts(b"BZh")),
    Foreign("a gzip archive", UNPACK, _starts(b"\x1f\x8b")),
    Foreign("a 7-Zip archive", UNPACK, _starts(b"7z\xbc\xaf")),
    Foreign("a RAR archive", UNPACK, _starts(b"Rar!")),
    Foreign("an xz archive", UNPACK, _starts(b"\xfd7zXZ")),
    Foreign("a tar archive", UNPACK, lambda content, suffix: content[257:262] == b"ustar"),
    Foreign("an FBX file", EXPORT, _starts(b"Kaydara FBX", b"; FBX")),
    Foreign("a Blender file", "open it in Blender and export it as .glb", lambda _, suffix: suffix == ".blend"),
    Foreign("a Blender file", "open it in Blender and export it as .glb", _starts(b"BLENDER")),
    Foreign("a 3ds Max file", OWN, lambda content, suffix: suffix == ".max"),
    Foreign("a Maya file", OWN, lambda content, suffix: suffix in (".ma", ".mb")),
    Foreign("a Cinema 4D file", OWN, lambda content, suffix: suffix == ".c4d"),
    Foreign("a SketchUp file", OWN, lambda content, suffix: suffix == ".skp"),
    Foreign("a Rhino file", OWN, lambda content, suffix: suffix == ".3dm"),
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
    Foreign("a point cloud", POINTS, _starts(b"LASF", b"ASTM-E57", b"# .PCD")),
    Foreign("a point cloud", POINTS, lambda content, suffix: suffix in (".xyz", ".pts", ".asc", ".ptx")),
    Foreign("a database of COLMAP", "name the folder that its sparse model is in", _starts(b"SQLite format 3")),
    Foreign("a web page", "download the file itself", _web_page),
    Foreign("a PDF", EXPORT, _starts(b"%PDF")),
    Foreign("a picture", "name it with --style", _picture),
    Foreign("a mesh", MESH, _surface, "mesh"),
)  # fmt: skip
