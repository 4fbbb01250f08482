"""This module renders scenes from the same cameras before and after, and takes depth from the original's geometry."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from style3d.core.camera import Camera
from style3d.core.operator import ViewOperator
from style3d.core.scene import Scene
from style3d.errors import Style3DError
from style3d.evaluate.footage.footage import ComparedView, Footage
from style3d.types import Colors, Flags, Picture, Plane

Progress = Callable[[int], None]
STEPS = 120  # of a route along a capture's path: the frames of a film of a few seconds
MOST_DIFFERENCE = 0.2  # of the depth: two fields that differ by more do not show the same scene
GREY = 0.5  # backdrop of measured views: as far from white strokes as from black ones


@dataclass(frozen=True)
class RenderedFootage:
    """Footage of two scenes, and which entries of the second one's table it shows."""

    footage: Footage
    seen: Flags  # (entries,)


def render_footage(
    before: Scene, after: Scene, views: int, size: int, gaps: Sequence[int], progress: Progress
) -> RenderedFootage:
    """Renders two scenes that share their geometry with the same cameras, along a route around them.

    A turntable has ``views`` steps. The path of a capture has `STEPS`, of which about ``views`` are rendered: bursts
    of views that are ``gaps`` apart, spread over the path.

    Args:
        size: pixels along a side of a view.
        progress: hears how many views are done.

    Raises:
        Style3DError: the scenes show different things, or the path is shorter than a gap.
    """
    route = plan_route(before, views, size, gaps)
    seen = np.zeros(after.hierarchy.sizes[0], dtype=bool)
    compared, alike = [], same_geometry(before, after)
    for number, camera in enumerate(route.cameras, 1):
        operator = before.operator(camera, 0)
        painted = operator if alike else after.operator(camera, 0)
        depth, mask = _planes(before, camera, operator)
        other, after_mask = (depth, mask) if alike else _planes(after, camera, painted)
        _check_same(before, after, depth, other)
        seen[painted.entries] = True
        images = image_over_grey(operator, before.initial()), image_over_grey(painted, after.initial())
        compared.append(ComparedView(camera, *images, depth, mask, after_mask))
        progress(number)
    return RenderedFootage(Footage(after.name, tuple(compared), route.closed, route.steps), seen)


def render_run(scene: Scene, before: Colors, after: Colors, route: Route, progress: Progress) -> Footage:
    """Renders two states of one scene along a route."""
    views = []
    for number, camera in enumerate(route.cameras, 1):
        operator = scene.operator(camera, 0)
        depth, mask = _planes(scene, camera, operator)
        views.append(
            ComparedView(camera, image_over_grey(operator, before), image_over_grey(operator, after), depth, mask, mask)
        )
        progress(number)
    return Footage(scene.name, tuple(views), route.closed, route.steps)


@dataclass(frozen=True)
class Route:
    """The cameras of footage. Concretely: twelve bursts of three views along a capture's path of 120 steps."""

    cameras: tuple[Camera, ...]
    closed: bool  # whether the last is followed by the first
    steps: tuple[int, ...]  # of each camera on the route; nothing: one after another


def plan_route(scene: Scene, views: int, size: int, gaps: Sequence[int]) -> Route:
    """A turntable in ``views`` steps; or, where a capture was walked, bursts that hold every gap."""
    around = scene.cameras_around(views, size)
    if is_closed(around, scene.extent):
        return Route(around, True, ())
    return burst_route(scene, views, size, gaps)


def burst_route(scene: Scene, views: int, size: int, gaps: Sequence[int]) -> Route:
    """Bursts that hold every gap, about ``views`` views in all, of a route in `STEPS` steps."""
    steps, path = burst_steps(views, gaps), scene.cameras_around(STEPS, size)
    return Route(tuple(path[step] for step in steps), False, steps)


def is_closed(cameras: Sequence[Camera], extent: float) -> bool:
    """Whether the last camera is followed by the first: the way between them is a step like the others."""
    numbers = np.stack([np.append(c.camera_to_world[:3, :3], c.position / extent) for c in cameras])
    ways = np.linalg.norm(numbers - np.roll(numbers, -1, axis=0), axis=1)
    return bool(ways[-1] <= 2 * np.median(ways[:-1]))


def burst_steps(views: int, gaps: Sequence[int], steps: int = STEPS) -> tuple[int, ...]:
    """Steps of a route: starts spread over all of it, and after each the steps that are ``gaps`` further; ascending.

    Raises:
        Style3DError: a gap reaches past the end.
    """
    last = steps - 1 - max(gaps)
    if last < 1:
        raise Style3DError("--gaps reach past the end of the path", got=max(gaps), expected=f"less than {steps - 1}")
    starts = np.linspace(0, last, max(2, views // (1 + len(gaps)))).round().astype(int)
    return tuple(sorted({int(start) + gap for start in starts for gap in (0, *gaps)}))


def same_geometry(before: Scene, after: Scene) -> bool:
    """Whether one operator shows both: scenes that differ in nothing but colours."""
    return before.geometry is not None and before.geometry == after.geometry


def _planes(scene: Scene, camera: Camera, operator: ViewOperator) -> tuple[Plane, Plane]:
    """Depth, infinite where a pixel shows no one surface, and coverage."""
    return scene.view_depth(camera, operator), coverage(operator, scene.opaque)


def _check_same(before: Scene, after: Scene, depth: Plane, other: Plane) -> None:
    known = np.isfinite(depth) & np.isfinite(other)
    off = np.median(np.abs(other[known] / depth[known] - 1)) if known.any() else 0.0
    if off > MOST_DIFFERENCE:
        raise Style3DError(
            f"{after.name} does not show what {before.name} shows", got=f"depths that differ by {off:.0%}",
            hint="compare two states of one scene",
        )  # fmt: skip


def image_over_grey(operator: ViewOperator, colors: Colors) -> Picture:
    """A view of a table over grey."""
    image = operator.render(colors, torch.full((3,), GREY))[0].permute(1, 2, 0).clamp(0, 1)
    return np.ascontiguousarray(image.cpu().numpy(), dtype=np.float32)


def coverage(operator: ViewOperator, opaque: float) -> Plane:
    """How much of each pixel is object; from ``opaque`` on all."""
    alpha = operator.alpha.reshape(operator.height, operator.width).astype(np.float32)
    return np.where(alpha > opaque, np.float32(1), alpha)
