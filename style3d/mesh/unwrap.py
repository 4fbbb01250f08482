"""xatlas gives one atlas of UVs to all primitives that have none."""

from __future__ import annotations

import atexit
import ctypes
import re
import time
from collections import deque
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float64, Int64

from style3d.errors import Style3DError
from style3d.gltf.accessors import COMPONENTS, Accessors
from style3d.gltf.document import Json
from style3d.gltf.editor import Editor
from style3d.mesh.primitives import Primitive

PADDING = 4  # texels between islands at 1024
MAX_COST = 0.6  # xatlas grows islands up to 2.0 by itself; smaller first islands fit at once: bunny 57 s → 9 s
REST = 1.0  # seconds after which an atlas's threads are surely asleep
Array = np.ndarray[Any, Any]
_RETIRED: deque[tuple[float, Any]] = deque()


@dataclass(frozen=True)
class Unwrapped:
    """Where the vertices of one primitive lie in the atlas, split along its cuts.

    Concretely: a bunny of 35 000 vertices cut into 90 islands, 41 000 vertices after it.
    """

    source: Int64[np.ndarray, "vertices"]  # the vertex each new one was
    uvs: Float64[np.ndarray, "vertices 2"]  # in [0, 1]
    faces: Int64[np.ndarray, "faces 3"]  # of new vertices, in the old order


def unwrap(parts: list[tuple[Float64[np.ndarray, "_ 3"], Int64[np.ndarray, "_ 3"]]], size: int) -> list[Unwrapped]:
    """Unwrap meshes into one square atlas with an even texel density.

    Args:
        parts: positions in world space, so that their sizes compare, and faces.
        size: texels on a side of the atlas.

    Raises:
        Style3DError: nothing has any area.
    """
    points = np.concatenate([positions[np.unique(faces)] for positions, faces in parts])
    center, extent = points.mean(0), float(np.ptp(points, axis=0).max())
    if not extent > 0:
        raise Style3DError("the mesh has no extent", got="all vertices in one point", expected="a surface")
    scaled = [((positions - center) * (10 / extent), faces) for positions, faces in parts]
    try:
        return _by_xatlas(scaled, size)
    except RuntimeError as error:
        raise Style3DError("the mesh could not be unwrapped", got=error, hint="try --paint vertices") from None


def _by_xatlas(parts: list[tuple[Array, Array]], size: int) -> list[Unwrapped]:
    import xatlas

    atlas = xatlas.Atlas()
    try:
        for positions, faces in parts:
            atlas.add_mesh(positions.astype(np.float32), faces.astype(np.uint32))
        chart, pack = xatlas.ChartOptions(), xatlas.PackOptions()
        chart.max_cost = MAX_COST
        pack.resolution, pack.padding, pack.bilinear = size, max(2, PADDING * size // 1024), True
        atlas.generate(chart, pack)
        square = np.array([atlas.width, atlas.height]) / max(atlas.width, atlas.height, 1)
        results = []
        for index in range(len(parts)):
            source, faces, uvs = atlas[index]
            flat = np.nan_to_num(uvs.astype(np.float64)).clip(0, 1) * square
            results.append(Unwrapped(source.astype(np.int64), flat, faces.astype(np.int64)))
        return results
    finally:
        _retire(atlas)


def _retire(atlas: Any) -> None:
    """Let an atlas go a while after its use.

    xatlas stops its worker threads without holding their locks: one that is just about to sleep misses the call, and
    the destructor waits for it for ever, with the interpreter locked (seen once in some thousand meshes). A second
    later every worker sleeps, and hears it.
    """
    now = time.monotonic()
    _RETIRED.append((now, atlas))
    while now - _RETIRED[0][0] > REST:
        _RETIRED.popleft()


@atexit.register
def _forget() -> None:
    """At the end of the program atlases are not destroyed at all."""
    for _, atlas in _RETIRED:
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(atlas))


def rewrite(editor: Editor, reader: Accessors, primitive: Primitive, new: Unwrapped, *, keep_colors: bool) -> int:
    """Give a primitive its split vertices, with everything they carry, and a new UV set; returns the set's number.

    Accessors that others may use stay; the primitive points to new ones.
    """
    item: Json = editor.json["meshes"][primitive.mesh]["primitives"][primitive.index]
    attributes = {
        name: _copy_rows(editor, reader, accessor, name, new) for name, accessor in item["attributes"].items()
    }
    if not keep_colors:
        attributes.pop("COLOR_0", None)
    taken = [int(match[1]) for name in attributes if (match := re.fullmatch(r"TEXCOORD_(\d+)", name))]
    texcoord = max(taken, default=-1) + 1
    attributes[f"TEXCOORD_{texcoord}"] = editor.add_accessor(new.uvs.astype("<f4"), "VEC2")
    item["attributes"] = attributes
    if "targets" in item:
        item["targets"] = [
            {name: _copy_rows(editor, reader, accessor, name, new) for name, accessor in target.items()}
            for target in item["targets"]
        ]
    small = len(new.source) < 65535
    item["indices"] = editor.add_accessor(new.faces.ravel().astype("<u2" if small else "<u4"), "SCALAR")
    item.pop("mode", None)
    return texcoord


def _copy_rows(editor: Editor, reader: Accessors, accessor: int, name: str, new: Unwrapped) -> int:
    """A copy of an accessor, row by row for the new vertices, in its own type."""
    old = reader.document.item("accessors", accessor)
    values = reader.raw(accessor)[new.source].astype(COMPONENTS[old["componentType"]])
    normalized = bool(old.get("normalized"))
    index = editor.add_accessor(values, old["type"], normalized=normalized, bounds=name == "POSITION" or "min" in old)
    kept: Json = {key: old[key] for key in ("name", "extras", "extensions") if key in old}
    editor.items("accessors")[index].update(kept)
    return index
