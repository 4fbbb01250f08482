"""Whole jobs by their number of views, beside what their perceptual network alone takes, and the usual way."""

from __future__ import annotations

from time import perf_counter

import bench_usual
from bench_process import above

from style3d import Job, load, stylize
from style3d.core.scene import Scene
from style3d.job.recipe import recipe
from style3d.paint.memory import peak_memory
from style3d.paint.result import Result

COLUMNS = (
    "asset", "overviews", "views in the last stage", "steps", "build A_v, s", "operators, s", "network, s", "whole, s",
    "whole ÷ network", "usual way ÷ whole", "peak, MB",
)  # fmt: skip


def row(name: str, job: Job) -> list[str]:
    """One job from a read asset to a painted table, nothing written."""
    scene = load(job)
    before = peak_memory()
    start = perf_counter()
    result = stylize(scene, job)
    whole = perf_counter() - start
    memory, spent = above(before), result.record["seconds"]
    network = spent["perception"]
    raster = rasterising(scene, result)
    return [
        name, str(recipe(job).views), str(result.record["views"]["last stage"]), str(result.record["steps"]),
        f"{spent['build views']:.1f}", f"{spent['operators']:.1f}", f"{network:.1f}", f"{whole:.1f}",
        f"{whole / network:.2f}", f"{(raster + network) / whole:,.0f}" if raster else "", memory,
    ]  # fmt: skip


def rasterising(scene: Scene, result: Result) -> float | None:
    """Seconds that the steps of a run would have spent in a rasteriser, by their pixels; None for what has no faces."""
    made = result.recipe
    overviews = scene.plan(made.views, made.resolution).overviews
    measured = bench_usual.seconds(scene, overviews[0])
    if measured is None:
        return None
    full = [camera.width * camera.height for camera in overviews]
    last = [camera.width * camera.height for camera in result.record["cameras"]]
    pixels = sum(
        stage.steps * (sum(last) / len(last) if stage.closeups else sum(full) / len(full) * stage.scale**2)
        for stage in made.stages
    )
    return measured * pixels / full[0]
