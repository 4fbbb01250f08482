"""The job as nerfstudio's command line speaks it: ``--pipeline.style.image s.jpg``."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, ClassVar, final

import tyro

from style3d.errors import Style3DError
from style3d.job import FieldJob, Job
from style3d.job.values import Between
from style3d.regions.region import Region

OWN = ("model", "output", "optimizer", "device", "turntable")  # what nerfstudio decides in its own way
TABLES = ("strength", "region", "brush_size", "preserve_color", "palette", "symmetry")  # need a table of colours


@final
@dataclass(frozen=True)
class StyleJob(Job):
    """What to paint like, and how. The scene, the device and the output are nerfstudio's own options.

    Concretely: the picture "starry-night.jpg", 480 steps, views 512 pixels long. A default one has no style; it is
    there for the method's registration, and `checked` refuses it.
    """

    kind: ClassVar[str] = "nerfstudio"
    outputs: ClassVar[tuple[str, ...]] = ("",)

    model: tyro.conf.Suppress[Path] = Path()
    style: tyro.conf.Suppress[tuple[Path, ...]] = ()
    image: Annotated[tyro.conf.UseAppendAction[tuple[Path, ...]], tyro.conf.arg(metavar="IMAGE")] = ()
    """The picture to paint like; give it again to mix several (see style-weights)."""
    output: tyro.conf.Suppress[Path | None] = None
    strength: tyro.conf.Suppress[float] = 1.0
    region: tyro.conf.Suppress[tuple[Any, ...]] = ()
    brush_size: tyro.conf.Suppress[float | None] = None
    preserve_color: tyro.conf.Suppress[bool] = False
    palette: tyro.conf.Suppress[tuple[str, ...]] = ()
    symmetry: tyro.conf.Suppress[Any] = None
    views: Annotated[int | None, Between(1, 512)] = None
    """Training cameras to paint from, spread evenly over the capture; default: all of them."""
    optimizer: tyro.conf.Suppress[Any] = "adam"
    device: tyro.conf.Suppress[str] = "auto"
    cache_gb: Annotated[float, Between(0, 1024)] = 3.0
    """Memory for traced views; what does not fit is traced again when its turn comes."""
    turntable: tyro.conf.Suppress[Any] = "none"

    def __post_init__(self) -> None:
        """Text is taken for paths; everything else is checked when the job is used."""
        object.__setattr__(self, "image", tuple(Path(path) for path in self.image))
        object.__setattr__(self, "style", self.image)

    @property
    def destination(self) -> Path:
        """Nothing but what nerfstudio writes."""
        return Path()

    @property
    def regions(self) -> tuple[Region, ...]:
        """None."""
        return ()

    @property
    def consistency(self) -> float:
        """The pipeline has a setting of its own."""
        return 0.0

    def checked(self) -> StyleJob:
        """Itself, if it can work.

        Raises:
            Style3DError: no style is named, or a number is out of range.
        """
        super().__post_init__()
        return self


def style_of(job: FieldJob) -> StyleJob:
    """The same style for nerfstudio: every setting that is not its own.

    Raises:
        Style3DError: a setting that only a table of colours can have.
    """
    for field in dataclasses.fields(job):
        if field.name in TABLES and getattr(job, field.name) != field.default:
            option = "--" + field.name.replace("_", "-")
            raise Style3DError(f"{option} does not work on a nerfstudio run", hint="leave it out")
    shared = {field.name for field in dataclasses.fields(StyleJob)} - {*OWN, *TABLES, "style", "image"}
    common = {name: getattr(job, name) for name in shared & {field.name for field in dataclasses.fields(job)}}
    return StyleJob(image=job.style, **common)
