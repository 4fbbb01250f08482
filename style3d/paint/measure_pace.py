"""The pace is measured on small windows of a run's own views, so that what is measured is what will be done."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields, is_dataclass
from time import perf_counter
from typing import Any, final

import torch
from torch import Tensor

from style3d.core.camera import Camera
from style3d.core.scene import Scene
from style3d.losses.objective import Objective
from style3d.paint.color_modes import Colorway
from style3d.paint.layers import Layers, LayerView, Target, judge_layers, target_of
from style3d.paint.pace import Line, Pace, line_through
from style3d.render.cache import BuiltView, ViewCache

SIDES = 96, 192  # pixels along a window's sides
SIDE_BY_SIDE = 4  # windows that are built at once
TWICE = 2  # repeats, of which the quicker counts: the slower one waited for something else


@final
@dataclass(frozen=True)
class Bench:
    """What a run works with, as far as its pace depends on it."""

    scene: Scene
    cache: Callable[[], ViewCache]  # a new one, without views
    layers: Layers
    objective: Objective
    colorway: Colorway
    device: torch.device


def measure_pace(bench: Bench, cameras: Sequence[Camera], clock: Callable[[], float] = perf_counter) -> Pace:
    """What a view and a step of a run cost; nothing that it paints with is changed.

    Args:
        bench: what it works with.
        cameras: overviews at full size; the windows show their middles at the size of the last stage.
        clock: seconds.
    """
    first = cameras[0]
    level, extent = max(0, bench.scene.level(first) - 1), bench.scene.pixel_extent(first)
    sides = sorted({min(side, max(first.width, first.height)) for side in SIDES})
    costs = [_WindowCost.measure_window(bench, cameras, side, level, extent, clock) for side in sides]
    small, large = costs[0], costs[-1]

    def line(name: str) -> Line:
        return line_through((small.pixels, getattr(small, name)), (large.pixels, getattr(large, name)))

    per_view = {name: line(name) for name in (field.name for field in fields(Pace)) if name != "style"}
    return Pace(**per_view, style=small.style)


@final
@dataclass(frozen=True)
class _WindowCost:
    """What a window of one size costs: the fields of `Pace`, for this size alone."""

    pixels: int
    built: float
    alone: float
    target: float
    step: float
    style: float
    view_bytes: float
    target_bytes: float
    step_bytes: float

    @staticmethod
    def measure_window(
        bench: Bench, cameras: Sequence[Camera], side: int, level: int, extent: float, clock: Callable[[], float]
    ) -> _WindowCost:
        """Build windows alone and side by side, and take steps on one."""
        windows = [(_middle(camera, side), level) for camera in cameras[:SIDE_BY_SIDE]]
        bench.cache().get(*windows[0])  # what is compiled or loaded at first is no part of the pace
        alone = _quicker(lambda: bench.cache().get(*windows[0]), clock)
        built = _quicker(lambda: bench.cache().build(windows, lambda _: None), clock) / len(windows)
        view = bench.cache().get(*windows[0])
        shown = [_all_of(view, layer.styles, bench) for layer in bench.layers.layers]
        before = clock()
        for layer in bench.layers.layers:
            layer.styles.at(extent)
        style = clock() - before
        rehearsal = _Rehearsal(bench, view, shown, extent)
        target = rehearsal.target()
        rehearsal.step(target)
        return _WindowCost(
            view.operator.height * view.operator.width, built, alone, _quicker(rehearsal.target, clock),
            _quicker(lambda: rehearsal.step(target), clock), style, view.nbytes,
            sum({id(tensor): tensor.nbytes for tensor in _tensors(target.contents)}.values()),
            rehearsal.bytes_kept(target),
        )  # fmt: skip


@final
@dataclass(frozen=True)
class _Rehearsal:
    """A step on a grey asset, which is thrown away."""

    bench: Bench
    view: BuiltView
    shown: Sequence[LayerView]
    extent: float

    def image(self) -> tuple[Tensor, Tensor]:
        """The colours of the view's entries, and what it shows of them."""
        values = torch.full((len(self.view.operator.entries), 3), 0.5, device=self.bench.device, requires_grad=True)
        image = self.view.operator.image(values, self.bench.layers.backdrop)
        return values, self.bench.colorway.judged_image(image)

    def target(self) -> Target:
        """What would be remembered of the view."""
        with torch.no_grad():
            return target_of(self.bench.objective, self.image()[1], self.shown)

    def step(self, target: Target) -> None:
        """Forth and back."""
        self.loss(target).backward()  # type: ignore[no-untyped-call]

    def loss(self, target: Target) -> Tensor:
        """Forth."""
        terms = judge_layers(self.bench.objective, self.image()[1], target, self.extent)
        return torch.stack(list(terms.values())).sum()

    def bytes_kept(self, target: Target) -> float:
        """Bytes that the way forth keeps for the way back."""
        held: dict[int, int] = {}

        def keep(tensor: Tensor) -> Tensor:
            storage = tensor.untyped_storage()
            held[storage.data_ptr()] = storage.nbytes()
            return tensor

        with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
            self.loss(target)
        return float(sum(held.values()))


def _middle(camera: Camera, side: int) -> Camera:
    """The window of at most ``side``² pixels in the middle of a view."""
    width, height = min(side, camera.width), min(side, camera.height)
    return camera.crop((camera.width - width) // 2, (camera.height - height) // 2, width, height)


def _all_of(view: BuiltView, styles: Any, bench: Bench) -> LayerView:
    """A layer that the whole window shows: nearly every view shows nearly every layer, though its middle may not."""
    mask = torch.ones(1, 1, view.operator.height, view.operator.width, device=bench.device)
    return LayerView(styles, mask, 1 / len(bench.layers.layers))


def _quicker(work: Callable[[], Any], clock: Callable[[], float]) -> float:
    """Seconds of the quicker of a few repeats."""
    found = []
    for _ in range(TWICE):
        begun = clock()
        work()
        found.append(clock() - begun)
    return min(found)


def _tensors(value: Any) -> Iterator[Tensor]:
    """Every tensor within nested values."""
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, dict):
        for part in value.values():
            yield from _tensors(part)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _tensors(part)
    elif is_dataclass(value):
        for field in fields(value):
            yield from _tensors(getattr(value, field.name))
