"""A field job paints a radiance field: Gaussian splats, or a NeRF's grid."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar, Literal, final

import tyro

from style3d.errors import Style3DError
from style3d.job.base import OUTPUT, Job, Model, Output
from style3d.job.control import Between, Needs, Trait
from style3d.job.file_types import FIELD_SUFFIXES, MESH_SUFFIXES
from style3d.regions.region import Region

CONSISTENCY = 100.0  # default weight of views' disagreement
MESH = (
    "Also write the painted scene as a mesh, {}: its surface, unwrapped, with the colours as a texture. Of what "
    "reaches far around only the middle."
)


@final
@dataclass(frozen=True)
class FieldJob(Job):
    """Give a radiance field the look of a picture: scene and style in, the same scene in that style out."""

    kind: ClassVar[str] = "nerf"
    outputs: ClassVar[Sequence[str]] = FIELD_SUFFIXES

    model: Model
    """The scene: a file of Gaussian splats, a trained grid, or the folder of a capture."""
    output: Annotated[Output, tyro.conf.arg(help=OUTPUT.format(FIELD_SUFFIXES, FIELD_SUFFIXES[0]))] = None
    """File to write; its suffix is one of `outputs`."""
    view_dependence: Literal["drop", "keep", "style"] = "keep"
    """What becomes of colour that changes with the direction it is seen from: kept as it was, dropped, or painted too,
    which takes splats with harmonics."""
    consistency_weight: Annotated[float | None, Between(0, 1e6)] = None
    """How strongly neighbouring views are held together where they could disagree: with --view-dependence style
    and on nerfstudio runs (default: 100)."""
    geometry: Literal["frozen", "finetune"] = "frozen"
    """Of splats: frozen leaves every one where and as it is; finetune first divides those that are wider than strokes
    can be (a standard deviation of more than a pixel in the nearest view) in two, again and again, up to four times as
    many splats. Their places and sizes do not move while they are painted."""
    antialiased: bool = False
    """Draw splats as those do that were trained antialiased (Mip-Splatting), where the file does not say so itself: SPZ
    files and the configuration beside a trained model do."""
    vantage: Literal["auto", "outside", "inside"] = "auto"
    """Where to look from when the scene names no cameras; auto: by how far its content reaches around its middle."""
    path: Literal["auto", "capture", "orbit"] = "auto"
    """Where pictures and the film are taken: along the capture's path, or on a turn around the scene; auto: along the
    capture's path where the scene names one."""
    downscale: Annotated[int | None, Between(1, 64)] = None
    """Divide the size of a capture's photographs by this; default: whatever brings them to 512 pixels."""

    mesh: Annotated[Path | None, Trait.CONDUCT, tyro.conf.arg(help=MESH.format(MESH_SUFFIXES))] = None
    """A mesh to write too, of the painted scene's surface; its suffix is one of `MESH_SUFFIXES`."""
    faces: Annotated[int | None, Between(100, 5_000_000), Needs("mesh", "add --mesh FILE.glb")] = None
    """Triangles of that mesh, at most; default: 30000."""
    texture_size: Annotated[int | None, Between(16, 8192), Needs("mesh", "add --mesh FILE.glb")] = None
    """Texels on a side of its texture; default: four times the resolution of the views."""

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
            raise Style3DError(f"{self.mesh} is written or read already", hint="choose another name for --mesh")

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
