"""A loop paints again until thresholds on style and content hold, and moves settings towards what is missed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar, final

import numpy as np

from style3d.errors import Style3DError
from style3d.evaluate.footage.footage import ComparedView, Footage
from style3d.evaluate.footage.render import coverage, image_over_grey
from style3d.evaluate.metrics.figure import Figure, Limit, parse_limit
from style3d.evaluate.metrics.image_figures import measure_views
from style3d.evaluate.metrics.lpips import installed_lpips
from style3d.evaluate.metrics.painted_views import PaintedViews
from style3d.evaluate.metrics.registry import ACCEPTED, acceptable
from style3d.evaluate.metrics.yardstick import Yardstick
from style3d.job import Job
from style3d.job.recipe import recipe
from style3d.paint.prompts import named_encoder
from style3d.paint.result import Result
from style3d.paint.style_library import brush_scale, features_of, read_styles

VIEWS, SIZE = 4, 192  # what a try is judge_result on: views around the scene, pixels a side
STEP = 1.6  # factor on the content weight from one try to the next
PATIENCE = 1.4  # factor on the steps where content and style are both missed
WEIGHTS = 0.05, 20.0  # content weights that are tried
ALIASES = {"content": "content.features", "style": "style.gram", "clip": "style.clip", "palette": "style.palette"}
NO_CLIP = "it needs a real CLIP: add --clip-weights FILE, and --clip-model if it is not ViT-B-32"
NO_GALLERY = "no gallery takes part in painting; measure it with style3d evaluate --gallery"
NO_INCEPTION = "no Inception weights take part in painting; measure it with style3d evaluate --inception"
Made = TypeVar("Made")


def parse_accept(text: str, prompt: bool = False) -> tuple[Limit, ...]:
    """``content>=0.5,style<=0.3``: figures of style and content, or the short names in `ALIASES`.

    Args:
        prompt: the style is told in words, so that ``clip`` means likeness to them.

    Raises:
        Style3DError: it cannot be read, or names something else.
    """
    names = ALIASES | ({"clip": "style.clip_text"} if prompt else {})
    limits = tuple(parse_limit(part.strip()) for part in text.split(",") if part.strip())
    limits = tuple(replace(limit, name=names.get(limit.name, limit.name)) for limit in limits)
    known = [row.name for row in acceptable()]
    for limit in limits:
        if limit.name not in known:
            raise Style3DError(f"--accept has no metric called '{limit.name}'", expected=", ".join((*ALIASES, *known)))
    if not limits:
        raise Style3DError("--accept names no threshold", expected="for example content>=0.5,style<=0.6")
    return limits


@final
@dataclass(frozen=True)
class Try:
    """One run and how it measured. Concretely: content weight 1.6, style 0.41, content 0.52, nothing missed."""

    job: Job
    made: Any
    figures: tuple[Figure, ...]
    missed: tuple[str, ...]  # a line for each threshold that is not kept
    shortfall: float  # 0 when all are kept

    def to_json(self) -> dict[str, Any]:
        """For the report."""
        values = {figure.name: figure.value for figure in self.figures if not figure.name.endswith(".before")}
        return {
            "content_weight": self.job.content_weight, "steps": self.job.steps, "missed": list(self.missed),
            "shortfall": self.shortfall, "figures": values,
        }  # fmt: skip


def try_until_kept(
    job: Job, limits: Sequence[Limit], retries: int, paint: Callable[[Job], Made],
    measure: Callable[[Made], Sequence[Figure]], enough: Callable[[Made], bool] = lambda _: False,
) -> list[Try]:  # fmt: skip
    """Paint, and again with adjusted settings while thresholds are missed; every try in its order.

    Args:
        retries: how often to try again, at most.
        paint: makes something of a job.
        measure: its figures.
        enough: whether to stop at what was made, whatever its figures; asked for by Ctrl-C.
    """
    done: list[Try] = []
    while True:
        made = paint(job)
        figures = tuple(measure(made))
        missed = tuple(line for limit in limits if (line := limit.complaint(figures)))
        done.append(Try(job, made, figures, missed, sum(limit.shortfall(figures) for limit in limits)))
        further = adjusted_job(job, limits, figures)
        if not missed or len(done) > retries or further == job or enough(made):
            return done
        job = further


def best_try(done: Sequence[Try]) -> Try:
    """The try that misses least; of equals the first."""
    return min(done, key=lambda one: one.shortfall)


def adjusted_job(job: Job, limits: Sequence[Limit], figures: Sequence[Figure]) -> Job:
    """The next settings, by the row of `ADJUSTMENTS` for what is missed; the same job where no row changes it."""
    missed = frozenset(limit.name.split(".")[0] for limit in limits if limit.complaint(figures))
    return next((row.change(job) for row in ADJUSTMENTS if row.missed == missed), job)


@final
@dataclass(frozen=True)
class Adjustment:
    """What is changed for the next try. Concretely: more content weight, where only content is missed."""

    missed: frozenset[str]  # subjects of the thresholds that are not kept
    change: Callable[[Job], Job]


def _job_with_weight(job: Job, weight: float) -> Job:
    return replace(job, content_weight=float(np.clip(weight, *WEIGHTS)))


def _longer(job: Job) -> Job:
    steps = sum(stage.steps for stage in recipe(job).stages)
    return replace(job, steps=min(100_000, round(steps * PATIENCE)))


ADJUSTMENTS = (
    Adjustment(frozenset({"content"}), lambda job: _job_with_weight(job, max(job.content_weight, 0.1) * STEP)),
    Adjustment(frozenset({"style"}), lambda job: _job_with_weight(job, job.content_weight / STEP)),
    Adjustment(frozenset({"content", "style"}), _longer),
)


def refuse_unmeasurable(job: Job, limits: Sequence[Limit]) -> None:
    """Before anything is painted.

    Raises:
        Style3DError: a threshold names a figure that this job gives nothing to measure with.
    """
    lpips, rows = installed_lpips(), {row.name: row for row in acceptable()}
    lacking = {
        "style": "" if job.mixture else "there is no picture to compare with: add --style IMAGE",
        "words": "" if job.prompt else "there is no --prompt to compare with",
        "outline": "painting leaves every outline as it is", "inception": NO_INCEPTION, "gallery": NO_GALLERY,
        "clip": "" if job.clip_model or job.clip_weights else NO_CLIP,
        "lpips": lpips if isinstance(lpips, str) else "",
    }  # fmt: skip
    for limit in limits:
        why = next((why for need in rows[limit.name].needs if (why := lacking.get(need, ""))), "")
        if why:
            raise Style3DError(f"--accept {limit.name} cannot be measured", got=why)


def job_yardstick(job: Job) -> Yardstick:
    """The heaviest of a job's styles and prompts, judged by its own network, and by its CLIP where it has one.

    Raises:
        Style3DError: a picture or a network cannot be read.
    """
    style, scale = None, job.style_scale or 1.0
    if job.mixture:
        path, _ = max(job.mixture, key=lambda pair: pair[1])
        images = read_styles([(path, 1.0)])
        style, scale = images[0][0], job.style_scale or brush_scale(images)
    prompt = max(job.prompts, key=lambda pair: pair[1])[0] if job.prompts else ""
    clip = named_encoder(job) if job.clip_model or job.clip_weights else NO_CLIP
    return Yardstick(style, features_of(job), installed_lpips(), clip, NO_INCEPTION, NO_GALLERY, prompt, scale)


def judge_result(result: Result, yardstick: Yardstick, footage: Footage | None = None) -> list[Figure]:
    """Measure style and content of a run, on a few views around its scene: those of `judged_views` unless given."""
    seen = footage or judged_views(result)
    return measure_views(PaintedViews(seen, tuple(seen.after), yardstick, result.scene), subjects=ACCEPTED)


def judged_views(result: Result) -> Footage:
    """The views that a run is judged by, before and after."""
    scene, views = result.scene, []
    for camera in scene.cameras_around(VIEWS, SIZE):
        operator = scene.operator(camera, 0)
        before, after = (image_over_grey(operator, colors) for colors in (result.before, result.after))
        mask = coverage(operator, scene.opaque)
        no_depth = np.full(mask.shape, np.inf, np.float32)  # no metric of style or content reads it
        views.append(ComparedView(camera, before, after, no_depth, mask))
    return Footage(scene.name, tuple(views), closed=True)
