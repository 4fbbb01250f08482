"""`style3d batch` paints many assets in many looks."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from time import monotonic
from typing import Annotated, Any, Literal

import tyro
import yaml

from style3d.batch.ledger import Ledger
from style3d.batch.library import picks_with_shared_look
from style3d.batch.manifest import BatchLook, Manifest, check_look, read_manifest, settings_of
from style3d.batch.plan import PlannedJob, manifest_of_folder, picks, planned_jobs
from style3d.batch.runner import check_acceptance
from style3d.commands.parse import parse
from style3d.commands.progress_bars import show_progress
from style3d.errors import Style3DError
from style3d.job.control import Between, check_controls

OWN = "_batch"  # folder of the batch's own files, in that of its results
Again = Literal["none", "failed", "flagged", "all"]
RENEWED: Mapping[Again, tuple[str, ...]] = {
    "none": (), "failed": ("failed",), "flagged": ("flagged",), "all": ("done", "failed", "flagged"),
}  # fmt: skip


@dataclass(frozen=True)
class BatchRequest:
    """Paint many assets in many looks: those that a manifest names, or all in a folder in each --style.

    A batch that was stopped or killed goes on where it was when the same command is given again. Results lie in
    OUTPUT/LOOK/, and OUTPUT/report.html shows them all. The exit status is 1 if a job failed or was flagged.
    """

    source: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="MANIFEST|FOLDER")]
    """A manifest (.yaml), or a folder of assets."""
    style: Annotated[tyro.conf.UseAppendAction[tuple[Path, ...]], tyro.conf.arg(metavar="IMAGE")] = ()
    """A picture that is a look of its own, called like the file. Give the option again for more looks."""
    output: Path | None = None
    """The folder for the results. Default: the manifest's, or SOURCE.styled in the working folder."""
    set: Annotated[tyro.conf.UseAppendAction[tuple[str, ...]], tyro.conf.arg(metavar="NAME=VALUE")] = ()
    """A setting of every job, such as preset=draft or content-weight=0.6. It goes before those of the manifest."""
    accept: str = ""
    """Thresholds such as "content>=0.5,style<=0.6", for looks that have none. A job that misses them is painted again
    with other weights, and flagged if that does not help."""
    retries: Annotated[int, Between(0, 20)] = 3
    """How often a job may be painted again to meet --accept."""
    workers: Annotated[int | None, Between(1, 1024)] = None
    """Processes that paint at once. Default: one for each core, or one if another device computes."""
    memory: Annotated[float | None, Between(0.1, 100_000)] = None
    """Gigabytes that all jobs together may take. Default: four fifths of what is free."""
    scheduler: Annotated[str | None, tyro.conf.arg(metavar="tcp://HOST:PORT")] = None
    """The scheduler of a Dask cluster whose workers paint in the place of processes here. They must see the same files
    under the same names."""
    again: Again = "none"
    """Jobs that ended earlier and are painted again: failed, flagged or all."""
    dry_run: bool = False
    """List the jobs and do nothing."""
    quiet: bool = False
    """Show no progress."""

    def __post_init__(self) -> None:
        """Refuse what is out of range."""
        check_controls(self)


def run(arguments: list[str]) -> int:
    """Paint what has not been painted; 0 if all is good, 1 if some jobs failed or were flagged, 130 after Ctrl-C."""
    request = parse(BatchRequest, "batch", arguments, BatchRequest.__doc__ or "")
    manifest = _manifest(request)
    output = request.output or manifest.output or Path(f"{request.source.resolve().stem}.styled")
    chosen = picks(manifest, output.absolute(), _overrides(request))
    if request.dry_run:
        for job in planned_jobs(chosen, output):
            print(f"would paint {job.enrolled.asset} as {job.enrolled.look} into {output / job.enrolled.target}")
        print("nothing was written")
        return 0
    jobs = planned_jobs(chosen, output.absolute())
    check_acceptance(jobs)
    return _paint(
        request,
        lambda ledger: planned_jobs(picks_with_shared_look(manifest, chosen, ledger), output.absolute()),
        output,
    )


def _manifest(request: BatchRequest) -> Manifest:
    looks = _looks(request)
    if request.source.suffix.lower() in (".yaml", ".yml"):
        manifest = read_manifest(request.source, looks)
    else:
        manifest = manifest_of_folder(request.source, looks)
    accepted = {
        name: look
        if look.accept or not request.accept
        else replace(look, accept=request.accept, retries=request.retries)
        for name, look in manifest.looks.items()
    }
    return replace(manifest, looks=accepted)


def _looks(request: BatchRequest) -> dict[str, BatchLook]:
    looks: dict[str, BatchLook] = {}
    for path in request.style:
        if path.stem in looks:
            raise Style3DError(f"two looks would be called {path.stem}", hint="rename a picture")
        looks[check_look(path.stem)] = BatchLook(path.stem, {"style": (path,)})
    return looks


def _overrides(request: BatchRequest) -> dict[str, Any]:
    values = {}
    for text in request.set:
        name, found, value = text.partition("=")
        if not found:
            raise Style3DError("--set is not understood", got=repr(text), expected="NAME=VALUE")
        try:
            values[name] = yaml.safe_load(value)
        except (yaml.YAMLError, ValueError, RecursionError):
            values[name] = value
    return settings_of(Path("--set"), values, ())


def _paint(request: BatchRequest, plan: Callable[[Ledger], list[PlannedJob]], output: Path) -> int:
    from style3d.batch.events import EventLog
    from style3d.batch.likeness import likeness_by_look
    from style3d.batch.page import write_page
    from style3d.batch.runner import REPORTS, Runner
    from style3d.batch.task import receipts
    from style3d.commands.paint import sigterm_like_ctrl_c

    folder = output.absolute() / OWN
    ledger, log = Ledger(folder / "ledger.sqlite"), EventLog(folder / "log.jsonl")
    page, written = output / "report.html", monotonic()
    stopped = False

    def report() -> None:
        nonlocal written
        if monotonic() - written > REPORTS:
            write_page(ledger.jobs(), folder, page)
            written = monotonic()

    try:
        with show_progress(request.quiet) as watcher, sigterm_like_ctrl_c():
            ledger.live()
            jobs = plan(ledger)
            ledger.enrol([job.enrolled for job in jobs])
            ledger.renew(_keys_to_renew(ledger, request.again, output))
            log.tell("begun", jobs=len(jobs), **ledger.counts())
            try:
                Runner(ledger, jobs, _workers(request, folder), folder, log, watcher).run(report)
            except KeyboardInterrupt:
                stopped = True
        write_page(ledger.jobs(), folder, page)
        alike = likeness_by_look(ledger.jobs(), receipts(ledger.jobs(), folder))
        told = {one.look: {"before": asdict(one.before), "after": asdict(one.after)} for one in alike}
        log.tell("stopped" if stopped else "ended", **ledger.counts(), likeness=told)
        print("".join(f"{one}\n" for one in alike), end="")
        return _tell(ledger.counts(), page, stopped)
    finally:
        ledger.close()
        log.close()


def _keys_to_renew(ledger: Any, again: Again, output: Path) -> list[str]:
    """The keys of jobs that are begun anew: those asked for, and those whose result is gone."""
    rows = ledger.jobs()
    gone = [row for row in rows if row.kept is not None and not (output / row.enrolled.target).is_file()]
    return [row.enrolled.key for row in rows if row.state in RENEWED[again] or row in gone]


def _workers(request: BatchRequest, folder: Path) -> Any:
    from style3d.batch.dask_workers import DaskWorkers
    from style3d.commands.paint_task import paint_task

    if request.scheduler is not None:
        return DaskWorkers(paint_task, request.scheduler)
    return process_workers(request.workers, request.memory, folder)


def process_workers(workers: int | None, memory: float | None, folder: Path) -> Any:
    """Processes of this machine that paint.

    Args:
        workers: how many at once; None is one for each core, or one if another device computes.
        memory: gigabytes that all may take; None is a share of what is free.
        folder: of the batch's own files.
    """
    from style3d.batch.process_workers import ProcessWorkers
    from style3d.batch.share import Machine, cores_here, memory_here
    from style3d.commands.paint_task import paint_task
    from style3d.device import loops_on, pick_device

    cores = cores_here()
    runs = workers or (cores if loops_on(pick_device("auto")) else 1)
    room = memory * 1e9 if memory else memory_here()
    return ProcessWorkers(paint_task, Machine(cores, room, runs), folder / "workers.log")


def _tell(counts: Mapping[str, int], page: Path, stopped: bool) -> int:
    print(", ".join(f"{count} {state}" for state, count in sorted(counts.items())))
    print(f"look at {page}")
    if counts.get("failed"):
        print("style3d: some jobs failed; mend them, and give the command again with --again failed", file=sys.stderr)
    if counts.get("flagged"):
        print("style3d: some results miss their thresholds: look at them yourself", file=sys.stderr)
    if stopped:
        print("style3d: interrupted; the same command goes on from here", file=sys.stderr)
        return 130
    return 1 if counts.get("failed") or counts.get("flagged") else 0
