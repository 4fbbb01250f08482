"""Some extensions show colours besides the material that a primitive names. Each has a sentence here."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Set
from typing import Any

from style3d.remarks import list_of

Json = Mapping[str, Any]
MOST = 6  # names in a sentence


def other_variants(name: str, json: Json, painted: Set[int]) -> str:
    """Variants of the file whose materials nobody sees while it is painted."""
    variants, found = json.get("extensions", {}).get(name, {}).get("variants", []), set[int]()
    for mapping in _values_under(json.get("meshes", []), "mappings"):
        for item in mapping:
            found |= set() if item.get("material") in painted else set(item.get("variants", []))
    names = [str(item.get("name", index)) for index, item in enumerate(variants) if index in found]
    return f"variants that show other materials stay as they were: {list_of(names, MOST)}" if names else ""


def animated_colors(name: str, json: Json, painted: Set[int]) -> str:
    """Animations of a base colour's factor or of where its texture lies."""
    names = _pointed_at(
        json, [item.get("pointer", "") for item in _values_under(json.get("animations", []), name)], painted
    )
    return f"animations still change the base colour of painted materials: {list_of(names, MOST)}" if names else ""


def set_colors(name: str, json: Json, painted: Set[int]) -> str:
    """Behaviours that set a base colour, of a material that they name or of one that they find out."""
    graphs = json.get("extensions", {}).get(name, {}).get("graphs", [])
    pointers = [text for item in _values_under(graphs, "pointer") for text in _texts(item)]
    names = _pointed_at(json, pointers, painted)
    return f"behaviours still set the base colour of painted materials: {list_of(names, MOST)}" if names else ""


def _pointed_at(json: Json, pointers: Iterable[Any], painted: Set[int]) -> list[str]:
    """Names of painted materials whose base colour a pointer leads to; a number left open stands for all."""
    pattern = r"/materials/(\d+|\{[^/]*\})/.*(baseColor|diffuse)(Factor|Texture)\b"
    found = {match[1] for pointer in pointers if (match := re.match(pattern, str(pointer)))}
    every = any(not number.isdigit() for number in found)
    return _materials(json, painted if every else {int(number) for number in found} & painted)


def _texts(value: Any) -> Iterator[str]:
    """All texts in a value."""
    if isinstance(value, str):
        yield value
    for child in value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else []:
        yield from _texts(child)


def other_levels(name: str, json: Json, painted: Set[int]) -> str:
    """Materials that only a coarser level of detail shows."""
    nodes, meshes = json.get("nodes", []), json.get("meshes", [])
    waiting = [index for item in nodes for index in item.get("extensions", {}).get(name, {}).get("ids", [])]
    seen, found = set[int](), set[int]()
    while waiting:
        index = waiting.pop()
        if index in seen or not 0 <= index < len(nodes):
            continue
        seen.add(index)
        waiting += nodes[index].get("children", [])
        mesh = nodes[index].get("mesh", -1)
        for primitive in meshes[mesh].get("primitives", []) if 0 <= mesh < len(meshes) else []:
            found |= {primitive["material"]} if "material" in primitive else set()
    for item in json.get("materials", []):
        found |= set(item.get("extensions", {}).get(name, {}).get("ids", []))
    names = _materials(json, found - painted)
    return f"coarser levels of detail stay as they were: {list_of(names, MOST)}" if names else ""


def tinting_expressions(name: str, json: Json, painted: Set[int]) -> str:
    """Expressions of VRM 1.0 that tint a painted material."""
    found = set[int]()
    for binds in _values_under(json.get("extensions", {}).get(name, {}).get("expressions", {}), "materialColorBinds"):
        found |= {bind.get("material") for bind in binds if bind.get("type") == "color"}
    names = _materials(json, found & painted)
    return f"expressions still tint painted materials: {list_of(names, MOST)}" if names else ""


def tinting_blend_shapes(name: str, json: Json, painted: Set[int]) -> str:
    """Blend shapes of VRM 0.x that tint a painted material, which they call by its name."""
    tinted = {
        str(value.get("materialName"))
        for values in _values_under(
            json.get("extensions", {}).get(name, {}).get("blendShapeMaster", {}), "materialValues"
        )
        for value in values
        if value.get("propertyName") == "_Color"
    }
    names = [name for name in _materials(json, painted) if name in tinted]
    return f"blend shapes still tint painted materials: {list_of(names, MOST)}" if names else ""


def splats_beside(name: str, json: Json, painted: Set[int]) -> str:
    """Gaussian splats beside the surfaces."""
    primitives = (primitive for found in _values_under(json.get("meshes", []), "primitives") for primitive in found)
    count = sum(name in primitive.get("extensions", {}) for primitive in primitives)
    return "its Gaussian splats stay as they were: paint them with style3d nerf" if count else ""


def _values_under(value: Any, name: str) -> Iterator[Any]:
    """Whatever stands under a key, anywhere in a value."""
    if isinstance(value, Mapping):
        if name in value:
            yield value[name]
        value = list(value.values())
    for child in value if isinstance(value, list) else []:
        yield from _values_under(child, name)


def _materials(json: Json, numbers: Set[int]) -> list[str]:
    items = json.get("materials", [])
    return [str(items[k].get("name") or f"material {k}") for k in sorted(numbers) if 0 <= k < len(items)]
