"""A mesh asset opens a model file as something to paint, and writes the painted model."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np

from style3d.errors import Style3DError
from style3d.files import read_bytes
from style3d.gltf.document import Document, parse_document
from style3d.gltf.extensions import left_unpainted
from style3d.gltf.requirements import INSTEAD, requirements_named, unmet
from style3d.gltf.splat_primitives import has_others, has_splats
from style3d.images import ImageFormat
from style3d.job.file_types import mesh_files_that
from style3d.mesh.animation import Pose
from style3d.mesh.assemble import assemble
from style3d.mesh.credentials import Credentials
from style3d.mesh.document_view import Key, Pool, read_pool
from style3d.mesh.formats import check_kind
from style3d.mesh.maps import Map, with_maps
from style3d.mesh.materials import base_color
from style3d.mesh.obj_source import ObjSource, import_obj
from style3d.mesh.painted_slot import Slot
from style3d.mesh.prepare import UvChoice, prepare_textures, usable_texcoord
from style3d.mesh.repaint import with_textures
from style3d.mesh.repeated import shown_elsewhere
from style3d.mesh.signing import with_signed_images
from style3d.mesh.textures import LEAST
from style3d.mesh.unpainted import Unpainted
from style3d.mesh.variants import Variant, with_variants
from style3d.mesh.vertexcolors import prepare_vertices, vertex_table, with_vertex_colors
from style3d.mesh.writer_registry import PaintedMesh, writer_of
from style3d.mesh.xmp import Provenance, with_provenance
from style3d.remarks import collect_remarks, remark
from style3d.render.surface import Surface

log = logging.getLogger(__name__)
Paint = Literal["texture", "vertices"]
Array = np.ndarray[Any, Any]
SIZES = range(16, 16385)  # of textures


@dataclass(frozen=True)
class MeshAsset:
    """A model: the file it came from, kept whole, and the surface that is painted.

    Concretely: a helmet of 6 materials whose 6 base-colour textures are painted and whose 9 other maps stay.
    """

    document: Document
    surface: Surface
    source: Path
    notes: tuple[str, ...]  # its remarks, and what was done to it; for the report
    remarks: tuple[str, ...] = ()  # what was not found in it, or was stood in for; see `style3d.remarks`
    slots: tuple[Slot, ...] = ()  # which material takes which texture
    entries: Mapping[Key, Array] = field(default_factory=dict)  # rows of the vertex-colour table by primitive
    opacity: Mapping[Key, Array] = field(default_factory=dict)  # of its vertices
    provenance: Provenance | None = None  # what the written file says of itself
    maps: tuple[Map, ...] = ("base",)  # that are written; others than base are derived from the strokes
    obj: ObjSource | None = None  # the source, where it is an OBJ
    credentials: Credentials | None = None  # whose signature painted textures get


def load_asset(
    path: Path | str,
    *,
    paint: Paint | None = None,
    texture_size: int | None = None,
    pose: Pose | None = None,
    uv: UvChoice = "keep",
) -> MeshAsset:
    """Read a model and get it ready to be painted.

    Args:
        path: a file of one of the kinds in `style3d.mesh.formats.KINDS`.
        paint: textures or vertex colours; by default textures, but vertex colours for a mesh without UVs that has
            more vertices than a quarter of the texels it would get.
        texture_size: texels on the longer side of what is written; by default the source's, and at least 1024.
        pose: how a rig stands while it is painted; by default as the file has it. What is written keeps its own.
        uv: whether base colours are painted through the UVs that are there: keep does, new never, auto where they
            leave room for paint.

    Raises:
        Style3DError: the file is missing, damaged, of another kind, or shows no faces.
    """
    path = Path(path)
    if texture_size is not None and texture_size not in SIZES:
        raise Style3DError("--texture-size is out of range", got=texture_size, expected="16 to 16384")
    try:
        with collect_remarks() as remarks:
            document, obj = _read(path)
            with requirements_named(document.json, path.name):
                asset = _prepare_asset(path, document, paint, texture_size, pose, uv)
        return replace(asset, remarks=tuple(remarks), notes=(*remarks, *asset.notes), obj=obj)
    except (KeyError, TypeError, ValueError, IndexError, AttributeError, OverflowError, RecursionError) as error:
        log.debug("reading %s failed", path, exc_info=True)
        got = f"{type(error).__name__}: {str(error)[:120]}"
        raise Style3DError(
            f"{path.name} is damaged", got=got, hint="export it again, or check it with a validator"
        ) from error
    except MemoryError:
        raise Style3DError(f"{path.name} does not fit in memory", hint="use a simplified mesh") from None


def asset_of(document: Document, source: Path, texture_size: int | None = None) -> MeshAsset:
    """A document made in memory, ready for its textures to be painted; ``source`` is what to call it.

    Raises:
        Style3DError: it shows no faces.
    """
    return _prepare_asset(source, document, "texture", texture_size, None, "keep")


def save_asset(
    asset: MeshAsset, colors: Sequence[Array] | Array, path: Path | str, texture_format: str = "png"
) -> tuple[Path, ...]:
    """Write an asset with new colours; the suffix of ``path`` chooses a row of `style3d.mesh.writer_registry`.

    Args:
        asset: what `load_asset` gave.
        colors: an image (h, w, 3) for each of the surface's textures, or (entries, 3) vertex colours; display-referred.
        path: the file to write.
        texture_format: png, jpeg (PNG where there is opacity) or webp.

    Returns:
        Every file written, the model last.

    Raises:
        Style3DError: an unknown suffix or format, colours of another shape, or a file that cannot be written.
    """
    path = Path(path)
    writer = writer_of(path)
    kind = _check_paint(asset, colors, texture_format)
    for text in losses_of(asset, path):
        remark(text)
    whole = Unpainted(asset.document, asset.surface, asset.slots, asset.entries, asset.obj)
    return writer.write(PaintedMesh(asset.surface, colors, kind, lambda: _document(asset, colors, kind), whole), path)


def losses_of(asset: MeshAsset, path: Path) -> tuple[str, ...]:
    """What a file at ``path`` will not hold of an asset, a sentence each.

    Raises:
        Style3DError: an unknown suffix.
    """
    return tuple(writer_of(path).lost(Unpainted(asset.document, asset.surface, asset.slots, asset.entries, asset.obj)))


def save_variants(
    asset: MeshAsset, variants: Sequence[Variant], path: Path | str, texture_format: str = "png"
) -> tuple[Path, ...]:
    """Write an asset once with several variants, the first of them shown; see `with_variants` and `save_asset`.

    Raises:
        Style3DError: vertex colours are painted, which no variant can switch; the kind of file holds no variants; or
            see `save_asset`.
    """
    path = Path(path)
    if asset.surface.painted == "vertices":
        raise Style3DError("vertex colours cannot be switched by variants", hint="use --paint texture")
    writer = writer_of(path)
    if not writer.file.holds_variants:
        expected = mesh_files_that(lambda row: row.holds_variants)
        raise Style3DError(f"{path.name} cannot hold variants", expected=expected)
    kinds = [_check_paint(asset, variant.images, texture_format) for variant in variants]

    def document() -> tuple[Document, dict[int, str]]:
        return _vouch_for(
            asset, *with_variants(asset.document, asset.slots, asset.surface.textures, variants, kinds[0])
        )

    return writer.write(PaintedMesh(asset.surface, variants[0].images, kinds[0], document), path)


def _document(asset: MeshAsset, colors: Sequence[Array] | Array, kind: ImageFormat) -> tuple[Document, dict[int, str]]:
    """The source's document with new colours, and the names of new images."""
    if asset.surface.painted == "vertices":
        rgb = np.asarray(colors)
        return _vouch_for(asset, with_vertex_colors(asset.document, dict(asset.entries), dict(asset.opacity), rgb), {})
    names: dict[int, str] = {}
    document, images = asset.document, list(colors)
    if "base" in asset.maps:
        document, names = with_textures(document, asset.slots, asset.surface.textures, images, kind)
    document, others = with_maps(document, asset.slots, asset.surface.textures, images, asset.maps)
    return _vouch_for(asset, document, names | others)


def _vouch_for(asset: MeshAsset, document: Document, names: dict[int, str]) -> tuple[Document, dict[int, str]]:
    """The document when it says where it comes from, and is signed where there is a signature."""
    if asset.provenance is not None:
        document = with_provenance(document, asset.provenance)
    if asset.credentials is not None:
        told = asset.provenance.packet() if asset.provenance is not None else {}
        document = with_signed_images(document, names, asset.credentials, told)
    return document, names


def _read(path: Path) -> tuple[Document, ObjSource | None]:
    """The document of a file, and the file itself where it is an OBJ."""
    if path.is_dir():
        hint = "name the model in it; posed photos are painted with: style3d nerf FOLDER"
        raise Style3DError(f"{path} is a folder", expected="a mesh", hint=hint)
    content = read_bytes(path)
    kind = check_kind(path, content)
    if kind in ("glb", "gltf"):
        document = parse_document(content, path.parent, path.name)
        if has_splats(document.json) and not has_others(document.json):
            hint = f"paint them with: style3d nerf {path.name}"
            raise Style3DError(f"{path.name} is Gaussian splats, and no mesh", hint=hint)
        if missed := unmet(document.json):
            remark(f"{path.name} requires {missed}, which is not read: it may look otherwise; {INSTEAD}")
        return document, None
    if kind == "obj":
        return import_obj(path, content)
    from style3d.mesh.imported import import_mesh

    return import_mesh(path, content, kind), None


def _prepare_asset(
    path: Path,
    document: Document,
    paint: Paint | None,
    size: int | None,
    pose: Pose | None,
    uv: UvChoice,
) -> MeshAsset:
    pool = read_pool(document, pose)
    notes = list(pool.notes)
    if paint is None:
        paint = _better(pool, size or LEAST, notes)
    if paint == "vertices":
        entries, rgb, opacity = vertex_table(pool)
        if not entries:
            raise Style3DError(f"{path.name} has no vertices that can take colours", hint="try --paint texture")
        changed = prepare_vertices(pool, list(entries))
        surface = assemble(replace(read_pool(changed), drawn=pool.drawn), (), (), entries, rgb)
        return MeshAsset(changed, surface, path, tuple(notes), slots=(), entries=entries, opacity=opacity)
    prepared = prepare_textures(pool, size, uv)
    if not prepared.slots:
        raise Style3DError(
            f"{path.name} has nothing to paint", got="Draco-compressed primitives alone", hint="decompress it first"
        )
    _remark_unpainted(prepared.pool.document, {slot.material for slot in prepared.slots})
    surface = assemble(prepared.pool, prepared.textures, prepared.slots)
    return MeshAsset(prepared.pool.document, surface, path, (*notes, *prepared.notes), slots=prepared.slots)


def _remark_unpainted(document: Document, painted: set[int]) -> None:
    """Say what shows a base colour in another way than the painted one."""
    for text in left_unpainted(document.json, painted):
        remark(text)
    for index in sorted(painted):
        color = base_color(document, index)
        if names := shown_elsewhere(document.item("materials", index)):
            remark(
                f"material {color.name!r} shows the picture of its base colour as {', '.join(names)}, too: that stays"
            )


def _better(pool: Pool, size: int, notes: list[str]) -> Paint:
    """Vertex colours where a mesh without UVs is so dense that a texture would hold less."""
    pieces = [(p, pool.color(key)) for key, p in pool.primitives.items() if not p.compressed]
    bare = [p for p, color in pieces if usable_texcoord(p, color) is None]
    count = sum(len(primitive.positions) for primitive in bare)
    if len(bare) == len(pool.primitives) and count >= size * size / 4:
        notes.append(f"no UVs and {count:,} vertices: vertex colours are painted (--paint texture unwraps it)")
        return "vertices"
    return "texture"


def _check_paint(asset: MeshAsset, colors: Sequence[Array] | Array, texture_format: str) -> ImageFormat:
    kinds: dict[str, ImageFormat] = {"png": "png", "jpeg": "jpeg", "jpg": "jpeg", "webp": "webp"}
    if texture_format.lower() not in kinds:
        raise Style3DError("unknown texture format", got=repr(texture_format), expected="png, jpeg or webp")
    surface = asset.surface
    wanted = [texture.rgb.shape for texture in surface.textures]
    if surface.painted == "vertices":
        wanted, shapes = [(surface.entries, 3)], [np.shape(colors)]
    else:
        shapes = [np.shape(image) for image in colors]
    if shapes != wanted:
        raise Style3DError("the colours do not fit the asset", got=shapes, expected=str(wanted))
    return kinds[texture_format.lower()]
