"""A mesh job paints a glTF, OBJ, PLY, STL or OFF file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar, Literal, final

import tyro

from style3d.errors import Style3DError
from style3d.gltf.optimize import Optimization, check_tools
from style3d.job.base import OUTPUT, Job, Model, Output
from style3d.job.control import Between, Excludes, Needs, Trait
from style3d.job.file_types import MESH_SOURCES, MESH_SUFFIXES, either, mesh_file, mesh_files_that
from style3d.regions.region import Region
from style3d.regions.selector import Where

TextureFormat = Literal["png", "jpeg", "webp"]
Uv = Literal["auto", "keep", "new"]
Paint = Literal["auto", "texture", "vertices"]


@final
@dataclass(frozen=True)
class MeshJob(Job):
    """Give a mesh the look of a picture: model and style in, the same asset in that style out."""

    kind: ClassVar[str] = "mesh"
    outputs: ClassVar[Sequence[str]] = MESH_SUFFIXES

    model: Annotated[Model, tyro.conf.arg(help=f"The asset: {either(MESH_SOURCES)}.")]
    """The asset; its suffix is one of `MESH_SOURCES`."""
    output: Annotated[Output, tyro.conf.arg(help=OUTPUT.format(MESH_SUFFIXES, MESH_SUFFIXES[0]))] = None
    """File to write; its suffix is one of `outputs`."""
    paint: Paint = "auto"
    """What is painted: texture or vertices; auto: texture, except vertices for a dense mesh without UVs."""
    texture_size: Annotated[int | None, Between(16, 8192)] = None
    """Longer side of the textures written, texels; default: the source's, at least 1024."""
    uv: Uv = "auto"
    """Through which UVs textures are painted: keep, the model's own; new, a further UV set for the base colour alone;
    auto: new where the model's own leave paint no room (palettes, voxels, faces over one another), unless a picture
    lies over the textures (--protect, --base-color, a region's mask)."""
    protect: tyro.conf.UseAppendAction[tuple[Path, ...]] = ()
    """An image over the textures whose white parts stay exactly as they are; give it again for more."""
    base_color: Path | None = None
    """Picture to start from where the model names none (an OBJ without MTL)."""
    texture_format: TextureFormat = "png"
    """Image format inside the asset."""
    lighting: Literal["studio", "unlit"] = "studio"
    """Light in the views the style is judged in; the textures written hold no light of their own."""
    rasterizer: Literal["embree", "torch", "pytorch3d", "nvdiffrast"] = "embree"
    """What decides visibility."""
    pose: str | None = None
    """How a rig stands while it is painted: ANIMATION:SECONDS, or bind; default: as the file has it."""
    credit: Annotated[str, Trait.TOLD_APART] = ""
    """Licence notes and names, told in the asset beside what it was made of."""
    variants: Annotated[bool, Excludes("style_weights", "it keeps styles apart, which weights mix")] = False
    """One run for each --style, and one glTF that holds the original and all of them, switchable in any viewer."""
    maps: Annotated[tuple[Literal["base", "emissive", "roughness", "normal"], ...], Trait.TOLD_APART] = ("base",)
    """What is written: base; also emissive, roughness and normal maps that follow the strokes."""
    optimize: tuple[Optimization, ...] = ()
    """Make the GLB smaller with gltf-transform, where it is installed: webp or ktx2, and meshopt."""
    sign_key: Annotated[
        Path | None, Trait.CONDUCT, Needs("sign_certificate"),
        Excludes("optimize", "it would rewrite the textures that are signed"),
    ] = None  # fmt: skip
    """Private key, PEM: textures are signed (C2PA), and a signed sidecar vouches for the asset."""
    sign_certificate: Annotated[Path | None, Trait.CONDUCT, Needs("sign_key")] = None
    """Certificate for --sign-key with those that vouch for it, PEM."""

    def __post_init__(self) -> None:
        """Refuse what cannot work; see `Job`."""
        super().__post_init__()
        check_tools(self.optimize, self.destination)
        if self.uv == "new" and self.base_color is not None:
            raise Style3DError("--base-color is made for the model's own UVs", hint="leave out --uv new")
        file, name = mesh_file(self.destination.suffix), self.destination.name
        if set(self.maps) - {"base"} and (self.variants or not file.holds_maps):
            kinds = mesh_files_that(lambda row: row.holds_maps)
            raise Style3DError(f"--maps are written to one look of a {kinds}", hint="leave them out")
        if self.sign_key is not None and not file.holds_signatures:
            expected = mesh_files_that(lambda row: row.holds_signatures)
            raise Style3DError(f"{name} cannot be signed", expected=expected)
        if self.variants and not file.holds_variants:
            expected = mesh_files_that(lambda row: row.holds_variants)
            raise Style3DError(f"{name} cannot hold --variants", expected=expected)

    @property
    def regions(self) -> tuple[Region, ...]:
        """As given, with what is protected over them."""
        return (*self.region, *(Region(Where(mask=mask), strength=0.0) for mask in self.protect))

    @property
    def layout(self) -> Uv:
        """What ``uv`` comes to: pictures over the textures need the UVs that they were made for."""
        over = self.base_color is not None or any(
            r.where.mask is not None and r.where.view is None for r in self.regions
        )
        return "keep" if self.uv == "auto" and over else self.uv

    @property
    def consistency(self) -> float:
        """All views share one table."""
        return 0.0
