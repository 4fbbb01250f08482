"""The loop paints: it renders views, asks the objective for gradients, and steps the pyramid of colours."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from time import monotonic
from typing import Any, final

import torch
from torch import Tensor

from style3d.core.camera import Camera
from style3d.core.operator import ViewOperator
from style3d.core.pyramid import OneSidedClamp, Pyramid
from style3d.core.scene import Scene
from style3d.device import pick_device
from style3d.errors import Style3DError
from style3d.job import Job, Stage
from style3d.losses.objective import Objective
from style3d.paint.checkpoint import Checkpoint, Progress
from style3d.paint.color_modes import colorway_of
from style3d.paint.course import Course, Span, lay_course
from style3d.paint.form import drawing_of
from style3d.paint.layers import Place, Target, judge_layers, layers_of, places, target_of
from style3d.paint.lbfgs import minimise
from style3d.paint.measure_pace import Bench
from style3d.paint.patch_guide import guide_of
from style3d.paint.patchwork import Patchwork
from style3d.paint.result import Result
from style3d.paint.schedule import decay, visit
from style3d.paint.staged_view import StagedView, seen_entries
from style3d.paint.style_library import default_objective_of
from style3d.paint.symmetry import Mirror
from style3d.paint.view_agreement import Agreement
from style3d.progress import CHECKPOINT_SECONDS, Clock, Silent, Watcher, begin_time
from style3d.render.cache import BuiltView, ViewCache
from style3d.types import Colors, Flags

POLISH = 0.1  # of a stage's rate, after patches: longer steps weave the strokes into hatching
COVERAGE_ROUNDS = 6  # times that views are added for what no view has seen, as many as overviews at most

Further = Callable[[Tensor], dict[str, Tensor]]  # terms of what a view's entries show, beside the objective's


def stylize(
    scene: Scene,
    job: Job,
    objective: Objective | None = None,
    *,
    checkpoint: Checkpoint | None = None,
    resume: bool = False,
    watcher: Watcher | None = None,
    further: Sequence[int] = (),
) -> Result:
    """Optimise the colours of ``scene`` so that its views look like the job's style images.

    Args:
        scene: what is painted; `style3d.load` makes one of a file.
        job: style images and settings; the model path is not read here.
        objective: losses of one's own instead of the default for ``job.features``.
        checkpoint: where to keep the state of an unfinished run; none is kept by default.
        resume: continue from that state if there is one.
        watcher: hears of progress, and of the estimate before the first step.
        further: pixels of each picture that is rendered after `Result.save`, as far as time for them is to be left.

    Returns:
        The new colours with everything the report says. After Ctrl-C: the best so far, ``interrupted`` set.

    Raises:
        Style3DError: a style image cannot be read, weights are missing, memory runs out, or the loss diverges.
    """
    try:
        run = PaintRun(scene, job, objective, checkpoint, watcher or Silent(), further)
        run.watcher.say(str(run.course))
        run.watcher.announce(run.course.estimate.seconds, run.course.estimate.bytes)
        return run.finish(resume)
    except torch.OutOfMemoryError as error:
        raise Style3DError("the device ran out of memory", hint="lower --resolution, or use --device cpu") from error
    except MemoryError as error:
        raise Style3DError("out of memory", hint="lower --texture-size, --resolution or --cache-gb") from error


def lay_out(scene: Scene, job: Job, watcher: Watcher, further: Sequence[int] = ()) -> Course:
    """What `stylize` with these arguments would do; nothing is painted.

    Raises:
        Style3DError: a style image cannot be read, or weights are missing.
    """
    return PaintRun(scene, job, None, None, watcher, further).course


@final
class PaintRun:
    """One run's working state."""

    def __init__(
        self,
        scene: Scene,
        job: Job,
        objective: Objective | None,
        checkpoint: Checkpoint | None,
        watcher: Watcher,
        further: Sequence[int] = (),
    ) -> None:
        self.scene, self.job, self.checkpoint, self.watcher = scene, job, checkpoint, watcher
        self.begun = begin_time()
        opening = monotonic() - self.begun
        self.device = pick_device(job.device)
        self.clock, self.losses = Clock(), list[dict[str, float]]()
        with self.clock.time("features"):
            self.objective = objective or default_objective_of(job)
            self.objective.to(self.device)
            self.mirror = Mirror(scene, job.symmetry) if job.symmetry else None
            self.colorway = colorway_of(scene, job)
            self.drawing = drawing_of(scene, job.form)
            self.layers = layers_of(scene, job, self.objective, self.colorway, self.mirror, self.device, self.drawing)
        with self.clock.time("plan"):
            watcher.phase("placing cameras and measuring the pace", 1)
            bench = Bench(scene, self._cache, self.layers, self.objective, self.colorway, self.device)
            self.course = lay_course(job, bench, Span(self.begun, opening), further)
            watcher.advance(1)
        self.recipe, self.views, self.cache = self.course.recipe, self.course.views, self._cache()

    def _operator(self, camera: Camera, level: int) -> ViewOperator:
        return (self.mirror or self.scene).operator(camera, level)

    def _cache(self) -> ViewCache:
        return ViewCache(self._operator, self.scene.hierarchy, int(self.job.cache_gb * 1e9))

    def finish(self, resume: bool) -> Result:
        """All stages, from the start or from a checkpoint."""
        before = self.scene.initial()
        saved = self.checkpoint.read() if resume and self.checkpoint else None
        first = self._staged_views(0)
        with self.clock.time("color match"):
            start = self.layers.match_layers(self.drawing.colors, [staged.view for staged in first]).to(self.device)
        self.pyramid = Pyramid(self.scene.hierarchy, start, self.layers.axes)
        self.original = [table.clone() for table in self.pyramid.parameters]
        progress = Progress(0, 0, ())
        if saved:
            progress, state = saved
            self.pyramid.restore(state)
            self.losses = list(progress.losses)
        interrupted, staged_views = False, first
        try:
            if not saved:
                self._sketch(first[0], start.cpu())
            for number in range(progress.stage, len(self.recipe.stages)):
                staged_views = first if number == 0 else self._staged_views(number)
                self._stage(number, staged_views, progress.step if number == progress.stage else 0)
        except KeyboardInterrupt:
            interrupted = True
        seen = self._seen_entries(staged_views)
        with self.clock.time("decode"):
            after = self._finished_colors(before, seen)
        record = self._record(staged_views, interrupted)
        return Result(self.scene, self.job, self.recipe, before, after, seen, record, self.layers.cast_parts)

    def _finished_colors(self, before: Colors, seen: Flags) -> Colors:
        """The table at full strength: completed where no view looked, the original outside all regions."""
        after = self.pyramid.full_table().clamp(0, 1).cpu()
        if self.mirror:
            after = self.mirror.spread(after)
        after = self.colorway.finished_colors(before, self.scene.completed_colors(after, seen))
        return self.layers.finished_colors(before, after)

    def _seen_entries(self, staged_views: Sequence[StagedView]) -> Flags:
        seen = seen_entries(self.scene, staged_views)
        return self.mirror.seen_entries(seen) if self.mirror else seen

    def _staged_views(self, number: int) -> list[StagedView]:
        """The views of a stage, built; the last stage also gets what is needed to see everything."""
        stage = self.recipe.stages[number]
        if number:
            self.cache.clear()
        cameras = self.course.cameras(number)
        affordable = self.course.tempo.views(number, [camera.width * camera.height for camera in cameras])
        pairs = self._pairs([cameras[place] for place in affordable], stage.closeups)
        planned = len(pairs)
        with self.clock.time("build views"):
            self.watcher.phase("building views", len(pairs))
            self.cache.build(pairs, self.watcher.advance)
            for _ in range(COVERAGE_ROUNDS if stage.closeups and planned == len(cameras) else 0):
                seen = self._seen_entries([self._staged_view(*pair) for pair in pairs])
                left = max(len(self.views.overviews) - (len(pairs) - planned), 0)
                more = self._pairs(self.scene.further_cameras(seen, self.recipe.resolution)[:left], closing=True)
                if not more:
                    break
                self.watcher.phase("building views of what was hidden", len(more))
                self.cache.build(more, self.watcher.advance)
                pairs += more
        return [self._staged_view(*pair) for pair in pairs]

    def _pairs(self, cameras: Sequence[Camera], closing: bool) -> list[tuple[Camera, int]]:
        """Each camera with the level whose entries are about a pixel large in its view; half of one in the end.

        Entries as large as pixels show the grid that they lie on as soon as somebody looks closer.
        """
        return [(camera, max(0, self.scene.level(camera) - closing)) for camera in cameras]

    def _staged_view(self, camera: Camera, level: int) -> StagedView:
        return StagedView(self.cache.get(camera, level), self.scene.pixel_extent(camera))

    def _sketch(self, staged: StagedView, start: Colors) -> None:
        """What the optimisation starts from: patches of the pictures, or grain where a layer has none."""
        if not self.layers.has_pictures:
            self._roughen(staged, start)
            return
        guide = guide_of(self.job.content_weight, self.drawing)
        patchwork = Patchwork(self.scene, self.layers, self._operator, guide, self.job.seed)
        with self.clock.time("patchwork"):
            covered = patchwork.cover(start, self.views.overviews, self.watcher, self.course.tempo.starting_seconds())
        self.pyramid = Pyramid(self.scene.hierarchy, covered.to(self.device), self.layers.axes)

    def _roughen(self, staged: StagedView, start: Colors) -> None:
        """Grain in the styles' colours on every level, of which ``staged`` shows one pixel by pixel."""
        plain, flickers = self.layers.plainness(start), self.scene.hierarchy.directions > 1
        lowest = max(staged.view.level, int(flickers))  # finer levels start from what coarser ones have reached
        for level, table in enumerate(self.pyramid.parameters[lowest:], start=lowest):
            extent = staged.scale * 2.0 ** (staged.view.level - level)
            facing = self.scene.normals(level)
            noise = self.layers.grain(level, self.pyramid.contrast(level), extent, plain, facing)
            table += noise.to(table)

    def _stage(self, number: int, staged_views: list[StagedView], done: int) -> None:
        stage = self.recipe.stages[number]
        staged_views = [staged for staged in staged_views if self.layers.layer_views(staged.view)]
        if not staged_views:
            raise Style3DError("no view shows what is to be painted", hint="raise --views or --resolution")
        steps = self.course.begin(number, [staged.pixels for staged in staged_views])
        self.watcher.phase(f"painting, stage {number + 1} of {len(self.recipe.stages)}", steps)
        if self.job.optimizer == "lbfgs":
            self._all_views(stage, staged_views)
        else:
            gently = self.layers.has_pictures and self.job.learning_rate is None
            self._view_by_view(number, stage.rate * (POLISH if gently else 1), staged_views, done)
        if self.checkpoint and number + 1 < len(self.recipe.stages):
            self._save(Progress(number + 1, 0, tuple(self.losses)))

    def _view_by_view(self, number: int, rate: float, staged_views: list[StagedView], done: int) -> None:
        """Adam, one view a step, every view once an epoch."""
        contents: dict[tuple[int, Place], Target] = {}
        agreement = self._agreement(number, staged_views)
        saved = monotonic()
        step, tempo = done, self.course.tempo
        while (over := tempo.over(step)) < 1:
            index = visit(self.job.seed, number, step, len(staged_views))
            by_turns = places((self.job.seed, number, index))
            place = by_turns[step // len(staged_views) % len(by_turns)]
            if (index, place) not in contents:
                contents[index, place] = self._content(staged_views[index], place)
            agree = partial(agreement.terms, index, step) if agreement else nothing
            terms = self._step(staged_views[index], contents[index, place], rate * decay(over), agree)
            self.losses.append(terms)
            step += 1
            self.watcher.advance(step, f"loss {terms['total']:.4f}")
            if self.checkpoint and monotonic() - saved > CHECKPOINT_SECONDS:
                self._save(Progress(number, step, tuple(self.losses)))
                saved = monotonic()

    def _all_views(self, stage: Stage, staged_views: list[StagedView]) -> None:
        """L-BFGS; an iteration looks at every view at least once."""
        level = min(staged.view.level for staged in staged_views)
        staged_views = [staged for staged in staged_views if staged.view.level == level]
        contents = [self._content(staged, (0, 0)) for staged in staged_views]

        def loss(index: int, values: Tensor) -> Tensor:
            operator = staged_views[index].view.operator
            values = self.layers.shown_colors(staged_views[index].view, OneSidedClamp.apply(values))  # type: ignore[no-untyped-call]
            image = self.colorway.judged_image(operator.image(values, self.layers.backdrop))
            terms = judge_layers(self.objective, image, contents[index], staged_views[index].scale)
            return torch.stack(list(terms.values())).sum()

        def report(step: int, value: float) -> None:
            self.losses.append({"total": value})
            self.watcher.advance(step, f"loss {value:.4f}")

        with self.clock.time("perception"):
            minimise(self.pyramid, level, [staged.view.part for staged in staged_views], loss, stage.steps, report)

    def _save(self, progress: Progress) -> None:
        assert self.checkpoint is not None
        with self.clock.time("checkpoint"):
            self.checkpoint.write(progress, self.pyramid.state())

    def _content(self, staged: StagedView, place: Place) -> Target:
        """What the objective remembers of the colour-matched original in this view."""
        operator = staged.view.operator
        with torch.no_grad(), self.clock.time("content"):
            before = self._shown_colors(staged.view, self.original)
            image = self.colorway.judged_image(operator.image(before, self.layers.backdrop))
            return target_of(self.objective, image, self.layers.layer_views(staged.view), place)

    def _shown_colors(self, view: BuiltView, tables: Sequence[Tensor]) -> Tensor:
        """What the entries of a view show with the given tables of the pyramid."""
        return self.layers.shown_colors(view, view.part.decode(view.part.gather(tables)).clamp(0, 1))

    def _agreement(self, number: int, staged_views: Sequence[StagedView]) -> Agreement | None:
        """What holds views together where directions have paint of their own; one table does so by itself."""
        views = [staged.view for staged in staged_views]
        if self.scene.hierarchy.directions == 1 or not self.job.consistency or any(view.level for view in views):
            return None
        begun = partial(self._shown_colors, tables=self.original)
        return Agreement(self.scene, views, self.job.consistency, (self.job.seed, number), begun)

    def _step(self, staged: StagedView, content: Target, rate: float, further: Further) -> dict[str, float]:
        """Gather, look, judge, scatter: one view, one Adam step."""
        operator, part = staged.view.operator, staged.view.part
        with self.clock.time("operators"):
            leaves = self.pyramid.gather(part)
            values = OneSidedClamp.apply(part.decode(leaves))  # type: ignore[no-untyped-call]
            shown = self.layers.shown_colors(staged.view, values)
            image, others = operator.image(shown, self.layers.backdrop), further(shown)
        seen = image.detach().requires_grad_()
        with self.clock.time("perception"):
            terms = judge_layers(self.objective, self.colorway.judged_image(seen), content, staged.scale)
            torch.stack(list(terms.values())).sum().backward()  # type: ignore[no-untyped-call]
        terms |= others
        total = torch.stack(list(terms.values())).detach().sum()
        if not torch.isfinite(total):
            raise Style3DError("the loss is not finite", hint="lower --learning-rate or --content-weight")
        with self.clock.time("operators"):
            torch.autograd.backward([image, *others.values()], [seen.grad, *[None] * len(others)])
            self.pyramid.step(part, leaves, rate)
        return {name: float(term.detach()) for name, term in terms.items()} | {"total": float(total)}

    def _record(self, staged_views: Sequence[StagedView], interrupted: bool) -> dict[str, Any]:
        return {
            "interrupted": interrupted,
            "begun": self.begun,
            "estimate": self.course.estimate.to_json(),
            "device": str(self.device),
            "form": self.drawing.form,
            "cast": list(self.layers.cast),
            "style_scale": [layer.styles.scale for layer in self.layers.layers],
            "seconds": dict(self.clock.seconds),
            "steps": len(self.losses),
            "views": {"overviews": len(self.views.overviews), "last stage": len(staged_views)},
            "cache_bytes": self.cache.memory_bytes,
            "features": {"name": self.objective.features.name, "digest": self.objective.features.digest},
            "terms": [repr(term) for term in self.objective.terms],
            "losses": self.losses,
            "cameras": tuple(staged.view.camera for staged in staged_views),
        }


def nothing(shown: Tensor) -> dict[str, Tensor]:
    """No further terms."""
    return {}
