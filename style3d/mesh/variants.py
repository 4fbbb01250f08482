"""One glTF holds the original and several styles, which viewers switch between (KHR_materials_variants)."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import final

import numpy as np
from jaxtyping import Float32

from style3d.gltf.document import Document, Json
from style3d.gltf.editor import Editor
from style3d.gltf.extensions import VARIANTS
from style3d.images import ImageFormat, encode_srgb
from style3d.mesh.materials import base_color
from style3d.mesh.new_uvs import all_primitives
from style3d.mesh.painted_slot import Slot
from style3d.mesh.repaint import with_textures
from style3d.render.surface import Texture

ORIGINAL = "original"
Image = Float32[np.ndarray, "_ _ 3"]


@final
@dataclass(frozen=True)
class Variant:
    """One way to paint an asset. Concretely: "oil", the picture's name, and a new image for each texture."""

    name: str
    images: Sequence[Image]  # display-referred, [0, 1], one for each texture of the table


def with_variants(
    document: Document,
    slots: Sequence[Slot],
    textures: Sequence[Texture],
    variants: Sequence[Variant],
    kind: ImageFormat,
) -> tuple[Document, dict[int, str]]:
    """The document with a copy of each painted material for every variant, and each new image's name by its index.

    The materials that were there stay as they are and become the variant ``original``; where the prepared geometry
    would not show them as they were (vertex colours that moved into a texture), a copy with the first colours does.
    Primitives show the first variant by default, and variants that the asset had already keep working.
    """
    first = [look_slot for look_slot in slots if _differs(document, look_slot, textures)]
    groups = [(Variant(ORIGINAL, [t.rgb for t in textures]), first), *((variant, list(slots)) for variant in variants)]
    names: dict[int, str] = {}
    shown: list[dict[int, int]] = []  # by variant: material -> its copy
    for variant, painted in groups:
        document, copies = _copy_materials(document, painted)
        fresh = [replace(slot, material=copies[slot.material]) for slot in painted]
        titled = [replace(t, name=f"{t.name} {variant.name}".strip()) for t in textures]
        document, added = with_textures(document, fresh, titled, variant.images, kind)
        names |= added
        shown.append(copies)
    editor = Editor(document)
    numbers = _add_variants(editor, [variant.name for variant, _ in groups])
    for slot in slots:
        shown[0].setdefault(slot.material, slot.material)
    for (mesh, index), item in all_primitives(document):
        if item.get("material") in shown[1]:
            _map(editor.json["meshes"][mesh]["primitives"][index], numbers, shown)
    editor.use_extension(VARIANTS)
    return editor.finish(), names


def _differs(document: Document, slot: Slot, textures: Sequence[Texture]) -> bool:
    """Whether a material without a texture would show something else than the colours painting starts from."""
    color = base_color(document, slot.material)
    if color.texture is not None:
        return False
    plain = encode_srgb(np.array(color.factor[:3]))
    return bool(np.abs(textures[slot.table].rgb - plain).max() > 1 / 512)


def _copy_materials(document: Document, slots: Sequence[Slot]) -> tuple[Document, dict[int, int]]:
    """The document with a copy of each slot's material at the end, and its number by the original's."""
    editor = Editor(document)
    copies = {
        slot.material: editor.append("materials", copy.deepcopy(editor.items("materials")[slot.material]))
        for slot in slots
    }
    return editor.finish(), copies


def _add_variants(editor: Editor, names: Sequence[str]) -> list[int]:
    """Numbers of new variants, their names made different from one another and from those that are there."""
    variants: list[Json] = editor.json.setdefault("extensions", {}).setdefault(VARIANTS, {}).setdefault("variants", [])
    numbers = []
    for name in names:
        taken, wanted, count = {item.get("name") for item in variants}, name, 2
        while wanted in taken:
            wanted, count = f"{name} {count}", count + 1
        variants.append({"name": wanted})
        numbers.append(len(variants) - 1)
    return numbers


def _map(primitive: Json, numbers: Sequence[int], shown: Sequence[dict[int, int]]) -> None:
    """Point a primitive to the first variant's material, and name each variant's."""
    material = primitive["material"]
    mappings: list[Json] = primitive.setdefault("extensions", {}).setdefault(VARIANTS, {}).setdefault("mappings", [])
    mappings += [{"material": by[material], "variants": [n]} for n, by in zip(numbers, shown, strict=True)]
    primitive["material"] = shown[1][material]
