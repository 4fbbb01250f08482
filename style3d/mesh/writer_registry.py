"""Each kind of file that a painted mesh is written as has a row. Outputs, refusals and docs use it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

import numpy as np

from style3d.errors import Style3DError
from style3d.gltf.container import write_document
from style3d.gltf.document import Document
from style3d.images import ImageFormat
from style3d.job.file_types import MESH_FILES, MESH_SUFFIXES, MeshFile, mesh_file
from style3d.mesh.lost_by_format import losses, map_count
from style3d.mesh.mtl_material import unread_maps
from style3d.mesh.mtl_of_gltf import further_maps
from style3d.mesh.obj_rewrite import lost_in_rewriting, rewrite_obj
from style3d.mesh.unpainted import Unpainted
from style3d.mesh.writers import write_obj, write_ply
from style3d.render.surface import Surface

Array = np.ndarray[Any, Any]


@final
@dataclass(frozen=True)
class PaintedMesh:
    """What a writer gets: triangles with their new colours, and on demand the source's document with them in it.

    Concretely: the fox's triangles, its repainted fur of 1024 x 1024 texels, and a glTF that differs in that image.
    """

    surface: Surface
    colors: Sequence[Array] | Array  # an image (h, w, 3) for each texture, or (entries, 3); display-referred
    image_format: ImageFormat
    document: Callable[[], tuple[Document, dict[int, str]]]  # made when called; names of new images by their index
    unpainted: Unpainted | None = None  # the asset it was


def _nothing_lost(asset: Unpainted) -> Iterator[str]:
    """Of a file that holds all."""
    yield from ()


@final
@dataclass(frozen=True)
class MeshWriter:
    """One kind of file that a painted mesh is written as. Concretely: OBJ with MTL and images.

    ``file`` says what such a file can hold: the rest of a source's document, variants, further maps, signatures.
    Options, refusals and the table in docs/formats.md follow it. ``write`` gets the painted mesh and a path, writes
    every file whole or not at all, and returns the files, with the model last. It may assume that the folder is
    there and that the suffix is its own. ``lost`` yields a sentence for each thing of an asset that the file cannot
    hold; a run tells these before it paints, and ``--strict`` refuses them.

    Examples:
        >>> from pathlib import Path
        >>> row = writer_of(Path("painted.obj"))
        >>> row.file.holds_maps, row.file.keeps_document
        (False, False)
        >>> writer_of(Path("painted.glb")).file.keeps_document
        True
    """

    file: MeshFile
    write: Callable[[PaintedMesh, Path], tuple[Path, ...]]  # gives every file written, the model last
    lost: Callable[[Unpainted], Iterator[str]] = _nothing_lost  # what the file cannot hold, a sentence each


def _write_document(painted: PaintedMesh, path: Path) -> tuple[Path, ...]:
    document, names = painted.document()
    return write_document(document, path, names)


def _write_obj(painted: PaintedMesh, path: Path) -> tuple[Path, ...]:
    asset = painted.unpainted
    if asset is not None and asset.obj is not None:
        return rewrite_obj(asset, asset.obj, painted.colors, painted.image_format, path)
    document, slots = (None, ()) if asset is None else (asset.document, asset.slots)
    return write_obj(painted.surface, painted.colors, path, painted.image_format, document, slots)


def _write_ply(painted: PaintedMesh, path: Path) -> tuple[Path, ...]:
    return write_ply(painted.surface, painted.colors, path)


def _lost_in_glb(asset: Unpainted) -> Iterator[str]:
    yield from _lost_of_obj(asset, "a glTF")


def _lost_in_obj(asset: Unpainted) -> Iterator[str]:
    if asset.obj is not None:
        yield from lost_in_rewriting(asset, asset.obj)
        return
    yield from losses(asset.document, "an OBJ", frozenset({"vertex colours", "maps besides the base colour"}))
    drawn = set(np.unique(asset.surface.material).tolist()) & set(range(len(asset.document.items("materials"))))
    slots = {slot.material: slot for slot in asset.slots}
    carried_count = sum(len(further_maps(asset.document, index, slots.get(index))) for index in drawn)
    if (count := map_count(asset.document) - carried_count) > 0:
        yield f"an OBJ file holds maps of normals, glow, roughness and metalness by one UV set: {count} are left out"
    wraps = _wraps_shown(asset.surface)
    if any("mirror" in wrap for wrap in wraps):
        yield "an OBJ file cannot mirror a picture beyond its edge: it is repeated as it is"
    if any(len(set(wrap)) > 1 for wrap in wraps):
        yield "an OBJ file clamps a picture along both sides or neither: it is repeated along both"


def _wraps_shown(surface: Surface) -> set[tuple[str, str]]:
    """How pictures go on beyond their edges, where a face shows that."""
    found: set[tuple[str, str]] = set()
    for index, material in enumerate(surface.materials):
        uvs = surface.uvs[surface.faces[surface.material == index].ravel()]
        if material.texture is not None and ((uvs < -1e-3) | (uvs > 1 + 1e-3)).any():
            found.add(surface.textures[material.texture].wrap)
    return found


def _lost_in_ply(asset: Unpainted) -> Iterator[str]:
    if asset.surface.painted == "texture":
        yield "a PLY file holds no pictures: each vertex keeps the colour that its textures show there"
    yield from losses(asset.document, "a PLY", frozenset({"vertex colours"}))
    yield from _lost_of_obj(asset, "a PLY")


def _lost_of_obj(asset: Unpainted, kind: str) -> Iterator[str]:
    """What only an OBJ holds of an OBJ."""
    if asset.obj is None:
        return
    if asset.obj.loose:
        yield f"{kind} file gets no points, lines or curves of an OBJ ({asset.obj.loose}): they are left out"
    if asset.obj.settings:
        listed = ", ".join(f"{word} ({count:,})" for word, count in asset.obj.settings.items())
        yield f"{kind} file has no place for these statements of an OBJ: {listed}"
    unread = unread_maps(asset.obj.materials)
    if unread:
        listed = ", ".join(f"{word} ({count})" for word, count in sorted(unread.items()))
        yield f"{kind} file has no place for these pictures of materials: {listed}"


WRITERS: list[MeshWriter] = [
    MeshWriter(mesh_file(".glb"), _write_document, _lost_in_glb),
    MeshWriter(mesh_file(".gltf"), _write_document, _lost_in_glb),
    MeshWriter(mesh_file(".vrm"), _write_document, _lost_in_glb),
    MeshWriter(mesh_file(".obj"), _write_obj, _lost_in_obj),
    MeshWriter(mesh_file(".ply"), _write_ply, _lost_in_ply),
]


def register(writer: MeshWriter) -> None:
    """Add a kind of file: `save_asset`, `style3d mesh` and `--mesh` of radiance fields write it from then on.

    Raises:
        Style3DError: its suffix is written already.
    """
    if writer.file.suffix in MESH_SUFFIXES:
        raise Style3DError(f"{writer.file.suffix} is written by another writer", hint="choose another suffix")
    MESH_FILES.append(writer.file)
    WRITERS.append(writer)


def writer_of(path: Path) -> MeshWriter:
    """The writer of a file, by its suffix.

    Raises:
        Style3DError: there is none.
    """
    found = next((row for row in WRITERS if row.file.suffix == path.suffix.lower()), None)
    if found is None:
        raise Style3DError(f"{path.name} has a file type that cannot be written", expected=str(MESH_SUFFIXES))
    return found


def docs_table() -> str:
    """The table of outputs in docs/formats.md."""
    lines = [
        "| suffix | what is written | keeps the rest | variants | maps | signatures |",
        "|---|---|---|---|---|---|",
    ]
    for writer in WRITERS:
        file = writer.file
        holds = (file.keeps_document, file.holds_variants, file.holds_maps, file.holds_signatures)
        lines.append(f"| `{file.suffix}` | {file.meaning} | {' | '.join('yes' if can else 'no' for can in holds)} |")
    return "\n".join(lines)
