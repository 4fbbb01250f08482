"""`--dry-run` says what a command would do, and writes nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from style3d.commands.job_kinds import job_kind
from style3d.commands.save_result import further_pictures
from style3d.core.scene import Scene
from style3d.job import Job
from style3d.paint.course import Course
from style3d.paint.result import beside, evidence
from style3d.progress import Watcher
from style3d.remarks import count_of, list_of

SHOWN = 8  # names in a line


def tell_plan(runs: Sequence[tuple[Path, Job]], scene: Scene, target: Path, watcher: Watcher) -> int:
    """Say on standard output what would be painted, how, how long that takes, and what would be written.

    Args:
        runs: a job for each run, and the file that its evidence would lie beside.
        scene: what they paint.
        target: the file that all of them write.
        watcher: hears of progress.
    """
    from style3d.paint.loop import lay_out

    courses = [(path, lay_out(scene, job, watcher, further_pictures(job))) for path, job in runs]
    cameras = courses[0][1].views.overviews
    facts = scene.facts(scene.initial(), np.ones(scene.hierarchy.sizes[0], dtype=bool), cameras)
    print(f"would paint {scene.name}")
    for line in asset_facts(facts):
        print(f"  {line}")
    for _, course in courses:
        print(f"would do: {course}")
        for line in stages(course, scene):
            print(f"  {line}")
    written = [target, *(file for path, course in courses for file in files(course, path))]
    written += [beside(target, "job.yaml")] if courses[0][0] == target else []
    print(f"would write {', '.join(str(path) for path in written)}")
    print("nothing was written")
    return 0


def asset_facts(facts: Mapping[str, object]) -> Iterator[str]:
    """What an asset holds: counts and names. Shares are left out, for they are measured on what was painted."""
    for name, value in facts.items():
        if value is None or isinstance(value, float) or value == [] or name in ("notes", "slots"):
            continue
        yield f"{name.replace('_', ' ')}: {_text(value)}"


def stages(course: Course, scene: Scene) -> Iterator[str]:
    """Each stage in a line."""
    for number, work in enumerate(course.work.stages):
        cameras = course.cameras(number)
        levels = [scene.level(camera) for camera in cameras]
        spread = f"{min(levels)}" if min(levels) == max(levels) else f"{min(levels)} to {max(levels)}"
        size = max(max(camera.width, camera.height) for camera in cameras)
        yield (
            f"stage {number + 1} of {len(course.work.stages)}: {count_of(len(cameras), 'view')} of {size} pixels, "
            f"level {spread} of the pyramid (0 is the finest), {count_of(work.steps, 'step')}"
        )


def files(course: Course, path: Path) -> Iterator[Path]:
    """What would lie beside ``path``."""
    kind = job_kind(course.job)
    names = [*evidence(course.job, bool(course.cast)), *(["consistency.png"] if kind.agreement else [])]
    yield from (beside(path, name) for name in names)
    yield from kind.files(course.job)


def _text(value: object) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    if isinstance(value, Mapping):
        return list_of([f"{name} ({_text(part)})" for name, part in value.items()], SHOWN)
    if isinstance(value, list | tuple):
        sizes = all(isinstance(part, int) for part in value)
        return " × ".join(map(str, value)) if sizes else list_of([str(part) for part in value], SHOWN)
    return str(value)
