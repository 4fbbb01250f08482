"""The course of a run is laid before it paints: cameras, stages, tempo, and the estimate of what they take."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import final

from style3d.core.camera import Camera
from style3d.core.scene import SHEET_SIZE, SHEET_VIEWS, Closeups, Views
from style3d.device import peak_on
from style3d.job import Job, Recipe
from style3d.job.preset import PRESETS
from style3d.job.presets_by_time import LADDER
from style3d.job.recipe import recipe_after
from style3d.paint.estimate import Estimate, estimated_bytes, estimated_seconds
from style3d.paint.layers import PLACES
from style3d.paint.measure_pace import SIDE_BY_SIDE, Bench, measure_pace
from style3d.paint.memory import peak_memory
from style3d.paint.pace import Pace, StageWork, Work
from style3d.paint.patchwork import patching_seconds
from style3d.paint.schedule import SMALLEST_VIEW
from style3d.paint.tempo import MARGIN, ByClock, ByCount, Tempo, pick_recipe
from style3d.progress import duration

EPOCHS = 2  # visits of every view, at least: one visit leaves strokes that no other view has corrected


@final
@dataclass(frozen=True)
class Span:
    """The time of a run, in seconds of its clock. Concretely: begun at 100, four seconds to open, now it is 107."""

    begun: float
    opening: float  # seconds until the scene was there; writing it takes about as long
    clock: Callable[[], float] = monotonic


@final
@dataclass(frozen=True)
class Course:
    """What a run will do."""

    job: Job
    recipe: Recipe
    views: Views
    work: Work
    tempo: Tempo
    estimate: Estimate
    cast: tuple[str, ...]  # which part is painted after which area

    def cameras(self, number: int) -> list[Camera]:
        """The planned views of a stage."""
        return stage_cameras(self.recipe, self.views, number)

    def begin(self, number: int, pixels: Sequence[int]) -> int:
        """The views of a stage are there, each so large; the steps that it takes, at most."""
        return self.tempo.begin(number, stage_work(self.job, self.recipe, number, pixels))

    def __str__(self) -> str:
        """A sentence."""
        closeups = f", {len(self.views.closeups)} close-ups" if self.views.closeups else ""
        what = f"{len(self.views.overviews)} views{closeups}, {self.recipe.resolution} pixels"
        if self.job.time is not None:
            return f"in {duration(self.job.time)}: {what}; {self.estimate}"
        return f"about {self.estimate}: {what}, {sum(stage.steps for stage in self.work.stages)} steps"


def lay_course(job: Job, bench: Bench, span: Span, further: Sequence[int] = ()) -> Course:
    """Plan the cameras, measure the pace, and say what the run takes; with ``job.time`` also choose what fits.

    Args:
        job: what to do.
        bench: what it is done with.
        span: when it began.
        further: pixels of each picture that is rendered when everything else is written.
    """
    ladder, preset = list(LADDER), PRESETS[job.preset]
    if not bench.layers.has_pictures:
        ladder, preset = [row.without_patches() for row in ladder], preset.without_patches()
    if job.time is None:
        chosen = recipe_after(preset, job)
        views = _planned_views(bench, chosen)
        pace = measure_pace(bench, views.overviews)
    else:
        pace = measure_pace(
            bench, bench.scene.plan(SIDE_BY_SIDE, recipe_after(PRESETS["draft"], job).resolution).overviews
        )
        left = (1 - MARGIN) * job.time - (span.clock() - span.begun)
        chosen = pick_recipe(
            ladder,
            job,
            left,
            lambda one: _cost(job, one, pace, span, further) + _starting_seconds(bench, one.views * one.resolution**2),
        )
        views = _planned_views(bench, chosen)
    stages = [
        stage_work(job, chosen, number, [_pixels(camera) for camera in stage_cameras(chosen, views, number)])
        for number in range(len(chosen.stages))
    ]
    work = Work(tuple(stages), (*_pictures(job, chosen), *further))
    writing = work.picture_seconds(pace) + span.opening
    spent, starting = span.clock() - span.begun, _starting_seconds(bench, sum(map(_pixels, views.overviews)))
    seconds = estimated_seconds(work, pace, spent, starting + writing, len(views.overviews) if chosen.closeups else 0)
    tempo: Tempo = ByCount()
    if job.time is not None:
        end = span.begun + (1 - MARGIN) * job.time
        tempo = ByClock(work, pace, end, writing, span.clock)
        seconds = (min(seconds[0], job.time), max(job.time, spent + writing))
    taken = (peak_memory() or 0) + peak_on(bench.device)
    held = estimated_bytes(work, pace, bench.scene.hierarchy, job.cache_gb * 1e9, taken)
    return Course(job, chosen, views, work, tempo, Estimate(seconds, held), bench.layers.cast)


def stage_cameras(chosen: Recipe, views: Views, number: int) -> list[Camera]:
    """The overviews at the size of a stage; in the last one the close-ups, too."""
    stage = chosen.stages[number]
    scale = min(1.0, max(stage.scale, SMALLEST_VIEW / chosen.resolution))
    overviews = [camera.at_scale(scale) for camera in views.overviews]
    return overviews + (list(views.closeups) if stage.closeups else [])


def stage_work(job: Job, chosen: Recipe, number: int, pixels: Sequence[int]) -> StageWork:
    """The recipe's steps; more where an asset needs so many views that some would hardly be visited."""
    steps, many = chosen.stages[number].steps, job.optimizer == "lbfgs"
    if job.steps is None and not many:
        steps = max(steps, EPOCHS * len(pixels))
    return StageWork(tuple(pixels), steps, 1 if many else PLACES, len(pixels) if many else 1)


def _planned_views(bench: Bench, chosen: Recipe) -> Views:
    size = chosen.resolution
    limits = Closeups(chosen.closeups, min(chosen.zoom, bench.layers.finest / size))
    return bench.scene.plan(chosen.views, size, limits)


def _cost(job: Job, chosen: Recipe, pace: Pace, span: Span, further: Sequence[int]) -> float:
    """Seconds of a recipe, painted and written, before its cameras are known: all square, and all close-ups there."""
    whole = chosen.resolution**2
    stages = [
        stage_work(
            job, chosen, number,
            [round(stage.scale**2 * whole)] * chosen.views + [whole] * (chosen.closeups * stage.closeups),
        )
        for number, stage in enumerate(chosen.stages)
    ]  # fmt: skip
    work = Work(tuple(stages), (*_pictures(job, chosen), *further))
    return work.painting_seconds(pace) + work.picture_seconds(pace) + span.opening


def _starting_seconds(bench: Bench, pixels: int) -> float:
    """Seconds until the stages have something to start from, of overviews of so many pixels together."""
    return patching_seconds(pixels) if bench.layers.has_pictures else 0.0


def _pictures(job: Job, chosen: Recipe) -> list[int]:
    """Pixels of each picture of the contact sheet and the turntable."""
    frames = chosen.frames if job.turntable != "none" else 0
    return [max(chosen.frame_size, SHEET_SIZE) ** 2] * SHEET_VIEWS + [chosen.frame_size**2] * frames


def _pixels(camera: Camera) -> int:
    return camera.width * camera.height
