"""A recipe holds the numbers that a preset and the options stand for."""

from __future__ import annotations

from dataclasses import dataclass

from style3d.job.base import Job
from style3d.job.preset import PRESETS, Preset


@dataclass(frozen=True)
class Stage:
    """One step of coarse to fine. Concretely: 120 steps on the overviews at half resolution."""

    scale: float  # of the full resolution
    steps: int
    closeups: bool  # whether the close-ups take part
    rate: float  # Adam's step size


@dataclass(frozen=True)
class Recipe:
    """What a preset means, after the job's own numbers have had their say."""

    views: int
    resolution: int
    closeups: int  # at most
    zoom: float  # of close-ups over the overviews, at most
    stages: tuple[Stage, ...]
    frames: int  # of the turntable
    frame_size: int  # pixels along a side


def recipe(job: Job) -> Recipe:
    """The numbers of the job's preset, with the job's own in their place where given."""
    return recipe_after(PRESETS[job.preset], job)


def recipe_after(preset: Preset, job: Job) -> Recipe:
    """The numbers of a row, with the job's own in their place where given."""
    steps, rate = preset.steps, preset.rate
    if job.steps is not None:
        total = sum(steps)
        steps = tuple(max(1, round(job.steps * part / total)) for part in steps)
    last = len(steps) - 1
    stages = tuple(
        Stage(0.5 ** (last - i), count, i == last, job.learning_rate or rate * (1.0 if i == last else 1.6))
        for i, count in enumerate(steps)
    )
    views, resolution = job.views or preset.views, job.resolution or preset.resolution
    return Recipe(views, resolution, preset.closeups, preset.zoom, stages, preset.frames, preset.frame_size)
