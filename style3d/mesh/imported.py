"""PLY, STL and OFF files become glTF documents."""

from __future__ import annotations

import io
import logging
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from style3d.errors import Style3DError
from style3d.gltf.document import Document
from style3d.mesh.corners import Corners
from style3d.mesh.formats import Kind
from style3d.mesh.imported_parts import ImportedMaterial, ImportedPart, build_document
from style3d.mesh.off_mesh import off_part
from style3d.mesh.ply_mesh import ply_parts
from style3d.mesh.sound_faces import leave_out, sound_faces
from style3d.mesh.stl_mesh import is_binary_stl, stl_part
from style3d.remarks import count_of

log = logging.getLogger(__name__)
Array = np.ndarray[Any, Any]
Parts = tuple[list[ImportedPart], list[ImportedMaterial]]


def import_mesh(path: Path, content: bytes, kind: Kind) -> Document:
    """A glTF document of a file's meshes.

    Raises:
        Style3DError: damaged, without faces, with positions that are not finite or indices out of range.
    """
    parts, materials = READERS[kind](path, content)
    if not any(len(part.faces) for part in parts):
        points = sum(len(part.positions) for part in parts)
        hint = "make a surface of the point cloud first" if points else "export a surface"
        got = count_of(points, "loose point") if points else "nothing"
        raise Style3DError(f"{path.name} has no faces", got=got, hint=hint)
    return build_document(parts, materials, path.parent)


def _off(path: Path, content: bytes) -> Parts:
    return [off_part(path, content)], []


def _stl(path: Path, content: bytes) -> Parts:
    return ([stl_part(path, content)] if is_binary_stl(content) else _solids(path, content)), []


READERS: dict[Kind, Callable[[Path, bytes], Parts]] = {"ply": ply_parts, "stl": _stl, "off": _off}


def _solids(path: Path, content: bytes) -> list[ImportedPart]:
    """The solids of an STL file that is text."""
    import trimesh

    try:
        with warnings.catch_warnings(), _silence_logs(logging.getLogger("trimesh")):
            warnings.simplefilter("ignore")
            scene = trimesh.load_scene(io.BytesIO(content), file_type="stl", process=False)
    except Exception as error:  # whatever the reader raises on a damaged file
        log.debug("trimesh could not read %s", path, exc_info=True)
        hint = "export it again, or convert it to glTF"
        raise Style3DError(
            f"{path.name} is damaged", got=f"{type(error).__name__}: {str(error)[:80]}", hint=hint
        ) from None
    found = [(name, mesh) for name, mesh in scene.geometry.items() if isinstance(mesh, trimesh.Trimesh)]
    meshes = [(np.array(mesh.vertices, np.float64), np.array(mesh.faces, np.int64)) for _, mesh in found]
    kept = [sound_faces(positions, faces) for positions, faces in meshes]
    leave_out(np.concatenate([np.zeros(0, bool), *kept]), path.name)
    names = [path.stem] if len(found) == 1 else [name for name, _ in found]
    return [Corners(*mesh).part(name, chosen=some) for name, mesh, some in zip(names, meshes, kept, strict=True)]


@contextmanager
def _silence_logs(logger: logging.Logger) -> Iterator[None]:
    """What a reader logs about a file is said in remarks and errors instead."""
    before = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        logger.setLevel(before)
