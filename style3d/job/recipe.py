"""What a preset means in numbers."""

from __future__ import annotations

from dataclasses import dataclass

from style3d.job.base import Job


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
    stages: tuple[Stage, ...]
    portraits: int  # frames of the turntable
    portrait_size: int  # pixels


def recipe(job: Job) -> Recipe:
    """The preset's numbers, with the job's in their place where given."""
    views, resolution, steps, rate, portraits, size = {
        "draft": (12, 256, (200, 120), 0.01, 24, 320),
        "standard": (24, 512, (240, 240, 200), 0.01, 36, 480),
        "fine": (40, 768, (320, 320, 360), 0.01, 60, 640),
    }[job.preset]
    if job.steps is not None:
        total = sum(steps)
        steps = tuple(max(1, round(job.steps * part / total)) for part in steps)
    last = len(steps) - 1
    stages = tuple(
        Stage(0.5 ** (last - i), count, i == last, job.learning_rate or rate * (1.0 if i == last else 1.6))
        for i, count in enumerate(steps)
    )
    return Recipe(job.views or views, job.resolution or resolution, stages, portraits, size)
