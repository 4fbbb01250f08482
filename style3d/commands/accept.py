"""`--auto` chooses settings from the asset; `--accept` paints again until thresholds hold."""

from __future__ import annotations

import sys
from dataclasses import replace

from style3d.commands.job_kinds import job_kind
from style3d.commands.parse import Conduct
from style3d.commands.save_result import save
from style3d.core.scene import Scene
from style3d.errors import Style3DError
from style3d.job import Job, write_job_file
from style3d.progress import Watcher


def check_thresholds(job: Job, conduct: Conduct) -> None:
    """Refuse thresholds that cannot be understood or measured, before anything is painted.

    Raises:
        Style3DError: names the option.
    """
    if not conduct.accept:
        return
    from style3d.evaluate.accept import parse_accept, refuse_unmeasurable

    refuse_unmeasurable(job, parse_accept(conduct.accept, bool(job.prompt)))
    if not 0 <= conduct.retries <= 20:
        raise Style3DError("--retries is out of range", got=conduct.retries, expected="0 to 20")
    if conduct.resume:
        raise Style3DError("--resume continues one run, --accept makes several", hint="leave one out")


def suggested_job(job: Job, scene: Scene) -> Job:
    """The job with settings that suit the scene. A line on standard output says which, and why."""
    from style3d.evaluate.suggest_settings import measure_character, suggest_settings

    changed, why = suggest_settings(job, measure_character(scene))
    print(f"chosen for {scene.name}: {why}")
    return changed


def paint_until_accepted(job: Job, scene: Scene, conduct: Conduct, watcher: Watcher) -> int:
    """Write the try that misses least; 0 where it misses nothing, else 1 with a line for each threshold missed.

    Ctrl-C ends the trying: the best so far is written and the status is 130.
    """
    from style3d.evaluate.accept import best_try, job_yardstick, judge_result, parse_accept, try_until_kept
    from style3d.paint.loop import stylize
    from style3d.paint.result import beside

    limits = parse_accept(conduct.accept, bool(job.prompt))
    yardstick = job_yardstick(job)
    done = try_until_kept(
        job, limits, conduct.retries, lambda next_job: stylize(scene, next_job, watcher=watcher),
        lambda result: judge_result(result, yardstick), lambda result: result.was_interrupted,
    )  # fmt: skip
    kept = best_try(done)
    acceptance = {"thresholds": [str(limit) for limit in limits], "tries": [one.to_json() for one in done]}
    acceptance |= {"kept": done.index(kept) + 1, "accepted": not kept.missed}
    result = replace(kept.made, record={**kept.made.record, "acceptance": acceptance})
    written = (*save(result, job.destination, watcher), beside(job.destination, "job.yaml"))
    write_job_file(kept.job, written[-1], result.record["cast"])
    written = (*written, *job_kind(kept.job).write(kept.job, scene, result.colors, watcher))
    print(f"wrote {', '.join(str(path) for path in written)}")
    print(f"try {done.index(kept) + 1} of {len(done)} kept, content weight {kept.job.content_weight:.3g}")
    for line in kept.missed:
        print(f"style3d: look at it yourself: {line}", file=sys.stderr)
    if done[-1].made.was_interrupted:
        print(f"style3d: interrupted; the best so far is in {job.destination}", file=sys.stderr)
        return 130
    return 1 if kept.missed else 0
