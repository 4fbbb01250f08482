"""Binary STL files become imported parts, with the colours that VisCAM, SolidView and Magics hide in spare bits."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float64

from style3d.mesh.corners import Corners
from style3d.mesh.imported_parts import ImportedPart
from style3d.mesh.sound_faces import leave_out, sound_faces
from style3d.remarks import remark

Array = np.ndarray[Any, Any]
HEADER = 84  # bytes, the number of triangles in the last four
ROW = np.dtype([("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("spare", "<u2")])
OWN = 1 << 15  # the bit that says whether a triangle has a colour of its own (VisCAM), or has none (Magics)


def is_binary_stl(content: bytes) -> bool:
    """Whether an STL file is binary: text may begin with the same word, but is not just as long as its triangles."""
    if len(content) < HEADER:
        return False
    count, rest = int.from_bytes(content[80:84], "little"), len(content) - HEADER
    text = content.lstrip()[:5].lower() == b"solid"
    return rest == count * ROW.itemsize or (not text and (count * ROW.itemsize <= rest if count else _is_whole(rest)))


def _is_whole(size: int) -> bool:
    """Whether bytes may be triangles: some programs leave their number at zero."""
    return size > 0 and size % ROW.itemsize == 0


def stl_part(path: Path, content: bytes) -> ImportedPart:
    """The triangles, with a colour for each where the file has some."""
    count, rest = int.from_bytes(content[80:84], "little"), len(content) - HEADER
    if not count and _is_whole(rest):
        count = rest // ROW.itemsize
        remark(f"{path.name} says that it has no triangles: the {count:,} that follow are read")
    elif rest - count * ROW.itemsize >= ROW.itemsize:
        remark(f"{path.name}: {rest - count * ROW.itemsize:,} bytes behind its {count:,} triangles are left out")
    rows = np.frombuffer(content, ROW, count, HEADER)
    positions = rows["corners"].reshape(-1, 3).astype(np.float64)
    faces = np.arange(len(positions)).reshape(-1, 3)
    colors = _colors(content[:80], rows["spare"].astype(np.int64))
    kept = sound_faces(positions, faces)
    leave_out(kept, path.name)
    return Corners(positions, faces, None, None, colors).part(path.stem, chosen=kept)


def _colors(header: bytes, spare: Array) -> Float64[np.ndarray, "triangles 3 4"] | None:
    """Display-referred RGB and opacity of corners; None where no triangle has a colour."""
    at = header.find(b"COLOR=")
    magics = 0 <= at <= 70
    fives = np.stack([spare >> shift & 31 for shift in ((0, 5, 10) if magics else (10, 5, 0))], axis=1) / 31
    own = (spare & OWN == 0) if magics else (spare & OWN != 0)
    if not magics and not own.any():
        return None
    rest = np.frombuffer(header, np.uint8, 4, at + 6) / 255 if magics else np.ones(4)
    rgba = np.where(own[:, None], np.column_stack([fives, np.full(len(fives), rest[3])]), rest)
    return np.repeat(rgba[:, None], 3, axis=1)
