"""Every command that paints a scene runs its job through this module."""

from __future__ import annotations

import contextlib
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from style3d.commands.accept import check_thresholds, paint_until_accepted, suggested_job
from style3d.commands.dry_run import tell_plan
from style3d.commands.job_kinds import job_kind
from style3d.commands.parse import Conduct
from style3d.commands.progress_bars import show_progress
from style3d.commands.save_result import further_pictures, save
from style3d.commands.tell_remarks import announce
from style3d.core.scene import Scene
from style3d.errors import Style3DError
from style3d.files import check_readable, check_writable
from style3d.job import Job, write_job_file
from style3d.progress import Watcher

if TYPE_CHECKING:
    from style3d.paint.checkpoint import Checkpoint
    from style3d.paint.result import Result


def run_job(job: Job, conduct: Conduct, scene: Scene | None = None) -> int:
    """Stylise and write; after Ctrl-C the best so far is written and the status is 130.

    Args:
        job: what to do.
        conduct: how to behave.
        scene: what to paint, where it does not come from the job's file.
    """
    from style3d.load_scene import load
    from style3d.paint.result import beside

    target = writable_target(job)
    check_thresholds(job, conduct)
    check_time(job, conduct)
    with show_progress(conduct.quiet) as watcher:
        scene = scene or load(job, watcher)
        announce(scene, target)
        if conduct.auto:
            job = suggested_job(job, scene)
        if conduct.dry_run:
            return tell_plan([(target, job)], scene, target, watcher)
        if conduct.accept:
            with sigterm_like_ctrl_c():
                return paint_until_accepted(job, scene, conduct, watcher)
        result, checkpoint = paint_once(job, scene, target, conduct.resume, watcher)
        written = (*save(result, target, watcher), beside(target, "job.yaml"))
        write_job_file(job, written[-1], result.record["cast"])
        made = () if result.was_interrupted else job_kind(job).write(job, scene, result.colors, watcher)
    if result.was_interrupted:
        further = "" if job.time is not None else "; continue with --resume"
        print(f"style3d: interrupted; the best so far is in {target}{further}", file=sys.stderr)
        return 130
    checkpoint.remove()
    print(f"wrote {', '.join(str(path) for path in (*written, *made))}")
    print(f"do it again with: style3d run {written[-1]}")
    print(f"look at {beside(target, 'contact-sheet.png')}")
    return 0


def paint_once(job: Job, scene: Scene, target: Path, resume: bool, watcher: Watcher) -> tuple[Result, Checkpoint]:
    """Stylise, with a checkpoint beside ``target`` that the caller removes once everything is written.

    A run in a given time keeps none: what it would do next depends on the clock.

    Args:
        job: what to do.
        scene: what to paint.
        target: the file that the result is meant for.
        resume: whether to continue from the checkpoint, if it is of the same job, scene, styles and masks.
        watcher: hears of progress.
    """
    from style3d.paint.checkpoint import Checkpoint
    from style3d.paint.loop import stylize
    from style3d.paint.result import file_hash

    files = [file_hash(path) for path in (*job.pictures, *job.masks)]
    checkpoint = Checkpoint(target, {"job": job.to_json(), "scene": scene.key, "styles": files})
    with sigterm_like_ctrl_c():
        kept = checkpoint if job.time is None else None
        further = further_pictures(job)
        return stylize(scene, job, checkpoint=kept, resume=resume, watcher=watcher, further=further), checkpoint


def check_time(job: Job, conduct: Conduct) -> None:
    """Refuse a time beside what has no end that is known, or continues a run of another length.

    Raises:
        Style3DError: names the option.
    """
    if job.time is None:
        return
    for option, given in (("--resume", conduct.resume), ("--accept", bool(conduct.accept))):
        if given:
            raise Style3DError(f"--time does not work with {option}", hint="leave one out")


def writable_target(job: Job) -> Path:
    """The file to write, once it is sure that it can be written and that the styles can be read.

    Raises:
        Style3DError: it is the input, or something cannot be read or written.
    """
    target = job.destination
    if target.resolve() == job.model.resolve():
        raise Style3DError(f"{target} is the input; it would be overwritten", hint="choose another --output")
    for path in (*job.pictures, *job.masks):
        check_readable(path)
    check_writable(target)
    job_kind(job).check(job)
    return target


@contextlib.contextmanager
def sigterm_like_ctrl_c() -> Any:
    """SIGTERM behaves like Ctrl-C within the block, so that a stopped job keeps its best."""

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.getsignal(signal.SIGTERM)
    try:
        signal.signal(signal.SIGTERM, stop)
    except ValueError:  # not in the main thread
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
