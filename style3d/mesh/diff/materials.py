"""This part compares textures and materials. Base colours may change; everything else must stay."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

from style3d.gltf.document import Document, Json
from style3d.gltf.extensions import DRACO, image_extensions
from style3d.mesh.diff.pair import Difference, Pair, allowed_difference, changes, forbidden_difference, name_of
from style3d.mesh.diff.uses import MAPS, foreign_roles, is_copy, paintable, texture_uses, without_base
from style3d.mesh.materials import slots
from style3d.mesh.repaint import sources

WHITE = [1, 1, 1]


def texture_differences(pair: Pair) -> Iterator[Difference]:
    """Textures may show another image where only painted slots look at them."""
    old, new = pair.old.items("textures"), pair.new.items("textures")
    before = texture_uses(pair.old)
    if len(new) < len(old):
        yield forbidden_difference(f"{len(old)} textures became {len(new)}")
    for index, (a, b) in enumerate(zip(old, new, strict=False)):
        who = name_of("texture", index, a)
        yield from (forbidden_difference(text) for text in changes(pair, who, _without_images(a), _without_images(b)))
        shown, now = list(sources(a)), list(sources(b))
        if shown != now:
            say = (
                allowed_difference
                if paintable(before.get(index, set()), pair.drawn_materials, pair.maps)
                else forbidden_difference
            )
            yield say(f"{who} shows image {_join(now)}, before image {_join(shown)}")
    yield from _new_textures(pair, len(old))


def _new_textures(pair: Pair, start: int) -> Iterator[Difference]:
    after = texture_uses(pair.new)
    for index in range(start, len(pair.new.items("textures"))):
        uses = after.get(index, set())
        odd = foreign_roles(uses, pair.maps)
        who = name_of("texture", index, pair.new.items("textures")[index])
        if odd:
            yield forbidden_difference(f"{who} is new and shown as {', '.join(odd)}")
        else:
            yield allowed_difference(f"{who} is new, for {_join(sorted({use.role for use in uses})) or 'nothing'}")


def material_differences(pair: Pair) -> Iterator[Difference]:
    """Base colours may point to painted textures and become white; copies may be added."""
    old, new = pair.old.items("materials"), pair.new.items("materials")
    if len(new) < len(old):
        yield forbidden_difference(f"{len(old)} materials became {len(new)}")
    for index, (a, b) in enumerate(zip(old, new, strict=False)):
        yield from _material(pair, index, a, b)
    for index in range(len(old), len(new)):
        yield _new_material(pair, index)


def _new_material(pair: Pair, index: int) -> Difference:
    item = pair.new.items("materials")[index]
    who = name_of("material", index, item)
    bare = {key: value for key, value in item.items() if key != "name"}
    model = next((i for i, a in enumerate(pair.old.items("materials")) if is_copy(_mapless(a), _mapless(item))), None)
    if model is not None:
        return allowed_difference(f"{who} is new: a copy of material {model} with a base colour of its own")
    if set(bare) <= {"pbrMetallicRoughness"}:
        return allowed_difference(f"{who} is new, for a primitive that had none")
    return forbidden_difference(f"{who} is new and a copy of none that was there")


def _mapless(item: Json) -> Json:
    return {key: value for key, value in item.items() if key not in ("normalTexture", "emissiveTexture", "name")}


def _material(pair: Pair, index: int, a: Json, b: Json) -> Iterator[Difference]:
    who = name_of("material", index, a)
    first, second, found = without_base(a), without_base(b), list[Difference]()
    for slot, name in MAPS.items():
        if name in pair.maps and index in pair.drawn_materials:
            found += _map(first, second, slot, f"{who}: its {name} map")
    yield from (forbidden_difference(text) for text in changes(pair, who, first, second))
    yield from found
    if a == b:
        return
    if index not in pair.drawn_materials and index not in pair.reshaped_materials:
        yield forbidden_difference(f"{who} changed its base colour, though nothing that is shown uses it")
        return
    places = {id(p): (p, t, f) for p, t, f in slots(b)}
    before = {factor: (p, t, f) for p, t, f in slots(a) for factor in (f,)}
    for place, texture, factor in places.values():
        was = before.get(factor, ({}, texture, factor))[0]
        yield from _texture(pair, index, who, was.get(texture), place.get(texture))
        yield from _factor(pair, index, who, was.get(factor), place.get(factor), texture in place)


def _map(first: Json, second: Json, slot: str, who: str) -> list[Difference]:
    """A map that provenance names: its reference and its factor are set aside, and said."""
    found = []
    keys = {"metallicRoughnessTexture": "roughnessFactor", "emissiveTexture": "emissiveFactor"}
    for key in (slot, keys.get(slot, "")):
        places = [item["pbrMetallicRoughness"] if "oughness" in key else item for item in (first, second)]
        values = [place.pop(key, None) for place in places]
        rest = [
            {k: v for k, v in value.items() if k != "index"} if isinstance(value, dict) else None for value in values
        ]
        if values[0] is not None and isinstance(values[0], dict) and rest[0] != rest[1]:
            found.append(forbidden_difference(f"{who} is looked up in another way"))
        elif values[0] != values[1]:
            found.append(allowed_difference(f"{who} is painted"))
    return found


def _texture(pair: Pair, index: int, who: str, old: Any, new: Any) -> Iterator[Difference]:
    if old == new:
        return
    if old is None:
        yield allowed_difference(f"{who} gets a base-colour texture, {new['index']}")
    elif new is None:
        say = allowed_difference if index in pair.reshaped_materials else forbidden_difference
        yield say(f"{who} has no base-colour texture any more")
    else:
        way = [{key: value for key, value in info.items() if key != "index"} for info in (old, new)]
        if way[0] != way[1] and index not in pair.reshaped_materials:
            yield forbidden_difference(f"{who} looks its base colour up in another way")
        if old["index"] != new["index"]:
            yield allowed_difference(f"{who} takes its base colour from texture {new['index']}, before {old['index']}")


def _factor(pair: Pair, index: int, who: str, old: Any, new: Any, textured: bool) -> Iterator[Difference]:
    before, after = list(old or (1, 1, 1, 1)), list(new or (1, 1, 1, 1))
    if before == after:
        return
    if before[3:4] != after[3:4]:
        yield forbidden_difference(f"{who} changed its opacity from {before[3]:g} to {after[3]:g}")
    if before[:3] == after[:3]:
        return
    shown = ", ".join(f"{value:.3g}" for value in before[:3])
    if after[:3] == WHITE and (textured or index in pair.reshaped_materials):
        yield allowed_difference(f"{who}: its base-colour factor ({shown}) became white, for the paint holds it")
    elif index in _unpaintable_materials(pair.old):
        yield allowed_difference(f"{who}: its factor ({shown}) is stylised, for its compressed vertices have no UVs")
    else:
        yield forbidden_difference(f"{who} changed its base-colour factor from ({shown})")


def _unpaintable_materials(document: Document) -> set[int]:
    """Materials of compressed primitives that have no UVs, and so can take neither textures nor vertex colours."""
    primitives = [p for mesh in document.items("meshes") for p in mesh.get("primitives", [])]
    return {p["material"] for p in primitives if "material" in p and DRACO in p.get("extensions", {})}


def _without_images(texture: Json) -> Json:
    """What a texture says besides its image."""
    rest = copy.deepcopy(texture)
    rest.pop("source", None)
    for name in image_extensions():
        rest.get("extensions", {}).pop(name, None)
    if not rest.get("extensions"):
        rest.pop("extensions", None)
    return rest


def _join(items: list[Any]) -> str:
    return ", ".join(str(item) for item in items)
