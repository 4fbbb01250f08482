"""This module writes a painted scene: the asset, its previews and its report."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from style3d.commands.job_kinds import job_kind
from style3d.job import Job
from style3d.paint.result import Result
from style3d.progress import Watcher


def further_pictures(job: Job) -> tuple[int, ...]:
    """Pixels of each picture that `save` renders beside those of `Result.save`."""
    if not job_kind(job).agreement:
        return ()
    from style3d.evaluate.quick_check import CHECKED

    return CHECKED


def save(result: Result, target: Path, watcher: Watcher) -> tuple[Path, ...]:
    """Write a result; beside a field also how well its views agree, as a sheet and in the report. Returns the files."""
    if not job_kind(result.job).agreement:
        return result.save(target, watcher)
    from style3d.evaluate.quick_check import quick_check, save_sheet
    from style3d.paint.result import beside

    seen = quick_check(result, watcher)
    sheet = beside(target, "consistency.png")
    files = replace(result, record={**result.record, "consistency": seen.to_json()}).save(target, watcher)
    return (*files, *([sheet] if save_sheet(seen, sheet) else []))
