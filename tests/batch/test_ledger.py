"""The ledger: nothing is done twice and nothing is lost, whoever dies at whatever moment."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from style3d.batch.ledger import MOST_LOSSES, SILENCE, Ledger
from style3d.batch.ledger_rows import Attempt, Enrolled, Lease, Verdict
from style3d.errors import Style3DError

ROOT = Path(__file__).resolve().parents[2]
JOBS = [Enrolled(f"key{number}", f"{number}.glb", "oil", f"oil/{number}.glb") for number in range(6)]


def attempt(shortfall: float = 0.0, after: Verdict | None = None) -> Attempt:
    missed = ("style is not kept",) if shortfall else ()
    return Attempt(
        f"paint{shortfall}", shortfall, missed, {"style.gram": 0.4}, 2.5, 1000, "abc", after or Verdict("done")
    )


class Hands:
    """A clock that is set by hand."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


OPEN: list[Ledger] = []


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    yield
    while OPEN:
        OPEN.pop().close()


def opened(folder: Path, clock: Hands | None = None, jobs: list[Enrolled] = JOBS) -> Ledger:
    ledger = Ledger(folder / "ledger.sqlite", clock=clock or Hands())
    OPEN.append(ledger)
    ledger.live()
    ledger.enrol(jobs)
    return ledger


def keys(leases: list[Lease]) -> list[str]:
    return [lease.key for lease in leases]


def test_jobs_are_taken_once_in_their_order(tmp_path: Path) -> None:
    one, two = opened(tmp_path), opened(tmp_path)
    assert keys(one.take(2)) == ["key0", "key1"]
    assert keys(two.take(3)) == ["key2", "key3", "key4"]
    assert keys(one.take(9)) == ["key5"]
    assert one.take(9) == two.take(9) == []
    assert one.own_keys() == {"key0", "key1", "key5"}


def test_what_is_recorded_stays_when_all_begins_anew(tmp_path: Path) -> None:
    ledger = opened(tmp_path)
    first, second, third = ledger.take(3)
    assert ledger.record(first, attempt())
    assert ledger.fail(second, "it has no faces")
    assert ledger.record(third, attempt(0.5, Verdict("flagged", "look at it yourself")))
    ledger.leave()
    again = opened(tmp_path)
    assert keys(again.take(9)) == ["key3", "key4", "key5"]
    rows = {row.enrolled.key: row for row in again.jobs()}
    assert [rows[f"key{n}"].state for n in range(4)] == ["done", "failed", "flagged", "running"]
    assert rows["key1"].message == "it has no faces"
    assert rows["key0"].kept is not None
    assert rows["key0"].kept.figures == {"style.gram": 0.4}
    assert rows["key0"].kept.seconds == 2.5
    assert again.counts() == {"done": 1, "failed": 1, "flagged": 1, "running": 3}


def test_a_silent_runner_loses_its_jobs_and_can_write_nothing_more(tmp_path: Path) -> None:
    clock = Hands()
    asleep, awake = opened(tmp_path, clock), opened(tmp_path, clock)
    (lease,) = asleep.take(1)
    clock.now += SILENCE / 2
    awake.live()
    assert "key0" not in keys(awake.take(9))
    clock.now += SILENCE / 2 + 1
    awake.live()
    (taken,) = awake.take(9)
    assert taken.key == "key0"
    assert not asleep.record(lease, attempt())
    assert not asleep.fail(lease, "nobody hears it")
    assert not asleep.lose(lease, "nobody hears it")
    assert asleep.own_keys() == frozenset()
    assert awake.record(taken, attempt())


def test_a_sign_of_life_keeps_a_lease(tmp_path: Path) -> None:
    clock = Hands()
    one, two = opened(tmp_path, clock), opened(tmp_path, clock)
    one.take(1)
    for _ in range(5):
        clock.now += SILENCE * 0.8
        one.live()
        two.live()
        assert "key0" not in keys(two.take(1))


def test_a_further_attempt_has_its_changes_and_the_best_one_is_kept(tmp_path: Path) -> None:
    ledger = opened(tmp_path, jobs=JOBS[:1])
    (first,) = ledger.take(1)
    assert (first.attempt, first.changes, first.best) == (1, {}, None)
    ledger.record(first, attempt(0.3, Verdict("waiting", changes={"content_weight": 1.6})))
    (second,) = ledger.take(1)
    assert (second.attempt, second.changes, second.best) == (2, {"content_weight": 1.6}, 0.3)
    ledger.record(second, attempt(0.4, Verdict("flagged", "two attempts missed")))
    (row,) = ledger.jobs()
    assert (row.state, row.message, len(row.attempts)) == ("flagged", "two attempts missed", 2)
    assert row.kept is not None
    assert row.kept.number == 1
    ledger.renew(["key0"])
    (row,) = ledger.jobs()
    assert (row.state, row.attempt, row.attempts, row.kept) == ("waiting", 1, (), None)


def test_workers_may_die_at_a_job_a_few_times(tmp_path: Path) -> None:
    ledger = opened(tmp_path, jobs=JOBS[:1])
    for _ in range(MOST_LOSSES - 1):
        (lease,) = ledger.take(1)
        ledger.lose(lease, "a worker died")
    (lease,) = ledger.take(1)
    ledger.lose(lease, "a worker died")
    (row,) = ledger.jobs()
    assert (row.state, row.message) == ("failed", f"a worker died, {MOST_LOSSES} times")


def test_only_the_jobs_of_the_plan_are_taken(tmp_path: Path) -> None:
    opened(tmp_path).leave()
    ledger = opened(tmp_path, jobs=[JOBS[4]])
    assert keys(ledger.take(9)) == ["key4"]
    assert len(ledger.jobs()) == 1


def test_pins_stay_as_they_were_first(tmp_path: Path) -> None:
    ledger = opened(tmp_path)
    assert ledger.pin("brush") is None
    assert ledger.pin_once("brush", 1.5) == 1.5
    assert opened(tmp_path).pin_once("brush", 9.0) == 1.5
    assert ledger.pin("brush") == 1.5


DYING = """
import sys, time
from pathlib import Path
from style3d.batch.ledger import Ledger
from style3d.batch.ledger_rows import Enrolled
ledger = Ledger(Path(sys.argv[1]))
ledger.live()
ledger.enrol([Enrolled(f"key{n}", f"{n}.glb", "oil", f"oil/{n}.glb") for n in range(6)])
print(*(lease.key for lease in ledger.take(2)), flush=True)
time.sleep(600)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows cannot say without harm whether a process runs")
def test_a_runner_that_is_killed_loses_its_jobs_at_once(tmp_path: Path) -> None:
    file = tmp_path / "ledger.sqlite"
    with subprocess.Popen(
        [sys.executable, "-c", DYING, str(file)], stdout=subprocess.PIPE, text=True, cwd=ROOT
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline().split() == ["key0", "key1"]
        ledger = Ledger(file)
        OPEN.append(ledger)
        ledger.enrol(JOBS)
        assert keys(ledger.take(1)) == ["key2"]
        other.send_signal(signal.SIGKILL)
    assert keys(ledger.take(9)) == ["key0", "key1", "key3", "key4", "key5"]


def test_many_threads_never_take_the_same_job(tmp_path: Path) -> None:
    jobs = [Enrolled(f"k{n}", "a", "b", f"{n}") for n in range(60)]
    opened(tmp_path, jobs=jobs)
    taken: list[str] = []

    def work() -> None:
        ledger = Ledger(tmp_path / "ledger.sqlite")
        ledger.enrol(jobs)
        while leases := ledger.take(3):
            taken.extend(keys(leases))
            for lease in leases:
                ledger.record(lease, attempt())
        ledger.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == sorted(job.key for job in jobs)


def test_other_files_are_refused(tmp_path: Path) -> None:
    (tmp_path / "text.sqlite").write_text("this is no database, only a text that is long enough\n" * 9)
    with pytest.raises(Style3DError, match="cannot be used as a ledger"):
        Ledger(tmp_path / "text.sqlite")
    old = sqlite3.connect(tmp_path / "old.sqlite")
    old.execute("PRAGMA user_version = 99")
    old.close()
    with pytest.raises(Style3DError, match="another version"):
        Ledger(tmp_path / "old.sqlite")


def test_jobs_may_join_and_be_stopped(tmp_path: Path) -> None:
    """What is stopped is taken by nobody, and what its worker says later is not noted."""
    ledger = opened(tmp_path, jobs=JOBS[:1])
    ledger.enrol_more([JOBS[1], JOBS[0]])
    first, second = ledger.take(5)
    assert [row.enrolled.key for row in ledger.jobs()] == ["key0", "key1"]
    assert ledger.stop("key0", Verdict("cancelled", "by anna"))
    assert not ledger.stop("key0", Verdict("failed", "too late"))
    assert not ledger.fail(first, "a lease that is gone")
    assert ledger.own_keys() == {second.key}
    assert ledger.job("key0") == ledger.jobs()[0]
    assert ledger.job("absent") is None
    assert ledger.jobs()[0].state == "cancelled"
    assert ledger.jobs()[0].message == "by anna"
