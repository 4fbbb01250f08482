"""A worker of a batch paints a job as any other run does, measures it, writes it, and leaves a receipt."""

from __future__ import annotations

from time import monotonic

from style3d.batch.gate import limits_of, shortfall
from style3d.batch.task import PaintedTask, PaintTask, done_before, write_receipt
from style3d.commands.job_kinds import job_kind
from style3d.commands.paint import paint_once, writable_target
from style3d.commands.save_result import save
from style3d.errors import Style3DError
from style3d.job import write_job_file
from style3d.progress import Watcher, command
from style3d.remarks import collect_remarks


def paint_task(task: PaintTask, watcher: Watcher) -> PaintedTask:
    """Do a task, or find that it was done before; what it came to.

    Raises:
        Style3DError: the asset cannot be read, painted or written.
    """
    known = done_before(task)
    if known is not None:
        return known
    with command(), collect_remarks():
        return _paint(task, watcher)


def _paint(task: PaintTask, watcher: Watcher) -> PaintedTask:
    from style3d.evaluate.accept import job_yardstick, judge_result, judged_views
    from style3d.evaluate.likeness import manner_of
    from style3d.evaluate.report.pictures import data_uri
    from style3d.load_scene import load
    from style3d.paint.memory import forget_peak, peak_memory
    from style3d.paint.result import beside, file_hash

    forget_peak()
    began, job = monotonic(), task.job
    target = writable_target(job)
    scene = load(job, watcher)
    task.unfinished_path.parent.mkdir(parents=True, exist_ok=True)
    result, checkpoint = paint_once(job, scene, task.unfinished_path, True, watcher)
    if result.was_interrupted:
        raise KeyboardInterrupt
    seen = judged_views(result)
    figures: dict[str, float | None] = {}
    try:
        told = judge_result(result, job_yardstick(job), seen)
        figures = {figure.name: figure.to_json()["value"] for figure in told}
    except Style3DError:
        if task.accept:  # without thresholds, what measures may be missing
            raise
    written = ""
    if task.best is None or shortfall(limits_of(job, task.accept), figures) < task.best:
        save(result, target, watcher)
        write_job_file(job, beside(target, "job.yaml"), result.record["cast"])
        job_kind(job).write(job, scene, result.colors, watcher)
        job_kind(job).finish(job)
        written = file_hash(target)
    first, masks = seen.views[0], [view.mask for view in seen.views]
    pixels = [scene.extent / scene.pixel_extent(view.camera) for view in seen.views]
    painted = PaintedTask(
        figures, monotonic() - began, peak_memory() or 0, written, data_uri(first.before), data_uri(first.after),
        result.remarks, manner_of(seen.before, masks, pixels), manner_of(seen.after, masks, pixels),
    )  # fmt: skip
    write_receipt(task, painted)
    checkpoint.remove()
    return painted
