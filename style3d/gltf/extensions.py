"""Each known glTF extension has a row, which diff, inspect, the loaders and docs/formats.md use."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Set
from dataclasses import dataclass
from typing import Any, final

from style3d.errors import Style3DError
from style3d.gltf.unpainted import (
    animated_colors,
    other_levels,
    other_variants,
    set_colors,
    splats_beside,
    tinting_blend_shapes,
    tinting_expressions,
)

ANIMATED = "KHR_animation_pointer"
ANISOTROPY = "KHR_materials_anisotropy"
AVIF = "EXT_texture_avif"
BASISU = "KHR_texture_basisu"
CLEARCOAT = "KHR_materials_clearcoat"
DDS = "MSFT_texture_dds"
DRACO = "KHR_draco_mesh_compression"
GAUSSIANS = "KHR_gaussian_splatting"
GAUSSIANS_SPZ = f"{GAUSSIANS}_compression_spz"
GAUSSIANS_SPZ_2 = f"{GAUSSIANS}_compression_spz_2"
GLOW = "KHR_materials_emissive_strength"
IMAGE_LIGHTS = "EXT_lights_image_based"
INSTANCING = "EXT_mesh_gpu_instancing"
INTERACTIVE = "KHR_interactivity"
LEVELS = "MSFT_lod"
LAMPS = "KHR_lights_punctual"
MESHOPT = "EXT_meshopt_compression"
MESHOPT_KHR = "KHR_meshopt_compression"
MTOON = "VRMC_materials_mtoon"
QUANTIZATION = "KHR_mesh_quantization"
REFRACTION = "KHR_materials_ior"
SHEEN = "KHR_materials_sheen"
SHINE = "KHR_materials_specular"
SPECULAR = "KHR_materials_pbrSpecularGlossiness"
TRANSLUCENT = "KHR_materials_diffuse_transmission"
TRANSFORM = "KHR_texture_transform"
UNLIT = "KHR_materials_unlit"
VARIANTS = "KHR_materials_variants"
VISIBILITY = "KHR_node_visibility"
VRM0 = "VRM"
VRM1 = "VRMC_vrm"
WEBP = "EXT_texture_webp"
XMP = "KHR_xmp_json_ld"


@final
@dataclass(frozen=True)
class Extension:
    """What one glTF extension is to this program. Concretely: `EXT_texture_webp`, read, and added with WebP textures.

    It assumes nothing of files that do not name the extension. Whatever has no row stays in a file as it is, and
    nothing of it is understood. ``read`` says whether loading heeds it; a file that requires one that is not read is
    remarked or refused. ``may_come`` and ``may_go`` tell ``style3d diff`` what painting may add and take away.
    ``repeats`` names textures that show the base colour again and so follow the paint. ``unpainted`` gives a
    sentence on colours that no paint reaches, and ``inspect`` gives the line that ``style3d inspect`` prints.
    ``meaning`` is for docs/formats.md.

    Examples:
        >>> row = Extension("ACME_sparkle", "glitter on the base colour", read=False, inspect=lambda json: "sparkles")
        >>> row.may_come, row.inspect({})
        (False, 'sparkles')
        >>> next(row.may_go for row in EXTENSIONS if row.name == "EXT_texture_webp")
        True
    """

    name: str
    meaning: str  # what becomes of it, for the table in docs/formats.md
    read: bool = True  # what it says is heeded while a model is read
    may_come: bool = False  # painting may add it, and `style3d diff` allows that
    may_go: bool = False  # painting may take it away with the images or the look-ups that it told of
    holds_image: bool = False  # its object in a texture names the image to show, as ``source``
    packs_views: bool = False  # its object in a buffer view tells where the view's compressed bytes are
    repeats: tuple[str, ...] = ()  # textures of its object in a material that show the base colour again, if the same
    unpainted: Callable[[str, Mapping[str, Any], Set[int]], str] | None = None
    """A sentence on what shows other colours than the painted materials; from its name, a glTF's JSON and those."""
    grows: str = ""  # the list in the file's own object of it that painting appends to
    inspect: Callable[[Mapping[str, Any]], str] | None = None  # a line on a glTF's JSON; empty where there is none


def _variants(json: Mapping[str, Any]) -> str:
    listed = json.get("extensions", {}).get(VARIANTS, {}).get("variants", [])
    return "variants: " + ", ".join(repr(str(item.get("name", ""))) for item in listed) if listed else ""


def _packed_views(json: Mapping[str, Any]) -> str:
    count = sum(compression_of(view) is not None for view in json.get("bufferViews", []))
    return f"{count:,} buffer view{'s' * (count != 1)} compressed with meshopt" if count else ""


EXTENSIONS: list[Extension] = [
    Extension(WEBP, "a texture's image as WebP", may_come=True, may_go=True, holds_image=True),
    Extension(AVIF, "a texture's image as AVIF", may_go=True, holds_image=True),
    Extension(
        BASISU, "a texture's image as KTX2, read where no PNG or JPEG is beside it", may_go=True, holds_image=True
    ),
    Extension(DDS, "a texture's image as DDS", may_go=True, holds_image=True),
    Extension(TRANSFORM, "UVs are moved, turned and scaled", may_go=True),
    Extension(SPECULAR, "its diffuse colour is painted, and goes before the metallic-roughness one"),
    Extension(UNLIT, "a material without maps besides the base colour"),
    Extension(
        VARIANTS,
        "looks to switch between; `--variants` adds some, and others than the one shown are named",
        may_come=True,
        grows="variants",
        unpainted=other_variants,
        inspect=_variants,
    ),
    Extension(SHEEN, "its colour follows where it is the base colour's texture", False, repeats=("sheenColorTexture",)),
    Extension(SHINE, "as above", False, repeats=("specularColorTexture",)),
    Extension(TRANSLUCENT, "as above", False, repeats=("diffuseTransmissionColorTexture",)),
    Extension(MTOON, "its shade follows as these do", False, repeats=("shadeMultiplyTexture",)),
    Extension(VRM1, "an avatar; expressions that tint what is painted are named", False, unpainted=tinting_expressions),
    Extension(
        VRM0,
        "an avatar; its own main texture, shade and colour follow the base colour",
        False,
        unpainted=tinting_blend_shapes,
    ),
    Extension(ANIMATED, "animated base colours are named", False, unpainted=animated_colors),
    Extension(INTERACTIVE, "behaviours that set base colours are named", False, unpainted=set_colors),
    Extension(LEVELS, "coarser levels with other materials are named", False, unpainted=other_levels),
    Extension(DRACO, "triangles are decoded; the stream stays"),
    Extension(MESHOPT, "buffers are decoded; the streams stay", packs_views=True, inspect=_packed_views),
    Extension(
        MESHOPT_KHR, "the same, in both versions of its streams and with its filter of colours", packs_views=True
    ),
    Extension(QUANTIZATION, "attributes are integers"),
    Extension(INSTANCING, "every instance is shown, and all share their texels"),
    Extension(VISIBILITY, "hidden nodes are not painted"),
    Extension(IMAGE_LIGHTS, "its images are never replaced", False),
    Extension(XMP, "provenance", may_come=True, grows="packets"),
    Extension(GAUSSIANS, "Gaussian splats, for `style3d nerf`; `style3d mesh` names them", unpainted=splats_beside),
    Extension(GAUSSIANS_SPZ, "their SPZ inside"),
    Extension(GAUSSIANS_SPZ_2, "their SPZ inside"),
]


def register(row: Extension) -> None:
    """Add an extension: `diff`, `inspect` and loading heed its row from then on.

    Raises:
        Style3DError: there is a row of that name.
    """
    if any(known.name == row.name for known in EXTENSIONS):
        raise Style3DError(f"{row.name} has a row already", hint="change that row")
    EXTENSIONS.append(row)


def image_extensions() -> tuple[str, ...]:
    """Those that name a texture's image, the first to be shown first."""
    return tuple(row.name for row in EXTENSIONS if row.holds_image)


def compression_of(view: Mapping[str, Any]) -> dict[str, Any] | None:
    """How a buffer view is compressed, and where the compressed bytes are; None where it is not."""
    extensions = view.get("extensions", {})
    return next((extensions[row.name] for row in EXTENSIONS if row.packs_views and row.name in extensions), None)


def repeats(material: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """References to textures in a material's extensions that may show its base colour a second time."""
    for row in EXTENSIONS:
        for key in row.repeats:
            info = material.get("extensions", {}).get(row.name, {}).get(key)
            if isinstance(info, dict):
                yield info


def left_unpainted(json: Mapping[str, Any], painted: Set[int]) -> list[str]:
    """Sentences on what a file shows in other colours than those of its painted materials."""
    asked = [row for row in EXTENSIONS if row.unpainted is not None and row.name in json.get("extensionsUsed", [])]
    return [text for row in asked if row.unpainted is not None and (text := row.unpainted(row.name, json, painted))]


def may_come(name: str) -> bool:
    """Whether painting may add an extension."""
    return any(row.may_come for row in EXTENSIONS if row.name == name)


def may_go(name: str) -> bool:
    """Whether painting may take an extension away."""
    return any(row.may_go for row in EXTENSIONS if row.name == name)


def unread(names: list[str]) -> list[str]:
    """Those of the extensions named whose meaning is not heeded."""
    return [name for name in names if not any(row.read for row in EXTENSIONS if row.name == name)]


def docs_table() -> str:
    """The table in docs/formats.md."""
    lines = ["| extension | read | may come | may go | what it is here |", "|---|---|---|---|---|"]
    for row in EXTENSIONS:
        can = " | ".join("yes" if fact else "no" for fact in (row.read, row.may_come, row.may_go))
        lines.append(f"| `{row.name}` | {can} | {row.meaning} |")
    return "\n".join(lines)
