"""nerfstudio's command line sets the job: ``--pipeline.style.image s.jpg``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, ClassVar, final

import tyro

from style3d.errors import Style3DError
from style3d.job import FieldJob, Job
from style3d.job.control import Between, Trait, controls, names_with
from style3d.regions.region import Region

HIDDEN = (Trait.HOST_DECIDES, Trait.NEEDS_TABLE)  # what nerfstudio has options of its own for, and what it cannot do


def hide(kind: type) -> type:
    """Keep the options that have a trait of `HIDDEN` out of nerfstudio's command line, with their defaults.

    It decorates the class before `dataclass` does, and leaves alone what the class declares itself.
    """
    suppressed: Any = tyro.conf.Suppress
    for name in names_with(Job, *HIDDEN) - set(kind.__annotations__):
        kind.__annotations__[name] = suppressed[controls(Job)[name].hint]
    return kind


@final
@dataclass(frozen=True)
@hide
class StyleJob(Job):
    """What to paint like, and how. The scene, the device and the output are nerfstudio's own options.

    Concretely: the picture "starry-night.jpg", 480 steps, views 512 pixels long. A default one has no style; it is
    there for the method's registration, and `validate` refuses it.
    """

    kind: ClassVar[str] = "nerfstudio"
    outputs: ClassVar[tuple[str, ...]] = ("",)

    model: tyro.conf.Suppress[Path] = Path()
    style: tyro.conf.Suppress[tuple[Path, ...]] = ()
    image: Annotated[tyro.conf.UseAppendAction[tuple[Path, ...]], tyro.conf.arg(metavar="IMAGE")] = ()
    """The picture to paint like; give it again to mix several (see style-weights)."""
    views: Annotated[int | None, Between(1, 512)] = None
    """Training cameras to paint from, spread evenly over the capture; default: all of them."""
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

    def validate(self) -> StyleJob:
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
    for name, control in controls(FieldJob).items():
        if Trait.NEEDS_TABLE in control.traits and getattr(job, name) != control.default:
            raise Style3DError(f"{control.option} does not work on a nerfstudio run", hint="leave it out")
    shared = controls(Job).keys() - names_with(Job, *HIDDEN) - {"style"}
    return StyleJob(image=job.style, **{name: getattr(job, name) for name in shared})
