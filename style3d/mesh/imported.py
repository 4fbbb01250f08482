"""PLY, STL and OFF files become glTF documents."""

from __future__ import annotations

import io
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, final

import numpy as np

from style3d.errors import Style3DError
from style3d.files import read_bytes
from style3d.find_file import PICTURES, find_file
from style3d.gltf.document import Document
from style3d.gltf.texture_images import read_texture
from style3d.images import decode_srgb, encode_image, image_size
from style3d.mesh.formats import Kind
from style3d.mesh.imported_parts import ImportedMaterial, ImportedPart, build_document
from style3d.mesh.unique_rows import number_rows
from style3d.remarks import remark

log = logging.getLogger(__name__)
Array = np.ndarray[Any, Any]


def import_mesh(path: Path, content: bytes, kind: Kind) -> Document:
    """A glTF document of a file's meshes.

    Raises:
        Style3DError: damaged, without faces, with positions that are not finite or indices out of range.
    """
    parts, looks = _by_trimesh(path, content, kind)
    if not any(len(part.faces) for part in parts):
        points = sum(len(part.positions) for part in parts)
        hint = "Gaussian splats and point clouds are no meshes" if kind == "ply" else "export a surface"
        raise Style3DError(
            f"{path.name} has no faces", got=f"{points:,} loose points" if points else "nothing", hint=hint
        )
    return build_document(parts, looks, path.parent)


@final
class _Resolver:
    """Gives trimesh the files that a model names, within its folder and within limits."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def get(self, name: str) -> bytes:
        try:
            content = read_bytes(find_file(str(name), self.folder, suffixes=PICTURES), 512 << 20)
            image_size(content, str(name))
        except Style3DError as error:
            remark(f"texture {name!r} could not be read ({error}); a plain colour is used")
            raise FileNotFoundError(name) from None
        return content

    def __getitem__(self, name: str) -> bytes:
        return self.get(name)

    def keys(self) -> list[str]:
        return []


def _by_trimesh(path: Path, content: bytes, kind: Kind) -> tuple[list[ImportedPart], list[ImportedMaterial]]:
    import trimesh

    try:
        with warnings.catch_warnings(), _silenced(logging.getLogger("trimesh")):
            warnings.simplefilter("ignore")
            resolver: Any = _Resolver(path.parent)
            scene = trimesh.load_scene(io.BytesIO(content), file_type=kind, resolver=resolver, process=False)
    except Style3DError:
        raise
    except Exception as error:  # whatever the reader raises on a damaged file
        log.debug("trimesh could not read %s", path, exc_info=True)
        hint = "export it again, or convert it to glTF"
        raise Style3DError(
            f"{path.name} is damaged", got=f"{type(error).__name__}: {str(error)[:80]}", hint=hint
        ) from None
    parts, looks = [], list[ImportedMaterial]()
    for name, geometry in scene.geometry.items():
        if isinstance(geometry, trimesh.Trimesh):
            parts.append(_part(name if len(scene.geometry) > 1 else path.stem, geometry, looks))
        elif hasattr(geometry, "vertices"):
            parts.append(
                ImportedPart(name, np.asarray(geometry.vertices, dtype=np.float64), np.zeros((0, 3), np.int64))
            )
    return parts, looks


@contextmanager
def _silenced(logger: logging.Logger) -> Iterator[None]:
    """What a reader logs about a file is said in remarks and errors instead."""
    before = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        logger.setLevel(before)


def _part(name: str, mesh: Any, looks: list[ImportedMaterial]) -> ImportedPart:
    """Arrays of a trimesh mesh, with equal vertices joined."""
    positions = np.array(mesh.vertices, dtype=np.float64).reshape(-1, 3)
    faces = np.array(mesh.faces, dtype=np.int64).reshape(-1, 3)
    if not len(faces) or faces.min() < 0 or faces.max() >= len(positions):
        return ImportedPart(name, positions, faces)
    normals = None
    if "vertex_normals" in mesh._cache.cache:  # only those that the file brought
        normals = np.array(mesh.vertex_normals, dtype=np.float64)
    visual, uvs, colors = mesh.visual, None, None
    look: int | None = None
    if visual.kind == "texture" and visual.uv is not None and len(visual.uv) == len(positions):
        uvs = np.nan_to_num(np.array(visual.uv, dtype=np.float64)[:, :2]) * [1, -1] + [0, 1]
        look = len(looks)
        looks.append(_look(name, visual.material))
    elif visual.kind == "vertex":
        colors = _linear(visual.vertex_colors)
    elif visual.kind == "face":
        colors = _linear(np.repeat(visual.face_colors, 3, axis=0))
        positions, faces, normals = positions[faces].reshape(-1, 3), np.arange(3 * len(faces)).reshape(-1, 3), None
    columns = [np.ascontiguousarray(part) for part in (positions, normals, uvs, colors) if part is not None]
    first, numbers = number_rows(np.column_stack(columns))
    picked = [None if part is None else part[first] for part in (normals, uvs, colors)]
    return ImportedPart(name, positions[first], numbers[faces], look, *picked)


def _linear(colors: Any) -> Array | None:
    """8-bit display-referred RGBA as linear light; None if all is white."""
    values = np.asarray(colors, dtype=np.float64) / 255
    if values.ndim != 2 or values.shape[1] != 4 or (values >= 1).all():
        return None
    return np.column_stack([decode_srgb(values[:, :3]), values[:, 3]])


def _look(name: str, material: Any) -> ImportedMaterial:
    """The image of a trimesh material."""
    image = getattr(material, "image", None) or getattr(material, "baseColorTexture", None)
    if image is None:
        return ImportedMaterial(name)
    stream = io.BytesIO()
    try:
        image.save(stream, format="PNG")
        content = stream.getvalue()
    except (OSError, ValueError):
        return ImportedMaterial(name)
    pixels = read_texture(content, name)
    content, _ = encode_image(pixels[..., :3], pixels[..., 3] if pixels.shape[2] == 4 else None, "png")
    return ImportedMaterial(name, images={"baseColorTexture": (name, content)})
