"""A job on a radiance field: Gaussian splats, or a NeRF's grid."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar, Literal, final

import tyro

from style3d.job.base import Job
from style3d.job.values import Between
from style3d.region import Region


@final
@dataclass(frozen=True)
class FieldJob(Job):
    """Give a radiance field the look of a picture: scene and style in, the same scene in that style out."""

    kind: ClassVar[str] = "nerf"
    outputs: ClassVar[tuple[str, ...]] = (".ply", ".glb", ".spz", ".splat", ".safetensors")

    model: Annotated[Path, tyro.conf.Positional]
    """The scene: a file of Gaussian splats, a trained grid, or the folder of a capture."""
    output: Path | None = None
    """File to write, .ply, .glb, .spz, .splat or .safetensors; default: MODEL.styled.ply in the working folder."""
    view_dependence: Literal["drop", "keep"] = "keep"
    """What becomes of colour that changes with the direction it is seen from: kept as it was, or dropped."""
    vantage: Literal["auto", "outside", "inside"] = "auto"
    """Where to look from when the scene names no cameras; auto: by how far its content reaches around its middle."""
    downscale: Annotated[int | None, Between(1, 64)] = None
    """Divide the size of a capture's photographs by this; default: whatever brings them to 512 pixels."""

    @property
    def regions(self) -> tuple[Region, ...]:
        """As given."""
        return self.region
