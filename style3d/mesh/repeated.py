"""A material may refer to the texture of its base colour more than once."""

from __future__ import annotations

from typing import Any

from style3d.gltf.document import Json
from style3d.gltf.extensions import TRANSFORM, repeats
from style3d.mesh.materials import slots


def repeated_references(item: Json) -> list[Json]:
    """References that show the base colour's texture a second time, looked up in the same way."""
    place, key, _ = slots(item)[0]
    base = place.get(key)
    return [info for info in repeats(item) if base is not None and looked_up(info) == looked_up(base)]


def shown_elsewhere(item: Json) -> list[str]:
    """The keys of textures that are the base colour's and do not follow it."""
    place, key, _ = slots(item)[0]
    base = (place.get(key) or {}).get("index")
    own = [id(other.get(name)) for other, name, _ in slots(item)] + [id(info) for info in repeated_references(item)]
    waiting, found = list(item.items()), dict[str, None]()
    while waiting:
        name, value = waiting.pop()
        if isinstance(value, dict):
            waiting += value.items()
            if base is not None and "exture" in name and value.get("index") == base and id(value) not in own:
                found[name] = None
    return sorted(found)


def looked_up(info: Json) -> tuple[Any, ...]:
    """Which texture a reference shows, and how it is looked up."""
    return (info.get("index"), *way(info))


def way(info: Json) -> tuple[Any, ...]:
    """How a texture is looked up: UV set, offset, scale, rotation."""
    item = info.get("extensions", {}).get(TRANSFORM, {})
    return (item.get("texCoord", info.get("texCoord", 0)), item.get("offset", [0, 0]), item.get("scale", [1, 1]),
            item.get("rotation", 0))  # fmt: skip
