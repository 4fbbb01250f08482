"""A field job paints a radiance field: Gaussian splats, or a NeRF's grid."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar, Literal, final

import tyro

from style3d.errors import Style3DError
from style3d.job.base import OUTPUT, Job, Model, Output
from style3d.job.control import Between, Excludes, Needs, Trait
from style3d.job.file_types import FIELD_SUFFIXES, MESH_SUFFIXES
from style3d.regions.region import Region

CONSISTENCY = 100.0  # default weight of views' disagreement
MESH = (
    "Also write the painted scene as a mesh, {}: its surface is unwrapped and gets the colours as a texture. Of a "
    "scene with surroundings, only the middle is written."
)


@final
@dataclass(frozen=True)
class FieldJob(Job):
    """Paint a radiance field in the style of a picture, and write the same scene with new colours.

    It assumes Gaussian splats in a file, a grid that style3d has fitted, or the folder of a capture: photos with
    their cameras, to which a grid is fitted first. Geometry stays, unless ``geometry`` is "finetune". Options that
    contradict each other are refused when the job is made; files are read later, by `style3d.load`.

    Every field is an option of ``style3d nerf`` as well and says below what it does. ``style``, ``prompt``,
    ``preset``, ``output`` and ``strength`` mean what they mean for a mesh. ``view_dependence`` decides what becomes
    of highlights, ``vantage``, ``up`` and ``path`` decide where cameras stand, and ``mesh`` writes the scene as a
    mesh, too.

    Examples:
        >>> from style3d import FieldJob
        >>> job = FieldJob("data/scenes/mossling.spz", style=("data/styles/oil.jpg",), output="out/painted.ply")
        >>> job.consistency, job.pictures[0].name
        (0.0, 'oil.jpg')
        >>> FieldJob("data/scenes/mossling.spz", style=("data/styles/oil.jpg",), view_dependence="style").consistency
        100.0
    """

    kind: ClassVar[str] = "nerf"
    outputs: ClassVar[Sequence[str]] = FIELD_SUFFIXES

    model: Annotated[Model, tyro.conf.arg(metavar="SCENE")]
    """The scene: a file of Gaussian splats, a trained grid, or the folder of a capture."""
    output: Annotated[Output, tyro.conf.arg(help=OUTPUT.format(FIELD_SUFFIXES, "SCENE", FIELD_SUFFIXES[0]))] = None
    """File to write; its suffix is one of `outputs`."""
    view_dependence: Literal["drop", "keep", "style"] = "keep"
    """What happens to colour that changes with the viewing direction. keep leaves it as it was, drop removes it, style
    paints it too, which needs splats with harmonics."""
    consistency_weight: Annotated[float | None, Between(0, 1e6)] = None
    """How strongly neighbouring views are made to agree. It applies to --view-dependence style and to nerfstudio runs.
    Default: 100."""
    geometry: Literal["frozen", "finetune"] = "frozen"
    """Whether splats may be divided: frozen keeps every splat; finetune first divides large splats. A splat is large if
    its standard deviation exceeds a pixel in the nearest view. It is divided in two repeatedly, up to four times as
    many splats in all. Places and sizes do not change while colours are painted."""
    antialiased: bool = False
    """Render splats as antialiased training does (Mip-Splatting). SPZ files and the configuration of a trained model
    say this themselves."""
    vantage: Literal["auto", "outside", "inside"] = "auto"
    """Where cameras stand if the scene names none: outside or inside. auto decides by how far the content reaches."""
    up: Literal["auto", "x", "y", "z", "-x", "-y", "-z"] = "auto"
    """The axis of splats that points up; views are placed around it. auto takes what the file says, such as "Vertical
    Axis: z", else -y, as 3D Gaussian splatting has it. Write --up=-z for an axis with a minus."""
    path: Literal["auto", "capture", "orbit"] = "auto"
    """The path of the cameras for previews: the capture's path, or an orbit around the scene. auto follows the
    capture's path if the scene names one."""
    downscale: Annotated[int | None, Between(1, 64)] = None
    """The number that divides the size of a capture's photos. Default: the number that brings them to 512 pixels."""

    mesh: Annotated[
        Path | None, Trait.CONDUCT, tyro.conf.arg(help=MESH.format(MESH_SUFFIXES)),
        Excludes("time", "how long a surface takes is known only when it is there"),
    ] = None  # fmt: skip
    """A mesh to write too, of the painted scene's surface; its suffix is one of `MESH_SUFFIXES`."""
    faces: Annotated[int | None, Between(100, 5_000_000), Needs("mesh", "add --mesh FILE.glb")] = None
    """The largest number of triangles of --mesh. Default: 30000."""
    texture_size: Annotated[int | None, Between(16, 8192), Needs("mesh", "add --mesh FILE.glb")] = None
    """The texels on a side of the texture of --mesh. Default: four times the resolution of the views."""

    def __post_init__(self) -> None:
        """Refuse what cannot work; see `Job`."""
        super().__post_init__()
        if self.view_dependence == "style":
            for option, given in (("--symmetry", self.symmetry), ("--optimizer lbfgs", self.optimizer == "lbfgs")):
                if given:
                    raise Style3DError(f"{option} does not work with --view-dependence style", hint="leave one out")
        if self.mesh is None:
            return
        if self.mesh.suffix.lower() not in MESH_SUFFIXES:
            raise Style3DError(f"cannot write a mesh as {self.mesh}", expected=", ".join(MESH_SUFFIXES))
        if self.mesh.resolve() in (self.destination.resolve(), self.model.resolve()):
            raise Style3DError(
                f"--mesh names {self.mesh}, which is the job's input or output", hint="choose another name for --mesh"
            )

    @property
    def consistency(self) -> float:
        """The weight where directions have paint of their own."""
        if self.view_dependence != "style":
            return 0.0
        return CONSISTENCY if self.consistency_weight is None else self.consistency_weight

    @property
    def regions(self) -> tuple[Region, ...]:
        """As given."""
        return self.region
