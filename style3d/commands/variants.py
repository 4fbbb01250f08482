"""`style3d mesh --variants` makes one run for each style, and one file that holds them all."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

from style3d.commands.dry_run import tell_plan
from style3d.commands.paint import paint_once, writable_target
from style3d.commands.parse import Conduct
from style3d.commands.progress_bars import show_progress
from style3d.commands.tell_remarks import announce
from style3d.errors import Style3DError
from style3d.job import MeshJob


def run_variants(job: MeshJob, conduct: Conduct) -> int:
    """Paint the asset once like each style and write one glTF that shows any of them; evidence for each lies beside.

    After Ctrl-C the runs that are done are kept by their checkpoints and the status is 130.
    """
    from style3d.load_scene import load
    from style3d.paint.result import beside

    if conduct.accept or conduct.auto:
        raise Style3DError("--variants does not work with --accept or --auto", hint="leave one out")
    target = writable_target(job)
    written: list[Path] = []
    with show_progress(conduct.quiet) as watcher:
        scene = load(job, watcher)
        announce(scene, target)
        if not scene.switchable:
            raise Style3DError("vertex colours cannot be switched by variants", hint="use --paint texture")
        if conduct.dry_run:
            runs = [(beside(target, f"{name}{target.suffix}"), single) for name, single in single_jobs(job)]
            return tell_plan(runs, scene, target, watcher)
        tables, checkpoints = [], []
        for name, single in single_jobs(job):
            file = beside(target, f"{name}{target.suffix}")
            result, checkpoint = paint_once(single, scene, file, conduct.resume, watcher)
            checkpoints.append(checkpoint)
            if result.was_interrupted:
                print("style3d: interrupted; continue with --resume", file=sys.stderr)
                return 130
            tables.append((name, result.colors))
            written += result.save_evidence(file, (), watcher)
        written += scene.save_variants(tables, target)
    for checkpoint in checkpoints:
        checkpoint.remove()
    print(f"wrote {', '.join(str(path) for path in written)}")
    return 0


def single_jobs(job: MeshJob) -> list[tuple[str, MeshJob]]:
    """A job for each style, by the name of its variant: the picture's, made different from the others'."""
    found: dict[str, MeshJob] = {}
    for path in job.style:
        name, count = path.stem, 2
        while name in found:
            name, count = f"{path.stem} {count}", count + 1
        found[name] = replace(job, style=(path,), variants=False)
    return list(found.items())
