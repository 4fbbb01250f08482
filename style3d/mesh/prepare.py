"""The preparation decides which texture paints what, and adds the UV sets and materials that this needs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from style3d.gltf.editor import Editor
from style3d.mesh.bake import overlap_share
from style3d.mesh.document_view import Key, Pool, read_pool
from style3d.mesh.materials import BaseColor
from style3d.mesh.new_uvs import add_uvs, plain_material
from style3d.mesh.painted_slot import Slot
from style3d.mesh.primitives import Primitive
from style3d.mesh.texture_table import TextureTable
from style3d.mesh.textures import LEAST
from style3d.mesh.uv_room import cramped_rooms
from style3d.remarks import count_of, list_of, remark
from style3d.render.surface import Texture

UvChoice = Literal["auto", "keep", "new"]
OVERLAP_WORTH_SAYING = 0.02
MOST = 6  # names in a note
MOSTLY = 0.5  # of a primitive's triangles: UVs that fewer of them have are as good as none


@dataclass(frozen=True)
class Prepared:
    """A document in which everything that is painted has UVs and a material of its own."""

    pool: Pool
    slots: tuple[Slot, ...]
    textures: tuple[Texture, ...]
    notes: tuple[str, ...]


def prepare_textures(pool: Pool, texture_size: int | None, uv: UvChoice) -> Prepared:
    """Find or make UVs, materials and textures for all that is shown.

    Args:
        pool: what is shown.
        texture_size: texels on the longer side of what is written.
        uv: whether UVs that are there are painted; auto: unless they leave paint too little room.

    Raises:
        Style3DError: a texture is of a kind that is not read, or has too many pixels.
    """
    notes: list[str] = []
    with_uvs = {
        key: found for key, p in pool.primitives.items() if (found := usable_texcoord(p, pool.color(key))) is not None
    }
    _say_absent_sets(pool)
    bare = [key for key, p in pool.primitives.items() if key not in with_uvs and not p.compressed]
    closed = [key for key, p in pool.primitives.items() if key not in with_uvs and p.compressed]
    renewed = _primitives_to_unwrap(pool, with_uvs, uv, notes)
    with_uvs = {key: texcoord for key, texcoord in with_uvs.items() if key not in renewed}
    if closed:
        remark(f"{count_of(len(closed), 'Draco-compressed primitive')} without UVs can take only a plain colour")
    editor = Editor(pool.document)
    texcoords = _own_materials(editor, pool, with_uvs, closed)
    atlas = None
    if bare or renewed:
        made = add_uvs(editor, pool, bare, list(renewed), texture_size or LEAST, notes)
        atlas, texcoords = made.texture, texcoords | made.texcoords
    document = editor.finish()
    fresh = pool
    if document.json != pool.document.json:  # what nothing was added to need not be read again
        fresh = replace(read_pool(document), drawn=pool.drawn, images=pool.images, notes=pool.notes)
    used = {key: fresh.primitives[key] for key in (*with_uvs, *bare, *renewed)}
    table = TextureTable(fresh, texture_size, notes)
    if atlas is not None:
        table.textures.append(atlas)
    chosen: dict[int, Slot] = {}
    for key, primitive in used.items():
        material = primitive.material
        if material is not None and material not in chosen:
            index = table.add(material, fresh.color(key)) if key in with_uvs else 0
            chosen[material] = Slot(material, index, texcoords[key])
    for key in closed:
        material, color = fresh.primitives[key].material, fresh.color(key)
        if material is not None and material not in chosen and color.texture is None:
            chosen[material] = Slot(material, table.add_swatch(color), None)
    _note_overlaps(fresh, with_uvs, notes)
    return Prepared(fresh, tuple(chosen.values()), table.fit_textures(), tuple(notes))


def _say_absent_sets(pool: Pool) -> None:
    """Remark pictures that go by a UV set which is not there, though others are."""
    for key, primitive in pool.primitives.items():
        color = pool.color(key)
        if color.texture is not None and primitive.uvs and color.texcoord not in primitive.uvs:
            remark(
                f"{primitive.name} lacks TEXCOORD_{color.texcoord}, by which material {color.name} shows its picture"
            )


def _primitives_to_unwrap(pool: Pool, with_uvs: dict[Key, int], uv: UvChoice, notes: list[str]) -> dict[Key, None]:
    """Primitives that get another UV set for their base colour, in their order; compressed ones cannot."""
    able = {key: texcoord for key, texcoord in with_uvs.items() if not pool.primitives[key].compressed}
    if uv == "new":
        return dict.fromkeys(able)
    cramped = cramped_rooms(pool, able)
    if not cramped:
        return {}
    names = list(dict.fromkeys(pool.color(key).name for _, keys in cramped for key in keys))
    told = list_of(names, MOST)
    if uv == "keep":
        notes.append(f"UVs with little room for paint kept: {told}; swatches change colour (--uv new paints strokes)")
        return {}
    notes.append(f"UVs with little room for paint: {told} (--uv keep paints them all the same)")
    return dict.fromkeys(sorted(key for _, keys in cramped for key in keys))


def usable_texcoord(primitive: Primitive, color: BaseColor) -> int | None:
    """The UV set that a material's colour goes by, None where there is none or it has no area."""
    if color.texcoord not in primitive.uvs:
        return None
    placed = np.isfinite(primitive.uvs[color.texcoord][primitive.faces]).all((1, 2))
    if placed.mean() < MOSTLY:
        return None
    corners = primitive.uvs[color.texcoord][primitive.faces[placed]]
    sides = corners[:, 1:] - corners[:, :1]
    area = np.abs(sides[:, 0, 0] * sides[:, 1, 1] - sides[:, 0, 1] * sides[:, 1, 0])
    flat_share = float((area < 1e-14).mean())
    return color.texcoord if color.texture is not None or flat_share < MOSTLY else None


def _own_materials(editor: Editor, pool: Pool, with_uvs: dict[Key, int], closed: list[Key]) -> dict[Key, int]:
    """Give primitives without a material one; returns the UV set of each."""
    for key in (*with_uvs, *closed):
        if pool.primitives[key].material is None:
            item = editor.json["meshes"][key[0]]["primitives"][key[1]]
            item["material"] = editor.append("materials", plain_material(editor, key))
    return dict(with_uvs)


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
        worst = [f"{name} {share:.0%}" for name, share in sorted(shares.items(), key=lambda pair: -pair[1])]
        notes.append(f"texels shared by several faces, which show the same paint: {list_of(worst, MOST)}")
