"""A material of an MTL file becomes what glTF says of it: colours, maps and how they are laid, opacity, PBR numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, final

import numpy as np

from style3d.files.numbers import is_number
from style3d.gltf.extensions import ANISOTROPY, CLEARCOAT, GLOW, REFRACTION, SHEEN
from style3d.images import decode_srgb, encode_image
from style3d.mesh.imported_parts import ImportedMaterial, Placing
from style3d.mesh.mtl import MapStatement, MtlMaterial, is_map, map_statement, numbers_of, readable
from style3d.mesh.mtl_pictures import (
    Picture,
    alpha_mode,
    channel_of,
    holds_normals,
    of_size,
    opacity_of,
    read_picture,
)
from style3d.mesh.udim import tile_name
from style3d.remarks import remark

COLORS = ("map_kd", "map_basecolor", "map_albedo", "map_ka")
NORMALS = ("norm", "map_kn", "map_norm", "map_normal")
HEIGHTS = ("map_bump", "bump")
OPACITIES = ("map_d", "map_opacity", "map_alpha")
GLOWS = ("map_ke", "map_emissive")
PACKED = ("map_orm", "map_rma")  # of them the first has occlusion in red, the second roughness
SURFACES = ("map_pr", "map_pm", *PACKED)
KNOWN = {*COLORS, *NORMALS, *HEIGHTS, *OPACITIES, *GLOWS, *SURFACES, "map_tr"}
TOLD = {
    "kd",
    "d",
    "tr",
    "pr",
    "pm",
    "ke",
    "ps",
    "pc",
    "pcr",
    "aniso",
    "anisor",
    "ni",
}  # numbers that glTF has a place for
TINT = 0.05  # difference of channels from which a colour is no grey
GREY, BYTE = 0.8, 255.0
BRIGHTEST = 2.0  # that some programs write of a colour that goes up to 1
WHITE = (1.0, 1.0, 1.0)


@final
@dataclass
class _Maps:
    """The pictures of a material, as they are found."""

    material: MtlMaterial
    folder: Path  # of the model
    tile: int | None
    images: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    placing: dict[str, Placing] = field(default_factory=dict)

    def read(self, *keywords: str) -> Picture | None:
        """The picture of the first keyword that is there; None without one that can be read."""
        text = self.material.last(*keywords)
        if not text:
            return None
        named = map_statement(text)
        statement = MapStatement(tile_name(named.file, self.tile) if self.tile else named.file, named.options)
        if any(statement.numbers("-t", (0.0, 0.0, 0.0))):
            remark(f"{statement.file}: its turbulence (-t) is left out")
        return read_picture(statement, self.material.folder, self.folder)

    def add(self, slot: str, statement: MapStatement, content: bytes) -> None:
        """Show a picture in a slot of glTF's, laid as the statement says."""
        self.images[slot] = (readable(statement.file), content)
        (su, sv, _), (ou, ov, _) = statement.numbers("-s", (1, 1, 1)), statement.numbers("-o", (0, 0, 0))
        clamp = self.tile is not None or statement.is_on("-clamp", False)
        smooth = statement.is_on("-blendu", True) or statement.is_on("-blendv", True)
        self.placing[slot] = Placing((su, sv), (ou, ov), clamp, not smooth)


def material_of(material: MtlMaterial | None, name: str, folder: Path, tile: int | None = None) -> ImportedMaterial:
    """A material as glTF has it, of one of its tiles if it has tiles; plain grey where no file has it."""
    plain, title = material or MtlMaterial(name, folder), readable(name) + (f".{tile}" if tile else "")
    maps = _Maps(plain, folder, tile)
    mode = _colors(maps, plain)
    strength = _normals(maps)
    packed = _surface(maps)
    glow = maps.read(*GLOWS)
    if glow is not None:
        maps.add("emissiveTexture", glow.statement, glow.content)
    kd = decode_srgb(np.array(_diffuse(plain))).tolist()
    ke = numbers_of(plain.last("ke"), 3, 0.0, 1000.0)
    bright = max(*ke, 1.0)
    emissive = decode_srgb(np.array(ke) / bright).tolist()
    alpha = _alpha(plain)
    return ImportedMaterial(
        title or "material",
        WHITE if "baseColorTexture" in maps.images else (kd[0], kd[1], kd[2]),
        alpha,
        numbers_of(plain.last("pm"), 1, 1.0 if "map_pm" in packed else 0.0)[0],
        numbers_of(plain.last("pr"), 1, 1.0 if "map_pr" in packed else 0.9)[0],
        WHITE if "emissiveTexture" in maps.images and not any(ke) else (emissive[0], emissive[1], emissive[2]),
        maps.images,
        stand_in=material is None,
        placing=maps.placing,
        alpha_mode="BLEND" if alpha < 1 else mode,
        normal_scale=strength,
        extensions=_extensions(plain, bright),
        extras=_extras(plain),
    )


def has_tint(material: MtlMaterial) -> bool:
    """Whether ``Kd`` is coloured.

    Beside a picture the specification multiplies the two. Programs write there what they show without pictures, so that
    leaves would become green twice: of 64 furniture models with previews, 63 previews show the picture alone.
    """
    return bool(np.ptp(_diffuse(material)) > TINT)


def _diffuse(plain: MtlMaterial) -> list[float]:
    """The colour of ``Kd``, display-referred; grey, with a remark, where it is a spectrum or cannot be read."""
    text = plain.last("kd")
    if text and not is_number(text.split()[0]):
        remark(f"material {plain.name}: its colour {text[:40]!r} is no red, green and blue: grey is taken")
        return [GREY] * 3
    values = numbers_of(text, 3, GREY, BYTE)
    if max(values) > BRIGHTEST:
        remark(f"material {plain.name}: its colour {text[:40]!r} goes up to {BYTE:g} in the place of 1")
        return [value / BYTE for value in values]
    return [min(value, 1.0) for value in values]


def _alpha(plain: MtlMaterial) -> float:
    """Opacity of the whole: ``d``, or what ``Tr`` leaves; programs that mean opaque write 0 in either."""
    opacity, transparency = numbers_of(plain.last("d"), 1, 1.0)[0], numbers_of(plain.last("tr"), 1, 0.0)[0]
    if 0 < opacity < 1:
        return opacity
    return 1 - transparency if 0 < transparency < 1 and not plain.last("d") else 1.0


def _colors(maps: _Maps, plain: MtlMaterial) -> str | None:
    """Add the base colour with its opacity; how glTF draws it."""
    color, cut = maps.read(*COLORS), maps.read(*OPACITIES, "map_tr")
    if color is not None and not plain.last(*COLORS[:-1]):
        remark(f"material {plain.name} has no map_Kd: its map_Ka is taken for the colour")
    pixels = None if color is None else color.pixels
    alpha = None if pixels is None or pixels.shape[2] < 4 else pixels[..., 3]
    if alpha is not None and alpha.max() < 0.02:  # a channel that means something else
        alpha = None
    if cut is not None and (
        color is None or cut.statement.file != color.statement.file or "-imfchan" in cut.statement.options
    ):
        opacity = opacity_of(cut.pixels, cut.statement)
        opacity = 1 - opacity if plain.last("map_tr") and not plain.last(*OPACITIES) else opacity
        alpha = opacity if pixels is None else of_size(opacity, pixels.shape)
    mode = None if alpha is None else alpha_mode(alpha)
    if mode is not None and alpha is not None:
        shown = color or cut
        statement = MapStatement("") if shown is None else shown.statement
        rgb = np.broadcast_to(np.array(_diffuse(plain), np.float32), (*alpha.shape, 3))
        rgb = rgb.astype(np.float32) if pixels is None else pixels[..., :3]
        maps.add("baseColorTexture", statement, encode_image(np.ascontiguousarray(rgb), alpha, "png")[0])
    elif color is not None and pixels is not None:
        odd = "-mm" in color.statement.options or pixels.shape[2] == 4
        content = encode_image(np.ascontiguousarray(pixels[..., :3]), None, "png")[0] if odd else color.content
        maps.add("baseColorTexture", color.statement, content)
    return mode


def _normals(maps: _Maps) -> float:
    """Add a map of normals; its strength. Heights have no place in glTF."""
    found = maps.read(*NORMALS) or maps.read(*HEIGHTS)
    if found is None:
        return 1.0
    if not maps.material.last(*NORMALS) and not holds_normals(found.pixels):
        remark(f"{found.statement.file} is a map of heights, which is not read: only maps of normals are")
        return 1.0
    maps.add("normalTexture", found.statement, found.content)
    return found.statement.numbers("-bm", (1.0,))[0]


def _surface(maps: _Maps) -> set[str]:
    """Add roughness (green), metalness (blue) and packed occlusion (red); the maps that were read."""
    found = {keyword: picture for keyword in SURFACES if (picture := maps.read(keyword)) is not None}
    if not found:
        return set()
    planes: dict[int, Any] = {}
    for keyword, picture in found.items():
        pixels = picture.pixels
        if keyword in PACKED:
            order = (0, 1, 2) if keyword == "map_orm" else (1, 2, 0)  # of red, green and blue of glTF
            planes |= {target: pixels[..., source] for target, source in enumerate(order) if target not in planes}
        else:
            planes[1 if keyword == "map_pr" else 2] = channel_of(pixels, picture.statement)
    shape = max((plane.shape for plane in planes.values()), key=lambda size: size[0] * size[1])
    full = [of_size(np.ascontiguousarray(planes.get(k, np.ones(shape, np.float32))), shape) for k in range(3)]
    statement = next(iter(found.values())).statement
    content = encode_image(np.stack(full, 2), None, "png")[0]
    maps.add("metallicRoughnessTexture", statement, content)
    if 0 in planes:
        maps.add("occlusionTexture", statement, content)
    packed = bool(set(PACKED) & set(found))
    return set(found) | ({"map_pr", "map_pm"} if packed else set())


def _extensions(plain: MtlMaterial, bright: float) -> dict[str, Mapping[str, Any]]:
    """glTF's extensions for numbers that it has there: clear coat, sheen, anisotropy, refraction, strong glow."""
    coat, rough = numbers_of(plain.last("pc"), 1, 0.0)[0], numbers_of(plain.last("pcr"), 1, 0.0)[0]
    sheen, index = numbers_of(plain.last("ps"), 1, 0.0)[0], numbers_of(plain.last("ni"), 1, 1.5, 10.0)[0]
    along, turn = numbers_of(plain.last("aniso"), 1, 0.0)[0], numbers_of(plain.last("anisor"), 1, 0.0)[0]
    rows: dict[str, tuple[bool, Mapping[str, Any]]] = {
        CLEARCOAT: (coat > 0, {"clearcoatFactor": coat, "clearcoatRoughnessFactor": rough}),
        SHEEN: (sheen > 0, {"sheenColorFactor": [sheen] * 3}),
        ANISOTROPY: (
            along > 0,
            {"anisotropyStrength": along, "anisotropyRotation": 2 * np.pi * turn},
        ),
        REFRACTION: (index > 1 and abs(index - 1.5) > 1e-3, {"ior": index}),
        GLOW: (bright > 1, {"emissiveStrength": bright}),
    }
    return {name: item for name, (wanted, item) in rows.items() if wanted}


def _extras(plain: MtlMaterial) -> dict[str, str]:
    """Statements that glTF has no place for, as text: the shine of old light models among them."""
    return {readable(word): readable(rest) for word, rest in plain.statements if word.lower() not in TOLD | KNOWN}


def unread_maps(materials: Mapping[str, MtlMaterial]) -> dict[str, int]:
    """Keywords of pictures that are kept for OBJ alone, with the number of materials that have them."""
    found: dict[str, int] = {}
    for material in materials.values():
        for word in {word.lower() for word, rest in material.statements if is_map(word) and rest} - KNOWN:
            found[word] = found.get(word, 0) + 1
    return found
