"""Deciding what is painted through which texture, and adding the UV sets and materials that this takes."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from style3d.mesh.accessors import Accessors
from style3d.mesh.atlas import atlas_texture
from style3d.mesh.bake import overlap_share
from style3d.mesh.document import Document, Json
from style3d.mesh.editor import Editor
from style3d.mesh.materials import BaseColor, slots, source_image, wraps
from style3d.mesh.pool import Key, Pool, image_name, read_pool
from style3d.mesh.primitives import Primitive
from style3d.mesh.textures import LEAST, flat, resized, target_size, tinted
from style3d.mesh.unwrap import rewrite, unwrap
from style3d.render.surface import Texture, Wrap

BUDGET = 64 << 20  # texels of all textures together
OVERLAP_WORTH_SAYING = 0.02


@dataclass(frozen=True)
class Slot:
    """A material whose base colour is painted.

    Concretely: material 3 takes its colour from texture 1 of the table, by UV set 0.
    """

    material: int
    table: int  # index into the textures that are painted
    texcoord: int


@dataclass(frozen=True)
class Prepared:
    """A document in which everything that is painted has UVs and a material of its own."""

    pool: Pool
    slots: tuple[Slot, ...]
    textures: tuple[Texture, ...]
    notes: tuple[str, ...]


def prepare_textures(pool: Pool, texture_size: int | None) -> Prepared:
    """Find or make UVs, materials and textures for all that is shown.

    Raises:
        Style3DError: a texture is of a kind that is not read, or has too many pixels.
    """
    notes: list[str] = []
    with_uvs = {
        key: found for key, p in pool.primitives.items() if (found := usable_texcoord(p, pool.color(key))) is not None
    }
    bare = [key for key, p in pool.primitives.items() if key not in with_uvs and not p.compressed]
    closed = [key for key, p in pool.primitives.items() if key not in with_uvs and p.compressed]
    if closed:
        notes.append(f"{len(closed)} Draco-compressed primitives have no UVs and keep their colour as it is")
    editor = Editor(pool.document)
    texcoords = _own_materials(editor, pool, with_uvs)
    atlas = None
    if bare:
        atlas, sets = _unwrap_bare(editor, pool, bare, texture_size or LEAST, notes)
        texcoords |= sets
    document = editor.finish()
    fresh = replace(read_pool(document), images=pool.images, notes=pool.notes)
    used = {key: fresh.primitives[key] for key in (*with_uvs, *bare)}
    table = _Table(fresh, texture_size, notes)
    if atlas is not None:
        table.textures.append(atlas)
    chosen: dict[int, Slot] = {}
    for key, primitive in used.items():
        material = primitive.material
        if material is not None and material not in chosen:
            index = 0 if key in bare else table.add(material, fresh.color(key))
            chosen[material] = Slot(material, index, texcoords[key])
    _note_overlaps(fresh, with_uvs, notes)
    return Prepared(fresh, tuple(chosen.values()), table.fitted(), tuple(notes))


def usable_texcoord(primitive: Primitive, color: BaseColor) -> int | None:
    """The UV set that a material's colour goes by, None where there is none or it has no area."""
    if color.texcoord not in primitive.uvs:
        return None
    corners = primitive.uvs[color.texcoord][primitive.faces]
    if not np.isfinite(corners).all():
        return None
    sides = corners[:, 1:] - corners[:, :1]
    area = np.abs(sides[:, 0, 0] * sides[:, 1, 1] - sides[:, 0, 1] * sides[:, 1, 0])
    flat_share = float((area < 1e-14).mean())
    return color.texcoord if color.texture is not None or flat_share < 0.5 else None


def _own_materials(editor: Editor, pool: Pool, with_uvs: dict[Key, int]) -> dict[Key, int]:
    """Give primitives without a material one; returns the UV set of each."""
    for key in with_uvs:
        if pool.primitives[key].material is None:
            item = editor.json["meshes"][key[0]]["primitives"][key[1]]
            item["material"] = editor.append("materials", plain_material(editor, key))
    return dict(with_uvs)


def plain_material(editor: Editor, key: Key) -> Json:
    """What stands in for no material: white and matt, so that paint shows its own colours."""
    name = editor.json["meshes"][key[0]].get("name", f"mesh {key[0]}")
    return {"name": f"{name} {key[1]}", "pbrMetallicRoughness": {"metallicFactor": 0}}


def _unwrap_bare(
    editor: Editor, pool: Pool, bare: list[Key], size: int, notes: list[str]
) -> tuple[Texture, dict[Key, int]]:
    """One atlas for all primitives without UVs; returns its texture and their new UV sets."""
    world = {placement.mesh: placement.matrices[0] for placement in reversed(pool.drawn)}
    parts = []
    for key in bare:
        matrix = world[key[0]]
        parts.append((pool.primitives[key].positions @ matrix[:3, :3].T + matrix[:3, 3], pool.primitives[key].faces))
    results = unwrap(parts, size)
    reader, texcoords, made = Accessors(pool.document), dict[Key, int](), dict[tuple[int | None, int], int]()
    elsewhere = {p.get("material") for k, p in all_primitives(pool.document) if k not in bare}
    for key, result in zip(bare, results, strict=True):
        primitive = pool.primitives[key]
        texcoords[key] = rewrite(editor, reader, primitive, result, keep_colors=False)
        group = (primitive.material, texcoords[key])
        if group not in made:
            in_place = primitive.material not in elsewhere and all(old != primitive.material for old, _ in made)
            made[group] = _bare_material(editor, key, primitive.material, in_place)
        editor.json["meshes"][key[0]]["primitives"][key[1]]["material"] = made[group]
    added = sum(len(r.source) - len(pool.primitives[key].positions) for key, r in zip(bare, results, strict=True))
    notes.append(f"{len(bare)} primitives had no UVs and were unwrapped; {max(added, 0):,} vertices were split")
    pieces = [(pool.primitives[key], pool.color(key), result) for key, result in zip(bare, results, strict=True)]
    return atlas_texture(pieces, size), texcoords


def _bare_material(editor: Editor, key: Key, material: int | None, in_place: bool) -> int:
    """A material for unwrapped primitives, without a texture that they had no UVs for."""
    if material is None:
        return editor.append("materials", plain_material(editor, key))
    index = material if in_place else editor.append("materials", copy.deepcopy(editor.items("materials")[material]))
    for place, texture, _ in slots(editor.items("materials")[index]):
        place.pop(texture, None)
    return index


def all_primitives(document: Document) -> Iterable[tuple[Key, Json]]:
    """Every primitive of every mesh, shown or not."""
    for mesh, item in enumerate(document.items("meshes")):
        for index, primitive in enumerate(item.get("primitives", [])):
            yield (mesh, index), primitive


class _Table:
    """Textures to be painted, one for each image with its factor and wrap, or for each material without an image."""

    def __init__(self, pool: Pool, texture_size: int | None, notes: list[str]) -> None:
        self.pool, self.texture_size, self.notes = pool, texture_size, notes
        self.textures: list[Texture] = []
        self.blank: set[int] = set()  # those of one colour, which may shrink
        self._index: dict[tuple[object, ...], int] = {}

    def add(self, material: int, color: BaseColor) -> int:
        """Index of the texture for a material."""
        document = self.pool.document
        image, wrap = source_image(document, color.texture), wraps(document, color.texture)
        key = ("flat", material) if image is None else (image, color.factor[:3], wrap)
        if key not in self._index:
            self._index[key] = len(self.textures)
            self.textures.append(self._texture(image, wrap, color))
        return self._index[key]

    def _texture(self, image: int | None, wrap: tuple[Wrap, Wrap], color: BaseColor) -> Texture:
        found = None if image is None else self.pool.image(image, self.notes)
        name = self._unique((image_name(self.pool.document, image) if image is not None else "") or color.name)
        if found is None:
            self.blank.add(len(self.textures))
            return Texture(name, flat(color.factor, self.texture_size or LEAST), None, wrap)
        rgb, alpha = found
        size = target_size(rgb.shape[1], rgb.shape[0], self.texture_size)
        opacity = None if alpha is None else resized(alpha[..., None], size, wrap)[..., 0]
        return Texture(name, tinted(resized(rgb, size, wrap), color.factor), opacity, wrap)

    def _unique(self, name: str) -> str:
        taken, wanted, count = {texture.name for texture in self.textures}, name, 2
        while wanted in taken:
            wanted, count = f"{name} {count}", count + 1
        return wanted

    def fitted(self) -> tuple[Texture, ...]:
        """The textures, those of one colour made smaller where all together would be too large."""
        textures, side = list(self.textures), self.texture_size or LEAST
        while sum(t.rgb.shape[0] * t.rgb.shape[1] for t in textures) > BUDGET and side > 128:
            side //= 2
            for index in self.blank:
                textures[index] = replace(textures[index], rgb=np.ascontiguousarray(textures[index].rgb[:side, :side]))
        if side != (self.texture_size or LEAST):
            self.notes.append(f"{len(self.blank)} textures of one colour are written at {side} texels to save memory")
        return tuple(textures)


def _note_overlaps(pool: Pool, with_uvs: dict[Key, int], notes: list[str]) -> None:
    """Say where several faces share texels, for they will show the same paint."""
    groups: dict[int, list[tuple[np.ndarray, np.ndarray]]] = {}  # type: ignore[type-arg]
    for key, texcoord in with_uvs.items():
        primitive = pool.primitives[key]
        if primitive.material is not None:
            groups.setdefault(primitive.material, []).append((primitive.uvs[texcoord], primitive.faces))
    for material, parts in groups.items():
        starts = np.cumsum([0] + [len(uvs) for uvs, _ in parts])
        faces = np.concatenate([faces + start for (_, faces), start in zip(parts, starts[:-1], strict=True)])
        share = overlap_share(np.concatenate([uvs for uvs, _ in parts]), faces)
        if share > OVERLAP_WORTH_SAYING:
            name = pool.document.items("materials")[material].get("name", f"material {material}")
            notes.append(
                f"{name}: {share:.0%} of the painted texels are shared by several faces and show the same paint"
            )
