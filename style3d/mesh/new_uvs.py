"""Primitives whose own UVs cannot be painted get one atlas, in a new UV set that their materials use."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import final

from style3d.gltf.accessors import Accessors
from style3d.gltf.document import Document, Json
from style3d.gltf.editor import Editor
from style3d.gltf.extensions import TRANSFORM, VARIANTS
from style3d.mesh.atlas import Piece, SourceTexture, atlas_texture
from style3d.mesh.document_view import Key, Pool
from style3d.mesh.materials import slots, transform_uvs
from style3d.mesh.unwrap import Unwrapped, rewrite, unwrap
from style3d.remarks import count_of
from style3d.render.surface import Texture


@final
@dataclass(frozen=True)
class NewUvs:
    """What unwrapping made. Concretely: the atlas of a knight and his sword, and TEXCOORD_1 of both."""

    texture: Texture
    texcoords: dict[Key, int]


def add_uvs(editor: Editor, pool: Pool, bare: list[Key], renewed: list[Key], size: int, notes: list[str]) -> NewUvs:
    """Give primitives a new UV set in one common atlas, and materials whose base colour goes by it.

    Args:
        editor: takes the changes.
        pool: the primitives.
        bare: those without UVs; their vertex colours move into the atlas.
        renewed: those whose UVs stay for all else; the base colour they show moves into the atlas.
        size: texels on a side.
        notes: gets a remark for each kind.
    """
    keys, kept = [*bare, *renewed], set(renewed)
    results = dict(
        zip(keys, unwrap([(pool.world_positions(key), pool.primitives[key].faces) for key in keys], size), strict=True)
    )
    reader = Accessors(pool.document)
    texcoords = {
        key: rewrite(editor, reader, pool.primitives[key], result, keep_colors=key in kept)
        for key, result in results.items()
    }
    _own_materials(editor, pool, texcoords)
    if renewed:
        editor.forget_extension(TRANSFORM)
    _note(pool, bare, renewed, results, notes)
    pieces = [Piece(pool.primitives[key], pool.color(key), results[key]) for key in bare]
    pieces += [_piece(pool, key, results[key]) for key in renewed]
    return NewUvs(atlas_texture(pieces, size), texcoords)


def all_primitives(document: Document) -> Iterable[tuple[Key, Json]]:
    """Every primitive of every mesh, shown or not."""
    for mesh, item in enumerate(document.items("meshes")):
        for index, primitive in enumerate(item.get("primitives", [])):
            yield (mesh, index), primitive


def plain_material(editor: Editor, key: Key) -> Json:
    """What stands in for no material: white and matt, so that paint shows its own colours."""
    name = editor.json["meshes"][key[0]].get("name", f"mesh {key[0]}")
    return {"name": f"{name} {key[1]}", "pbrMetallicRoughness": {"metallicFactor": 0}}


def _piece(pool: Pool, key: Key, result: Unwrapped) -> Piece:
    """What a primitive showed so far; its vertex colours stay with its vertices."""
    primitive, color = replace(pool.primitives[key], colors=None), pool.color(key)
    texture = pool.lookup(color)
    found = None if texture.image is None else pool.image(texture.image)
    if found is None:
        return Piece(primitive, color, result)
    picture = SourceTexture(*found, texture.wrap, texture.magnified == "squares")
    return Piece(primitive, color, result, picture, transform_uvs(primitive.uvs[color.texcoord], color))


def _own_materials(editor: Editor, pool: Pool, texcoords: dict[Key, int]) -> None:
    """Point primitives to materials without the old base-colour texture: their own, or copies where others need it."""
    users: dict[int | None, set[Key]] = {}
    for key, item in all_primitives(pool.document):
        users.setdefault(item.get("material"), set()).add(key)
    made: dict[tuple[int | None, int], int] = {}
    for key, texcoord in texcoords.items():
        material = pool.primitives[key].material
        group = (material, texcoord)
        if group not in made:
            alike = {other for other in users[material] if texcoords.get(other) == texcoord}
            free = users[material] <= texcoords.keys() and all(old != material for old, _ in made)
            free = free and _variant_primitives(pool.document, material) <= alike
            made[group] = _own_material(editor, key, material, texcoord, in_place=free)
        editor.json["meshes"][key[0]]["primitives"][key[1]]["material"] = made[group]


def _variant_primitives(document: Document, material: int | None) -> set[Key]:
    """Primitives that show a material in one of the file's own variants."""
    found = set()
    for key, item in all_primitives(document):
        mappings = item.get("extensions", {}).get(VARIANTS, {}).get("mappings", [])
        if material is not None and any(mapping.get("material") == material for mapping in mappings):
            found.add(key)
    return found


def _own_material(editor: Editor, key: Key, material: int | None, texcoord: int, *, in_place: bool) -> int:
    """A material without its base-colour texture; where two workflows have one, the second goes by the new set."""
    if material is None:
        return editor.append("materials", plain_material(editor, key))
    index = material if in_place else editor.append("materials", copy.deepcopy(editor.items("materials")[material]))
    for number, (place, texture, _) in enumerate(slots(editor.items("materials")[index])):
        info = place.pop(texture, None)
        if number and info is not None:
            place[texture] = {"index": info.get("index"), "texCoord": texcoord}
    return index


def _note(pool: Pool, bare: list[Key], renewed: list[Key], results: dict[Key, Unwrapped], notes: list[str]) -> None:
    def added_vertices(keys: list[Key]) -> int:
        return max(sum(len(results[key].source) - len(pool.primitives[key].positions) for key in keys), 0)

    if bare:
        notes.append(
            f"{count_of(len(bare), 'primitive')} without UVs unwrapped; "
            f"{added_vertices(bare):,} vertices split along cuts"
        )
    if renewed:
        notes.append(
            f"{count_of(len(renewed), 'primitive')} with a new UV set for the base colour alone; "
            f"{added_vertices(renewed):,} vertices split along cuts; an OBJ holds the new set only"
        )
