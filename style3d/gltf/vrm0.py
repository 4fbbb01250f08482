"""VRM 0.x keeps a second list of materials, whose colours and textures its viewers show in place of glTF's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from style3d.gltf.extensions import VRM0

Json = dict[str, Any]
MAIN, SHADE, COLOR = "_MainTex", "_ShadeTexture", "_Color"
AS_GLTF = "VRM_USE_GLTFSHADER"  # the shader of materials that have nothing of their own here


def properties(json: Mapping[str, Any], material: int) -> Json | None:
    """What VRM 0.x says of a material; None where glTF's word counts."""
    found = json.get("extensions", {}).get(VRM0, {}).get("materialProperties", [])
    item = found[material] if isinstance(found, list) and 0 <= material < len(found) else None
    return item if isinstance(item, dict) and item.get("shader") != AS_GLTF else None


def follow(json: Mapping[str, Any], material: int, old: int | None, new: int) -> None:
    """Let a material's list entry show the new base colour: in light, in shade if that was the same, and untinted."""
    item = properties(json, material)
    if item is None:
        return
    textures = item.setdefault("textureProperties", {})
    before = textures.get(MAIN, old)
    if SHADE in textures and textures[SHADE] in (before, old):
        textures[SHADE] = new
    textures[MAIN] = new
    color = item.get("vectorProperties", {}).get(COLOR)
    if isinstance(color, list):
        item["vectorProperties"][COLOR] = [1, 1, 1, *color[3:4]]


def other_textures(json: Mapping[str, Any], painted: Mapping[int, int | None]) -> set[int]:
    """Textures that VRM 0.x shows as anything but the base colour of a painted material.

    Args:
        json: the document.
        painted: the base-colour texture of each painted material.
    """
    told = json.get("extensions", {}).get(VRM0, {})
    found = {told.get("meta", {}).get("texture")}
    for index, item in enumerate(told.get("materialProperties", [])):
        own = {MAIN: painted[index], SHADE: painted[index]} if index in painted else {}
        textures = item.get("textureProperties", {})
        found |= {number for name, number in textures.items() if own.get(name, -1) != number}
    return {number for number in found if isinstance(number, int)}


def without_base(told: Json, bases: list[int | None]) -> Json:
    """VRM's object besides what must show the base colour; ``bases`` is each material's texture."""
    items = []
    for index, item in enumerate(told.get("materialProperties", [])):
        base = bases[index] if index < len(bases) else None
        textures = item.get("textureProperties", {})
        kept = {k: v for k, v in textures.items() if k not in (MAIN, SHADE) or base is None or v != base}
        vectors = {k: v[3:4] if k == COLOR else v for k, v in item.get("vectorProperties", {}).items()}
        items.append({**item, "textureProperties": kept, "vectorProperties": vectors})
    return {**told, "materialProperties": items} if "materialProperties" in told else told
