"""The maps and numbers of a glTF material become statements of an MTL file, with the pictures they name."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from style3d.errors import Style3DError
from style3d.gltf.accessors import Accessors
from style3d.gltf.container import image_bytes, image_kind
from style3d.gltf.document import Document, Json
from style3d.gltf.extensions import TRANSFORM
from style3d.gltf.texture_images import read_texture
from style3d.images import encode_image, encode_srgb
from style3d.mesh.materials import slots, source_image
from style3d.mesh.painted_slot import Slot

KEYWORDS = {
    "normalTexture": ("norm",),
    "emissiveTexture": ("map_Ke",),
    "metallicRoughnessTexture": ("map_Pr", "map_Pm"),
}


@final
@dataclass(frozen=True)
class CarriedMap:
    """A picture beside an OBJ. Concretely: the roughness of leather, the green channel of a glTF's picture."""

    keyword: str  # of its statement
    content: bytes
    suffix: str


def numbers_of_material(item: Json) -> Iterator[str]:
    """Roughness, metalness and glow."""
    surface = item.get("pbrMetallicRoughness", {})
    yield f"Pr {float(surface.get('roughnessFactor', 1)):.6g}"
    yield f"Pm {float(surface.get('metallicFactor', 1)):.6g}"
    glow = np.array(item.get("emissiveFactor", (0, 0, 0)), np.float64)
    if glow.any():
        yield "Ke {:.6g} {:.6g} {:.6g}".format(*encode_srgb(glow).tolist())


def further_maps(document: Document, index: int, slot: Slot | None) -> dict[str, Json]:
    """The maps of a material that go by the UVs of its base colour, by glTF's slot: an OBJ has one set."""
    item = document.item("materials", index)
    place, key, _ = slots(item)[0]
    color: Json = place.get(key) or {}
    told = color.get("extensions", {}).get(TRANSFORM, {})
    uvs = (color.get("texCoord", 0) if slot is None or slot.texcoord is None else slot.texcoord, told)
    maps = {**item, **item.get("pbrMetallicRoughness", {})}
    found = {}
    for name in KEYWORDS:
        info = maps.get(name)
        if isinstance(info, dict) and (info.get("texCoord", 0), info.get("extensions", {}).get(TRANSFORM, {})) == uvs:
            found[name] = info
    return found


def carried_maps(document: Document, index: int, slot: Slot | None) -> Iterator[CarriedMap]:
    """The pictures of `further_maps`, those of two channels cut in two."""
    reader = Accessors(document)
    for name, info in further_maps(document, index, slot).items():
        try:
            image = source_image(document, info.get("index"))
            content = b"" if image is None else image_bytes(document, reader, image)
            pixels: Any = read_texture(content, name) if len(KEYWORDS[name]) > 1 else None
        except Style3DError:
            continue
        if pixels is None:
            strength = info.get("scale", 1)
            option = f" -bm {strength:.6g}" if name == "normalTexture" and strength != 1 else ""
            yield CarriedMap(KEYWORDS[name][0] + option, content, (image_kind(content) or ("", ".png"))[1])
            continue
        for keyword, channel in zip(KEYWORDS[name], (1, 2), strict=True):
            plane = np.repeat(pixels[..., channel : channel + 1], 3, axis=2)
            yield CarriedMap(keyword, encode_image(plane, None, "png")[0], ".png")
