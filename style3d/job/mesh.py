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
    """Paint a mesh in the style of a picture, and write the same asset with new base colours.

    It assumes a file of triangles (glTF, OBJ, PLY, STL or OFF) and a style: pictures, a prompt, or both. Shapes,
    rig, animations and all maps besides the base colour stay. Options that contradict each other are refused when
    the job is made; files are read later, by `style3d.load`.

    Every field is an option of ``style3d mesh`` as well (``style_scale`` is ``--style-scale``) and says below what
    it does. Most runs set four: ``style`` or ``prompt`` says what to paint after, ``preset`` says how much time to
    spend, and ``output`` names the file. ``strength`` keeps more of the original, ``region`` gives parts a style of
    their own, and ``uv`` and ``texture_size`` decide which texels are written.

    Examples:
        >>> from style3d import MeshJob
        >>> job = MeshJob("data/models/koi.glb", style=("data/styles/woodcut.jpg",), preset="draft", texture_size=512)
        >>> job.destination.name
        'koi.styled.glb'
        >>> MeshJob("data/models/koi.glb", style=("data/styles/woodcut.jpg",), strength=2)
        Traceback (most recent call last):
        style3d.errors.Style3DError: --strength is out of range; got 2; expected 0 to 1
    """

    kind: ClassVar[str] = "mesh"
    outputs: ClassVar[Sequence[str]] = MESH_SUFFIXES

    model: Annotated[Model, tyro.conf.arg(metavar="MODEL", help=f"The asset: {either(MESH_SOURCES)}.")]
    """The asset; its suffix is one of `MESH_SOURCES`."""
    output: Annotated[Output, tyro.conf.arg(help=OUTPUT.format(MESH_SUFFIXES, "MODEL", MESH_SUFFIXES[0]))] = None
    """File to write; its suffix is one of `outputs`."""
    paint: Paint = "auto"
    """What is painted: texture or vertices. auto paints textures, but vertices of a dense mesh without UVs."""
    texture_size: Annotated[int | None, Between(16, 8192)] = None
    """The longer side of the textures written, in texels. Default: the source's, or the multiple of it nearest 1024."""
    uv: Uv = "auto"
    """Which UVs the paint uses. keep uses the model's own. new adds a UV set for the base colour alone. auto adds one
    if the model's own UVs cannot be painted (palettes, voxels, overlapping faces). With --protect, --base-color or a
    region's mask it keeps the model's own."""
    protect: tyro.conf.UseAppendAction[tuple[Path, ...]] = ()
    """An image over the textures. Its white parts stay exactly as they are. Give the option again for more images."""
    base_color: Path | None = None
    """The picture to start from if the model names none, as an OBJ without an MTL does."""
    texture_format: TextureFormat = "png"
    """The image format inside the asset."""
    lighting: Literal["studio", "unlit"] = "studio"
    """The light in the views that are compared with the style. The light is not written into the textures."""
    rasterizer: Literal["embree", "torch", "pytorch3d", "nvdiffrast"] = "embree"
    """The library that decides which face a pixel shows."""
    pose: str | None = None
    """The pose of a rig while it is painted: ANIMATION:SECONDS, or bind. Default: the pose in the file."""
    credit: Annotated[str, Trait.TOLD_APART] = ""
    """Licence notes and names. They are written into the asset's provenance."""
    variants: Annotated[
        bool, Excludes("style_weights", "variants keep styles apart, and weights mix them"),
        Excludes("time", "every variant is a run of its own"),
    ] = False  # fmt: skip
    """Make one run for each --style, and write one glTF in which viewers switch between the original and all styles."""
    maps: Annotated[tuple[Literal["base", "emissive", "roughness", "normal"], ...], Trait.TOLD_APART] = ("base",)
    """The maps to write: base, and also emissive, roughness and normal maps that follow the strokes."""
    optimize: tuple[Optimization, ...] = ()
    """Make the GLB smaller with gltf-transform, which must be installed: webp or ktx2, and meshopt."""
    sign_key: Annotated[
        Path | None, Trait.CONDUCT, Needs("sign_certificate"),
        Excludes("optimize", "gltf-transform would rewrite the signed textures"),
    ] = None  # fmt: skip
    """A private key (PEM). It signs the textures (C2PA) and a sidecar that holds the asset's hash."""
    sign_certificate: Annotated[Path | None, Trait.CONDUCT, Needs("sign_key")] = None
    """The certificate chain for --sign-key (PEM)."""

    def __post_init__(self) -> None:
        """Refuse what cannot work; see `Job`."""
        super().__post_init__()
        check_tools(self.optimize, self.destination)
        if self.uv == "new" and self.base_color is not None:
            raise Style3DError("--base-color needs the model's own UVs", hint="leave out --uv new")
        file, name = mesh_file(self.destination.suffix), self.destination.name
        if set(self.maps) - {"base"} and (self.variants or not file.holds_maps):
            kinds = mesh_files_that(lambda row: row.holds_maps)
            raise Style3DError(f"--maps need one style and a {kinds}", hint="leave out --maps")
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
