"""The runner takes jobs from the ledger, gives them to workers, and writes down what comes of them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import final

from style3d.batch.events import Listener
from style3d.batch.gate import attempt_with_verdict, changed_job, limits_of
from style3d.batch.ledger import HEARTBEAT, Ledger
from style3d.batch.ledger_rows import Lease
from style3d.batch.plan import PlannedJob, paint_key
from style3d.batch.task import PaintedTask, PaintTask
from style3d.batch.workers import Advanced, Ended, Loss, Refusal, Workers
from style3d.errors import Style3DError
from style3d.progress import Watcher, duration

PATIENCE = 1.0  # seconds between two looks at the ledger
REPORTS = 30.0  # seconds between two reports while jobs go on


@final
class Runner:
    """One runner on a ledger.

    Args:
        ledger: where the jobs stand; they are enrolled.
        jobs: the plan.
        workers: who does them.
        folder: of the batch's own files.
        log: hears what happens.
        watcher: hears how far all is.
    """

    def __init__(
        self,
        ledger: Ledger,
        jobs: Sequence[PlannedJob],
        workers: Workers,
        folder: Path,
        log: Listener,
        watcher: Watcher,
    ) -> None:
        self._ledger, self._workers, self._folder, self._log, self._watcher = ledger, workers, folder, log, watcher
        self._jobs = {job.enrolled.key: job for job in jobs}
        self._running = dict[str, tuple[Lease, PaintTask]]()
        self._shares = dict[str, float]()
        self._ended, self._outstanding = 0, 0

    def run(self, meanwhile: Callable[[], None] = lambda: None) -> None:
        """All jobs of the plan, until each has ended here or with another runner.

        Args:
            meanwhile: is called now and then.
        """
        counts = self._ledger.counts()
        self._outstanding = counts.get("waiting", 0) + counts.get("running", 0)
        self._watcher.phase("painting", self._outstanding)
        with self.at_work():
            while self.step():
                meanwhile()

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """The runner gives signs of life within the block. At its end workers stop and jobs are given back."""
        stop = threading.Event()
        heart = threading.Thread(target=_beat, args=(self._ledger, stop), daemon=True)
        heart.start()
        try:
            yield
        finally:
            stop.set()
            heart.join()
            self._workers.close()
            self._ledger.leave()

    def admit(self, jobs: Sequence[PlannedJob]) -> None:
        """Further jobs, after those of the plan."""
        self._ledger.enrol_more([job.enrolled for job in jobs])
        self._jobs |= {job.enrolled.key: job for job in jobs}

    def step(self) -> bool:
        """Start what can be started, hear what has happened; whether anything is left to do."""
        for lease in self._ledger.take(self._workers.free()):
            self._start(lease)
        for lost in self._running.keys() - self._ledger.own_keys():  # another runner thought this one dead
            self._workers.drop(lost)
            lease, _ = self._running.pop(lost)
            self._tell("lease lost", lease)
        for news in self._workers.news(PATIENCE):
            if isinstance(news, Advanced):
                self._note_advance(news)
            elif news.key in self._running:
                self._over(news)
        counts = self._ledger.counts()
        left = counts.get("waiting", 0) + counts.get("running", 0)
        self._ended = self._outstanding - left
        parts = [f"{len(self._running)} at work"]
        parts += [f"{counts[state]} {state}" for state in ("flagged", "failed") if counts.get(state)]
        self._watcher.advance(max(self._ended, 0), ", ".join(parts))
        return left > 0

    def _start(self, lease: Lease) -> None:
        planned = self._jobs[lease.key]
        self._tell("started", lease, changes=dict(lease.changes))
        try:
            job = changed_job(planned.job, lease.changes)
            job = replace(job, output=planned.job.destination)
            task = PaintTask(
                lease.key, f"{planned.enrolled.asset} as {planned.enrolled.look}", job,
                paint_key(job, planned.enrolled.target), planned.accept, lease.best, self._folder,
            )  # fmt: skip
        except Style3DError as error:
            self._ledger.fail(lease, str(error))
            self._tell("failed", lease, message=str(error))
            return
        self._running[lease.key] = lease, task
        self._workers.start(task)

    def _note_advance(self, news: Advanced) -> None:
        self._shares[news.key] = news.share
        self._log.hear(news)
        if news.seconds is not None and self._ended == 0 and len(self._shares) == 1:
            low, high = (duration(end) for end in news.seconds)
            self._watcher.say(f"the first result takes about {low} to {high}; {self._outstanding} are to be made")

    def _over(self, news: Ended) -> None:
        lease, task = self._running.pop(news.key)
        self._shares.pop(news.key, None)
        outcome, planned = news.outcome, self._jobs[news.key]
        if isinstance(outcome, Loss):
            self._ledger.lose(lease, outcome.message)
            self._tell("worker lost", lease, message=outcome.message)
        elif isinstance(outcome, Refusal):
            self._ledger.fail(lease, outcome.message)
            self._tell("failed", lease, message=outcome.message)
            self._watcher.say(f"{task.name} failed: {outcome.message}")
        else:
            self._record_painted(planned, lease, task, outcome)

    def _record_painted(self, planned: PlannedJob, lease: Lease, task: PaintTask, painted: PaintedTask) -> None:
        attempt = attempt_with_verdict(task.job, planned.accept, planned.retries, lease, task.paint, painted)
        if not self._ledger.record(lease, attempt):
            self._tell("lease lost", lease)
            return
        event = "tried" if attempt.after.state == "waiting" else attempt.after.state
        self._tell(
            event, lease, paint=task.paint, seconds=round(painted.seconds, 2), memory=painted.memory,
            output_hash=painted.output_hash,
            shortfall=attempt.shortfall, missed=attempt.missed, figures=dict(painted.figures),
        )  # fmt: skip
        if attempt.after.state == "flagged":
            self._watcher.say(f"look at it yourself: {task.name}: {attempt.after.message}")

    def _tell(self, event: str, lease: Lease, **values: object) -> None:
        job = self._jobs[lease.key].enrolled
        told = {"job": lease.key, "asset": job.asset, "look": job.look, "attempt": lease.attempt}
        self._log.tell(event, **told, **values)


def _beat(ledger: Ledger, stop: threading.Event) -> None:
    """Signs of life, from a thread with a connection of its own."""
    own = Ledger(ledger.path, ledger.runner)
    try:
        while not stop.wait(HEARTBEAT):
            own.live()
    finally:
        own.close()


def check_acceptance(jobs: Sequence[PlannedJob]) -> None:
    """Refuse thresholds that cannot be understood or measured, before anything is painted.

    Raises:
        Style3DError: names the look.
    """
    from style3d.evaluate.accept import refuse_unmeasurable

    for job in {planned.enrolled.look: planned for planned in jobs}.values():
        try:
            refuse_unmeasurable(job.job, limits_of(job.job, job.accept))
        except Style3DError as error:
            raise Style3DError(f"the look {job.enrolled.look}: {error}") from None
