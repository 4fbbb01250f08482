"""A mesh file's kind follows from its suffix, checked against its first bytes."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from style3d.errors import Style3DError
from style3d.job.file_types import MESH_SOURCES, either
from style3d.job.foreign import check_foreign

Kind = Literal["glb", "gltf", "obj", "ply", "stl", "off"]
KINDS: tuple[Kind, ...] = ("glb", "gltf", "obj", "ply", "stl", "off")
ALIASES: dict[str, Kind] = {"vrm": "glb"}  # other suffixes of a kind
MOST_HEAD = 4096  # bytes in which the first triangle of an STL file that is text begins
WANTED = either(MESH_SOURCES)


def check_kind(path: Path, content: bytes) -> Kind:
    """The kind that the suffix names.

    Raises:
        Style3DError: an archive, another kind of file, an unknown suffix, or a suffix that does not fit the content.
    """
    suffix = path.suffix.lower().lstrip(".")
    suffix = ALIASES.get(suffix, suffix)
    check_foreign(path, content, "mesh")
    found = sniff(content)
    if suffix not in KINDS:
        hint = f"it looks like .{found}: rename it" if found else "convert it, for instance with Blender"
        raise Style3DError(
            f"{path.name} has an unknown file type", got=f"suffix {path.suffix!r}", expected=WANTED, hint=hint
        )
    wrong = found is not None and found != suffix
    if wrong or (found is None and suffix in ("glb", "gltf", "ply")):
        got = f"the content of .{found}" if found else f"{content[:12]!r}…"
        hint = f"rename it to {path.stem}.{found}" if found else "export it again"
        raise Style3DError(f"{path.name} is not the type of file that its suffix names", got=got, hint=hint)
    return next(kind for kind in KINDS if kind == suffix)


def sniff(content: bytes) -> Kind | None:
    """The kind by the first bytes alone; None for OBJ, binary STL and what is unknown."""
    start = content[:256].lstrip(b"\xef\xbb\xbf \t\r\n")
    if start.startswith(b"glTF"):
        return "glb"
    if start.startswith(b"{"):
        return "gltf"
    if start.startswith((b"ply\n", b"ply\r", b"ply ")):
        return "ply"
    if start.startswith((b"OFF", b"COFF", b"NOFF", b"STOFF")):
        return "off"
    if start.startswith(b"solid") and b"facet" in content[:MOST_HEAD]:
        return "stl"
    return None
