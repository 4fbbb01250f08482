"""This module lists which materials use which texture and which image."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any, NamedTuple

from style3d.gltf.document import Document, Json
from style3d.mesh.materials import slots
from style3d.mesh.repaint import sources
from style3d.mesh.repeated import repeated_references

Role = str  # "base", or the key of the slot: "normalTexture"
MAPS: dict[Role, str] = {  # slots that may be painted besides the base colour, and what provenance calls them
    "emissiveTexture": "emissive",
    "metallicRoughnessTexture": "roughness",
    "normalTexture": "normal",
}


class Use(NamedTuple):
    """One slot of a material, or of something else, that shows a texture."""

    material: int | None
    role: Role


def texture_uses(document: Document) -> dict[int, set[Use]]:
    """Every slot that shows each texture, at any depth, of extensions known or not."""
    found: dict[int, set[Use]] = {}
    for index, item in enumerate(document.items("materials")):
        base = {id(place.get(key)) for place, key, _ in slots(item)} | {id(info) for info in repeated_references(item)}
        for texture, role in _walk(item, base):
            found.setdefault(texture, set()).add(Use(index, role))
    for texture, role in _walk(document.json.get("extensions", {}), set()):
        found.setdefault(texture, set()).add(Use(None, role))
    return found


def image_uses(document: Document) -> dict[int, set[Use]]:
    """Every slot that shows each image by way of a texture."""
    by_texture, found = texture_uses(document), dict[int, set[Use]]()
    for index, texture in enumerate(document.items("textures")):
        for image in sources(texture):
            found.setdefault(image, set()).update(by_texture.get(index, set()))
    return found


def paintable(uses: set[Use], drawn: frozenset[int], maps: frozenset[str]) -> bool:
    """Whether all that shows a texture may show a painted one, and something does."""
    return bool(uses) and all(
        use.material in drawn and (use.role == "base" or MAPS.get(use.role) in maps) for use in uses
    )


def foreign_roles(uses: set[Use], maps: frozenset[str]) -> list[Role]:
    """Slots that must not show what is painted."""
    return sorted({use.role for use in uses if use.role != "base" and MAPS.get(use.role) not in maps})


def _walk(value: Any, base: set[int], name: Role = "") -> Iterator[tuple[int, Role]]:
    if isinstance(value, list):
        for child in value:
            yield from _walk(child, base, name)
    elif isinstance(value, dict):
        if "texture" in name.lower() and isinstance(value.get("index"), int):
            yield value["index"], "base" if id(value) in base else name
        for key, child in value.items():
            yield from _walk(child, base, key)


def is_copy(item: Json, other: Json) -> bool:
    """Whether two materials agree in all but the base colour."""
    return without_base(item) == without_base(other)


def without_base(material: Json) -> Json:
    """A material besides its base colour; its opacity stays."""
    rest = copy.deepcopy(material)
    rest.setdefault("pbrMetallicRoughness", {})
    for info in repeated_references(rest):
        info["index"] = "the base colour's"
    for place, texture, factor in slots(rest):
        place.pop(texture, None)
        opacity = place.pop(factor, [1, 1, 1, 1])[3:]
        if opacity not in ([], [1]):
            place[factor] = opacity
    return rest
