"""This module reads and changes what a glTF material says of its base colour."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float64

from style3d.gltf.document import Document, Json
from style3d.gltf.extensions import SPECULAR, TRANSFORM, WEBP, image_extensions
from style3d.images import encode_srgb
from style3d.mesh.textures import Magnified
from style3d.render.surface import AlphaMode, Material, Wrap

WRAPS: dict[Any, Wrap] = {33071: "clamp", 33648: "mirror", 10497: "repeat"}
NEAREST = 9728
Factor = tuple[float, float, float, float]


@dataclass(frozen=True)
class BaseColor:
    """The base colour of one material.

    Concretely: 'Leather', its colour from texture 3 by the first UV set, multiplied by a linear factor of 0.8.
    """

    name: str
    factor: Factor = (1.0, 1.0, 1.0, 1.0)  # linear RGB and opacity, [0, 1]
    texture: int | None = None  # index into the document's textures
    texcoord: int = 0  # which UV set
    transform: Float64[np.ndarray, "3 3"] | None = None  # of (u, v, 1), KHR_texture_transform
    alpha_mode: AlphaMode = "OPAQUE"
    alpha_cutoff: float = 0.5
    double_sided: bool = False

    def constant(self) -> Material:
        """The material as a renderer sees it while nothing of it is painted."""
        red, green, blue = encode_srgb(np.array(self.factor[:3])).tolist()
        rgb, opacity = (red, green, blue), self.factor[3]
        return Material(self.name, None, rgb, opacity, self.alpha_mode, self.alpha_cutoff, self.double_sided)


def base_color(document: Document, material: int | None) -> BaseColor:
    """Read a material; the default one where there is none. Specular-glossiness goes before metallic-roughness.

    Raises:
        Style3DError: there is no such material.
    """
    if material is None:
        return BaseColor("default")
    item = document.item("materials", material)
    place, texture_key, factor_key = slots(item)[0]
    info = place.get(texture_key)
    name, mode = str(item.get("name") or f"material {material}"), item.get("alphaMode", "OPAQUE")
    transform = (info or {}).get("extensions", {}).get(TRANSFORM, {})
    return BaseColor(
        name,
        _factor(place.get(factor_key, (1, 1, 1, 1))),
        None if info is None else info.get("index"),
        int(transform.get("texCoord", (info or {}).get("texCoord", 0))),
        _transform(transform) if transform else None,
        mode if mode in ("OPAQUE", "MASK", "BLEND") else "OPAQUE",
        float(item.get("alphaCutoff", 0.5)),
        bool(item.get("doubleSided", False)),
    )


def slots(item: Json) -> list[tuple[Json, str, str]]:
    """Where a material keeps its base colour: (object, texture key, factor key), the one that shows first.

    A material of both workflows has two; viewers show one or the other.
    """
    found = []
    specular = item.get("extensions", {}).get(SPECULAR)
    if specular is not None:
        found.append((specular, "diffuseTexture", "diffuseFactor"))
    if specular is None or "pbrMetallicRoughness" in item:
        found.append((item.get("pbrMetallicRoughness", {}), "baseColorTexture", "baseColorFactor"))
    return found


@dataclass(frozen=True)
class Lookup:
    """How a texture is looked up. Concretely: image 2, repeated in u and clamped in v, texels blended."""

    image: int | None = None  # index into the document's images; None: the texture shows none that can be read
    wrap: tuple[Wrap, Wrap] = ("repeat", "repeat")  # how it goes on outside [0, 1], in u and v
    magnified: Magnified = "blended"


def lookup(document: Document, texture: int | None) -> Lookup:
    """Read a texture and its sampler; no texture has no image.

    Raises:
        Style3DError: there is no such texture, sampler or image.
    """
    if texture is None:
        return Lookup()
    sampler = document.item("textures", texture).get("sampler")
    item = {} if sampler is None else document.item("samplers", sampler)
    wrap = WRAPS.get(item.get("wrapS"), "repeat"), WRAPS.get(item.get("wrapT"), "repeat")
    magnified: Magnified = "squares" if item.get("magFilter") == NEAREST else "blended"
    return Lookup(source_image(document, texture), wrap, magnified)


def source_image(document: Document, texture: int | None) -> int | None:
    """Index of the image a texture shows, None if it has none; what every program reads goes first."""
    if texture is None:
        return None
    item = document.item("textures", texture)
    extensions = item.get("extensions", {})
    webp = extensions.get(WEBP, {}).get("source")
    if webp is not None or "source" in item:
        found: int = webp if webp is not None else item["source"]
        document.item("images", found)
        return found
    return next((extensions[name].get("source") for name in image_extensions() if name in extensions), None)


def transform_uvs(uvs: Float64[np.ndarray, "n 2"], color: BaseColor) -> Float64[np.ndarray, "n 2"]:
    """UVs as the texture is looked up."""
    if color.transform is None:
        return uvs
    return uvs @ color.transform[:2, :2].T + color.transform[:2, 2]


def _factor(values: Any) -> Factor:
    """A factor within [0, 1]; what is no number is 1."""
    try:
        numbers = [float(value) for value in values][:4]
    except (TypeError, ValueError):
        numbers = []
    numbers = [min(max(number, 0.0), 1.0) if math.isfinite(number) else 1.0 for number in numbers]
    red, green, blue, opacity = numbers + [1.0] * (4 - len(numbers))
    return red, green, blue, opacity


def _transform(item: Json) -> Float64[np.ndarray, "3 3"]:
    """Translation · rotation · scale, as KHR_texture_transform defines them."""
    (x, y), (width, height) = item.get("offset", (0, 0)), item.get("scale", (1, 1))
    cosine, sine = math.cos(item.get("rotation", 0)), math.sin(item.get("rotation", 0))
    turn = np.array([[cosine, sine], [-sine, cosine]])
    matrix = np.eye(3)
    matrix[:2, :2] = turn * np.array([width, height])
    matrix[:2, 2] = x, y
    return matrix
