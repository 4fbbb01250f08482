"""What may differ between a glTF and its painted copy, and whether only that does."""

from __future__ import annotations

import copy
from collections.abc import Set as AbstractSet
from typing import Any

import numpy as np

from style3d.errors import Style3DError
from style3d.mesh.accessors import Accessors
from style3d.mesh.container import image_bytes
from style3d.mesh.document import Document

FREE = {"buffers", "bufferViews", "accessors", "images", "textures", "materials", "meshes"}  # looked at one by one
EXTENSIONS = ("extensionsUsed", "extensionsRequired")


def differences(source: Document, painted: Document) -> list[str]:
    """A line for each thing that changed and should not have."""
    before, after = source.json, painted.json
    found = [f"{key} differs" for key in before if key not in FREE | {*EXTENSIONS} and before[key] != after.get(key)]
    kept = FREE | {*EXTENSIONS} | set(before)
    found += [f"{key} is new" for key in after if key not in kept]
    if [key for key in before if key in after] != [key for key in after if key in before]:
        found.append("the order of the top level changed")
    found += _accessors(source, painted)
    found += _images(source, painted)
    found += _listed(before, after, "textures", _without_source)
    found += _listed(before, after, "materials", _without_base_color, _of_unwrapped(before, after))
    found += _meshes(before, after)
    return found


def _of_unwrapped(before: dict[str, Any], after: dict[str, Any]) -> set[int]:
    """Materials whose texture moved to a new UV set, for they had a texture and primitives without UVs."""
    pairs = zip(before.get("meshes", []), after.get("meshes", []), strict=True)
    pieces = [(p, q) for a, b in pairs for p, q in zip(a["primitives"], b["primitives"], strict=True)]
    return {q["material"] for p, q in pieces if p["attributes"] != q["attributes"] and "material" in q}


def _listed(
    before: dict[str, Any], after: dict[str, Any], kind: str, reduced: Any, free: AbstractSet[int] = frozenset()
) -> list[str]:
    old, new = before.get(kind, []), after.get(kind, [])
    if len(new) < len(old):
        return [f"{kind}: {len(old)} became {len(new)}"]
    found = []
    for index, (a, b) in enumerate(zip(old, new, strict=False)):
        first, second = reduced(a), reduced(b)
        if index in free:
            first.pop("info", None)
            second.pop("info", None)
        if first != second:
            found.append(f"{kind}/{index} differs")
    return found


def _without_source(texture: dict[str, Any]) -> dict[str, Any]:
    """What a texture says besides its image."""
    rest = copy.deepcopy(texture)
    rest.pop("source", None)
    for name in ("EXT_texture_webp", "KHR_texture_basisu"):
        rest.get("extensions", {}).pop(name, None)
    if not rest.get("extensions"):
        rest.pop("extensions", None)
    return rest


def _without_base_color(material: dict[str, Any]) -> dict[str, Any]:
    """What a material says besides its base colour; opacity and where the texture lies stay."""
    rest = copy.deepcopy(material)
    specular = rest.get("extensions", {}).get("KHR_materials_pbrSpecularGlossiness", {})
    rough = rest.setdefault("pbrMetallicRoughness", {})
    for place, texture, factor in (
        (specular, "diffuseTexture", "diffuseFactor"),
        (rough, "baseColorTexture", "baseColorFactor"),
    ):
        info = place.pop(texture, None)
        if info is not None:
            rest["info"] = {key: value for key, value in info.items() if key != "index"} or None
        if factor in place:
            place[factor] = place[factor][3:]
    if rest.get("info") is None:
        rest.pop("info", None)
    return rest


def _accessors(source: Document, painted: Document) -> list[str]:
    """Accessors of the source are there, say the same and hold the same numbers."""
    found, readers = [], (Accessors(source), Accessors(painted))
    for index, (a, b) in enumerate(zip(source.items("accessors"), painted.items("accessors"), strict=False)):
        if {**a, "byteOffset": 0} != {**b, "byteOffset": 0}:
            found.append(f"accessors/{index} differs")
            continue
        if "bufferView" in a or "sparse" in a:
            old, new = (reader.raw(index) for reader in readers)
            if not np.array_equal(old, new, equal_nan=old.dtype.kind == "f"):
                found.append(f"accessors/{index} holds other numbers")
    return found


def _images(source: Document, painted: Document) -> list[str]:
    """Images that no painted base colour uses keep their bytes."""
    old_users, new_users = _users(source.json), _users(painted.json)
    found = []
    for index in range(len(source.items("images"))):
        if old_users.get(index, set()) - {"base"} or not old_users.get(index):
            try:
                old = image_bytes(source, Accessors(source), index)
            except Style3DError:
                continue
            if old != image_bytes(painted, Accessors(painted), index):
                found.append(f"images/{index} changed under another user")
    for index, users in new_users.items():
        if "other" in users and index >= len(source.items("images")):
            found.append(f"images/{index} is new and used by more than a base colour")
    return found


def _users(found: dict[str, Any]) -> dict[int, set[str]]:
    """Who shows each image: a base colour or something else."""
    users: dict[int, set[str]] = {}

    def walk(value: Any, name: str) -> None:
        if isinstance(value, dict):
            if "texture" in name.lower() and isinstance(value.get("index"), int):
                texture = found["textures"][value["index"]]
                sources = [texture.get("source"), *(e.get("source") for e in texture.get("extensions", {}).values())]
                role = "base" if name in ("baseColorTexture", "diffuseTexture") else "other"
                for image in sources:
                    if image is not None:
                        users.setdefault(image, set()).add(role)
            for key, child in value.items():
                walk(child, key)
        elif isinstance(value, list):
            for child in value:
                walk(child, name)

    walk(found.get("materials", []), "")
    return users


def _meshes(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """Primitives with UVs keep everything but, where they had none, their material; others may be unwrapped."""
    found = []
    for m, (a, b) in enumerate(zip(before.get("meshes", []), after.get("meshes", []), strict=True)):
        if {**a, "primitives": 0} != {**b, "primitives": 0}:
            found.append(f"meshes/{m} differs")
        for p, (old, new) in enumerate(zip(a["primitives"], b["primitives"], strict=True)):
            if old == new or {**old, "material": new.get("material")} == new:
                continue
            names, others = set(old["attributes"]), set(new["attributes"])
            rest = {key: value for key, value in old.items() if key not in ("attributes", "indices", "mode", "targets")}
            unwrapped = names - {"COLOR_0"} < others and all(k.startswith("TEXCOORD") for k in others - names)
            if not unwrapped or any(new[key] != rest[key] for key in rest if key != "material"):
                found.append(f"meshes/{m}/primitives/{p} differs")
            if [sorted(target) for target in old.get("targets", [])] != [sorted(t) for t in new.get("targets", [])]:
                found.append(f"meshes/{m}/primitives/{p} lost morph targets")
    return found
