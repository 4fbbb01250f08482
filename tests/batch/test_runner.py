"""Runners: with a painter whose answer is known, and with real processes that are killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from style3d.batch.events import EventLog
from style3d.batch.gate import limits_of, shortfall
from style3d.batch.ledger import MOST_LOSSES, Ledger
from style3d.batch.likeness import likeness_by_look
from style3d.batch.manifest import BatchLook
from style3d.batch.page import page
from style3d.batch.plan import PlannedJob, manifest_of_folder, picks, planned_jobs
from style3d.batch.process_workers import ProcessWorkers
from style3d.batch.runner import Runner
from style3d.batch.share import Machine
from style3d.batch.task import PaintedTask, PaintTask, done_before, receipts, write_receipt
from style3d.batch.workers import OwnProcess, Workers
from style3d.errors import Style3DError
from style3d.evaluate.likeness import Manner
from style3d.paint.result import file_hash
from style3d.progress import Silent, Watcher

ROOT = Path(__file__).resolve().parents[2]
PICTURE = "data:image/jpeg;base64,AAAA"


def feign(task: PaintTask, watcher: Watcher) -> PaintedTask:
    """Writes the content weight: more of it keeps more content. Each time it counts, in a file."""
    name = task.job.model.stem
    with (task.folder / "done.txt").open("a") as stream:
        stream.write(f"{task.job.destination.parent.name}/{name}\n")
    if name == "broken":
        raise Style3DError("it has no faces")
    if name == "odd":
        raise ZeroDivisionError("division by <b>zero</b>")
    watcher.announce((1, 2), (1e6, 2e6))
    if name == "deadly":
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(60)
    if (task.folder / "slow").exists():
        time.sleep(0.3)
    weight = task.job.content_weight
    figures = {"content.features": weight / (1 + weight), "style.gram": 0.2 + 0.2 * weight}
    short, written = shortfall(limits_of(task.job, task.accept), figures), ""
    if task.best is None or short < task.best:
        task.job.destination.parent.mkdir(parents=True, exist_ok=True)
        task.job.destination.write_text(f"{name} {weight}")
        written = file_hash(task.job.destination)
    before, after = (Manner(((50.0, 10.0 * tint, 0.0),), (1.0,), 0.0) for tint in ("abc".find(name), 0))
    painted = PaintedTask(figures, 0.1, 1000, written, PICTURE, PICTURE, ("lost: <i>bones</i>",), before, after)
    write_receipt(task, painted)
    return painted


@pytest.fixture
def library(tmp_path: Path) -> Path:
    for name in "abc":
        (tmp_path / f"kit/{name}.glb").parent.mkdir(exist_ok=True)
        (tmp_path / f"kit/{name}.glb").write_bytes(f"asset {name}".encode())
    (tmp_path / "oil.png").write_bytes(b"a picture")
    return tmp_path


def jobs_of(library: Path, accept: str = "", retries: int = 3) -> list[PlannedJob]:
    look = BatchLook("oil", {"style": (library / "oil.png",)}, accept, retries)
    output = library / "out"
    return planned_jobs(picks(manifest_of_folder(library / "kit", {"oil": look}), output), output)


@pytest.fixture
def ledger(library: Path) -> Iterator[Ledger]:
    (library / "out/_batch").mkdir(parents=True)
    found = Ledger(library / "out/_batch/ledger.sqlite")
    yield found
    found.close()


def run(ledger: Ledger, jobs: list[PlannedJob], workers: Workers | None = None) -> None:
    folder = ledger.path.parent
    log = EventLog(folder / "log.jsonl")
    ledger.live()
    ledger.enrol([job.enrolled for job in jobs])
    Runner(ledger, jobs, workers or OwnProcess(feign), folder, log, Silent()).run()
    log.close()


def done(library: Path) -> list[str]:
    return sorted((library / "out/_batch/done.txt").read_text().split())


def test_everything_is_done_once(library: Path, ledger: Ledger) -> None:
    run(ledger, jobs_of(library))
    assert done(library) == ["oil/a", "oil/b", "oil/c"]
    assert ledger.counts() == {"done": 3}
    assert {row.kept.output_hash for row in ledger.jobs() if row.kept} == {
        file_hash(library / f"out/oil/{name}.glb") for name in "abc"
    }
    run(ledger, jobs_of(library))
    assert len(done(library)) == 3
    (library / "kit/b.glb").write_bytes(b"asset b has changed")
    run(ledger, jobs_of(library))
    assert done(library) == ["oil/a", "oil/b", "oil/b", "oil/c"]


def test_likeness_of_a_look_comes_from_the_receipts(library: Path, ledger: Ledger) -> None:
    """Assets 10, 10 and 20 units of colour apart that are painted alike."""
    run(ledger, jobs_of(library))
    (found,) = likeness_by_look(ledger.jobs(), receipts(ledger.jobs(), ledger.path.parent))
    assert (found.look, found.after.value, found.after.count) == ("oil", 1.0, 3)
    assert found.before.colors == pytest.approx(40 / 3)
    assert str(found).startswith("oil: likeness 1.00, before painting 0.40; ")
    text = page(ledger.jobs(), ledger.path.parent, "kit")
    assert "how alike the results are" in text
    assert "<th>1.00</th><th>0.40</th>" in text
    (ledger.path.parent / "receipts" / f"{ledger.jobs()[0].kept.paint}.json").write_text('{"manner": {"colors": 3}}')
    assert likeness_by_look(ledger.jobs(), receipts(ledger.jobs(), ledger.path.parent))[0].after.count == 2


def test_failures_do_not_stop_the_rest(library: Path, ledger: Ledger) -> None:
    for name in ("broken", "odd"):
        (library / f"kit/{name}.glb").write_bytes(name.encode())
    run(ledger, jobs_of(library))
    assert ledger.counts() == {"done": 3, "failed": 2}
    said = {row.enrolled.asset: row.message for row in ledger.jobs()}
    assert said["broken.glb"] == "it has no faces"
    assert "ZeroDivisionError" in said["odd.glb"]
    events = [json.loads(line) for line in (ledger.path.parent / "log.jsonl").read_text().splitlines()]
    assert [event["event"] for event in events].count("done") == 3
    assert {event["asset"] for event in events if event["event"] == "failed"} == {"broken.glb", "odd.glb"}
    text = page(ledger.jobs(), ledger.path.parent, "kit <script>")
    assert "<b>zero" not in text
    assert "&lt;b&gt;zero" in text
    assert "lost: &lt;i&gt;bones" in text
    assert "kit &lt;script&gt;" in text
    assert text.count('class="compare"') == 3
    assert "http" not in text.replace("http-equiv", "")


def test_the_gate_tries_again_and_flags_what_does_not_help(library: Path, ledger: Ledger) -> None:
    run(ledger, jobs_of(library, "content>=0.7"))
    assert ledger.counts() == {"done": 3}
    row = ledger.jobs()[0]
    assert len(row.attempts) > 1
    assert row.kept == row.attempts[-1]
    assert (library / "out/oil/a.glb").read_text() == f"a {1.6 ** (len(row.attempts) - 1)}"
    before = len(done(library))
    run(ledger, jobs_of(library, "content>=0.99", 1))  # what was painted so far is found by its receipts
    assert ledger.counts() == {"flagged": 3}
    assert "content.features>=0.99 is not kept" in ledger.jobs()[0].message
    assert [len(row.attempts) for row in ledger.jobs()] == [2, 2, 2]
    assert len(done(library)) <= before + 6


def test_an_attempt_that_is_written_is_not_made_again(library: Path) -> None:
    (job,) = [job for job in jobs_of(library) if job.enrolled.asset == "a.glb"]
    folder = library / "out/_batch"
    folder.mkdir(parents=True)
    task = PaintTask(job.enrolled.key, "a", job.job, "paint", "", None, folder)
    assert done_before(task) is None
    painted = feign(task, Silent())
    assert done_before(task) == painted
    job.job.destination.write_text("somebody painted over it")
    assert done_before(task) is None
    task.receipt.write_text("{")
    assert done_before(task) is None


def test_processes_share_the_work_and_one_that_dies_is_replaced(library: Path, ledger: Ledger) -> None:
    (library / "kit/deadly.glb").write_bytes(b"deadly")
    workers = ProcessWorkers(feign, Machine(2, 1e7, 2), library / "out/_batch/workers.log")
    run(ledger, jobs_of(library), workers)
    assert ledger.counts() == {"done": 3, "failed": 1}
    (failed,) = [row for row in ledger.jobs() if row.state == "failed"]
    assert failed.enrolled.asset == "deadly.glb"
    assert f"{MOST_LOSSES} times" in failed.message
    assert done(library).count("oil/deadly") == MOST_LOSSES


def test_memory_decides_who_may_begin() -> None:
    machine = Machine(cores=8, memory=10e9, runs=4)
    assert machine.admits(99e9, [])  # one alone always may
    assert machine.admits(4e9, [6e9])
    assert not machine.admits(4.1e9, [6e9])
    assert machine.threads(1e9) == 2
    assert machine.threads(5e9) == 4
    assert machine.threads(99e9) == 8


RUNNER = """
import sys
from pathlib import Path
from tests.batch.test_runner import Ledger, Machine, ProcessWorkers, feign, jobs_of, run
library = Path(sys.argv[1])
if __name__ == "__main__":
    ledger = Ledger(library / "out/_batch/ledger.sqlite")
    run(ledger, jobs_of(library), ProcessWorkers(feign, Machine(1, 1e9, 1), library / "out/_batch/workers.log"))
    ledger.close()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is POSIX's")
def test_a_killed_runner_loses_nothing_and_repeats_nothing(library: Path, ledger: Ledger) -> None:
    (library / "out/_batch/slow").touch()
    for number in range(6):
        (library / f"kit/{number}.glb").write_bytes(f"asset {number}".encode())
    (library / "runner.py").write_text(RUNNER)
    ledger.enrol([job.enrolled for job in jobs_of(library)])
    command, environment = (
        [sys.executable, str(library / "runner.py"), str(library)],
        {**os.environ, "PYTHONPATH": str(ROOT)},
    )
    with subprocess.Popen(command, env=environment, cwd=ROOT) as first:
        end = time.monotonic() + 120
        while ledger.counts().get("done", 0) < 2 and time.monotonic() < end:
            time.sleep(0.05)
        first.kill()
    begun = ledger.counts()["done"]
    assert 2 <= begun < 9
    run(ledger, jobs_of(library))
    assert ledger.counts() == {"done": 9}
    counted = done(library)
    assert set(counted) == {f"oil/{name}" for name in "abc012345"}
    assert len(counted) <= 10  # what was in hand when it was killed may have begun twice; nothing ended twice
    assert len({row.kept.output_hash for row in ledger.jobs() if row.kept}) == 9


def test_who_has_no_worker_waits(library: Path) -> None:
    """A runner whose jobs are all with another runner asks now and then, and not all the time."""
    workers = ProcessWorkers(feign, Machine(1, 1e9, 1), library / "out/_batch/workers.log")
    began = time.monotonic()
    assert workers.news(0.2) == []
    assert time.monotonic() - began >= 0.19
