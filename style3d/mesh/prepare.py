"""Deciding what is painted through which texture, and adding the UV sets and materials that this takes."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from style3d.gltf.accessors import Accessors
from style3d.gltf.document import Document, Json
from style3d.gltf.editor import Editor
from style3d.mesh.atlas import atlas_texture
from style3d.mesh.bake import overlap_share
from style3d.mesh.document_view import Key, Pool, counted, read_pool
from style3d.mesh.materials import BaseColor, slots
from style3d.mesh.painted_slot import Slot
from style3d.mesh.primitives import Primitive
from style3d.mesh.texture_table import TextureTable
from style3d.mesh.textures import LEAST
from style3d.mesh.unwrap import rewrite, unwrap
from style3d.render.surface import Texture

OVERLAP_WORTH_SAYING = 0.02


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
        notes.append(
            f"{counted(len(closed), 'Draco-compressed primitive')} without UVs: only the plain colour is painted"
        )
    editor = Editor(pool.document)
    texcoords = _own_materials(editor, pool, with_uvs, closed)
    atlas = None
    if bare:
        atlas, sets = _unwrap_bare(editor, pool, bare, texture_size or LEAST, notes)
        texcoords |= sets
    document = editor.finish()
    fresh = pool
    if document.json != pool.document.json:  # what nothing was added to need not be read again
        fresh = replace(read_pool(document), drawn=pool.drawn, images=pool.images, notes=pool.notes)
    used = {key: fresh.primitives[key] for key in (*with_uvs, *bare)}
    table = TextureTable(fresh, texture_size, notes)
    if atlas is not None:
        table.textures.append(atlas)
    chosen: dict[int, Slot] = {}
    for key, primitive in used.items():
        material = primitive.material
        if material is not None and material not in chosen:
            index = 0 if key in bare else table.add(material, fresh.color(key))
            chosen[material] = Slot(material, index, texcoords[key])
    for key in closed:
        material, color = fresh.primitives[key].material, fresh.color(key)
        if material is not None and material not in chosen and color.texture is None:
            chosen[material] = Slot(material, table.add_swatch(color), None)
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


def _own_materials(editor: Editor, pool: Pool, with_uvs: dict[Key, int], closed: list[Key]) -> dict[Key, int]:
    """Give primitives without a material one; returns the UV set of each."""
    for key in (*with_uvs, *closed):
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
    notes.append(
        f"{counted(len(bare), 'primitive')} without UVs unwrapped; {max(added, 0):,} vertices split along cuts"
    )
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


def _note_overlaps(pool: Pool, with_uvs: dict[Key, int], notes: list[str]) -> None:
    """Say where several faces share texels, for they will show the same paint."""
    groups: dict[int, list[tuple[np.ndarray, np.ndarray]]] = {}  # type: ignore[type-arg]
    for key, texcoord in with_uvs.items():
        primitive = pool.primitives[key]
        if primitive.material is not None:
            groups.setdefault(primitive.material, []).append((primitive.uvs[texcoord], primitive.faces))
    shares: dict[str, float] = {}
    for material, parts in groups.items():
        starts = np.cumsum([0] + [len(uvs) for uvs, _ in parts])
        faces = np.concatenate([faces + start for (_, faces), start in zip(parts, starts[:-1], strict=True)])
        share = overlap_share(np.concatenate([uvs for uvs, _ in parts]), faces)
        if share > OVERLAP_WORTH_SAYING:
            shares[pool.materials[material].name] = share
    if shares:
        worst = sorted(shares, key=lambda name: -shares[name])[:6]
        listed = ", ".join(f"{name} {shares[name]:.0%}" for name in worst)
        more = f" and {len(shares) - len(worst)} more" if len(shares) > len(worst) else ""
        notes.append(f"texels shared by several faces, which show the same paint: {listed}{more}")
