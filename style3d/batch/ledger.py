"""The ledger is an SQLite file that says how far every job of a batch is. Runners share it and divide the jobs."""

from __future__ import annotations

import json
import os
import platform
import sqlite3
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, final

from style3d.batch.ledger_rows import (
    ENDED,
    SCHEMA,
    VERSION,
    Attempt,
    Enrolled,
    JobRow,
    Lease,
    Verdict,
    attempt_of,
    job_row,
)
from style3d.errors import Style3DError

HEARTBEAT = 5.0  # seconds between two signs of life of a runner
SILENCE = 30.0  # seconds without one after which a runner counts as dead
MOST_LOSSES = 3  # workers that may die at a job, before it counts as failed
PATIENCE = 60.0  # seconds to wait for another runner's entry


@final
class Ledger:
    """One connection to the file, for one thread of one runner.

    A job is leased to the runner that takes it. The lease lasts as long as the runner gives signs of life, and what a
    dead runner had taken is waiting again. Nothing is written for a lease that has passed to another runner.

    Args:
        path: the file; it is made if it is absent.
        runner: who uses the connection; several connections may belong to one runner.
        clock: what says the moment, in seconds; all runners' clocks must agree.

    Raises:
        Style3DError: the file is no ledger of this version, or cannot be written.
    """

    def __init__(self, path: Path, runner: str | None = None, clock: Callable[[], float] = time.time) -> None:
        self.path, self.runner, self._clock = path, runner or uuid.uuid4().hex, clock
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._base = sqlite3.connect(path, timeout=PATIENCE, isolation_level=None)
            try:
                self._base.row_factory = sqlite3.Row
                self._base.execute("PRAGMA journal_mode = WAL")
                self._base.execute("PRAGMA synchronous = FULL")
                self._make()
            except BaseException:
                self._base.close()
                raise
        except (OSError, sqlite3.Error) as error:
            hint = "choose another --output, or remove the file to begin anew"
            raise Style3DError(f"{path} cannot be used as a ledger", got=error, hint=hint) from None

    def _make(self) -> None:
        version = self._base.execute("PRAGMA user_version").fetchone()[0]
        if version not in (0, VERSION):
            raise Style3DError(
                f"{self.path} is a ledger of another version", got=version, expected=str(VERSION),
                hint="choose another --output",
            )  # fmt: skip
        with self._transaction():
            for statement in SCHEMA:
                self._base.execute(statement)
            self._base.execute(f"PRAGMA user_version = {VERSION}")
        self._base.execute("CREATE TEMP TABLE plan (key TEXT PRIMARY KEY, place INTEGER)")

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        """All of the block or nothing of it, and nobody else meanwhile."""
        try:
            self._base.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._base.execute("ROLLBACK")
                raise
            self._base.execute("COMMIT")
        except sqlite3.Error as error:
            hint = "is the disk full, or the folder on another machine?"
            raise Style3DError(f"{self.path} cannot be written", got=error, hint=hint) from None

    def close(self) -> None:
        """Let go of the file."""
        self._base.close()

    def live(self) -> None:
        """Give a sign of life; the first one makes the runner known."""
        with self._transaction():
            self._sign()

    def _sign(self) -> None:
        self._base.execute(
            "INSERT INTO runners (id, home, pid, heard) VALUES (?, ?, ?, ?) "
            "ON CONFLICT (id) DO UPDATE SET heard = excluded.heard",
            (self.runner, _home(), os.getpid(), self._clock()),
        )

    def leave(self) -> None:
        """Give back what the runner holds, and forget the runner."""
        with self._transaction():
            self._give_back([self.runner])

    def enrol(self, jobs: Sequence[Enrolled]) -> None:
        """Note the jobs of this runner's plan, in its order. Those that are known keep their state."""
        with self._transaction():
            self._base.execute("DELETE FROM plan")
            self._join(jobs)

    def enrol_more(self, jobs: Sequence[Enrolled]) -> None:
        """Note jobs that come after those of the plan."""
        with self._transaction():
            self._join(jobs)

    def _join(self, jobs: Sequence[Enrolled]) -> None:
        before = self._base.execute("SELECT count(*) FROM plan").fetchone()[0]
        for place, job in enumerate(jobs, before):
            self._base.execute("INSERT OR IGNORE INTO plan VALUES (?, ?)", (job.key, place))
            self._base.execute(
                "INSERT INTO jobs (key, asset, look, target) VALUES (?, ?, ?, ?) "
                "ON CONFLICT (key) DO UPDATE SET asset = excluded.asset, look = excluded.look",
                (job.key, job.asset, job.look, job.target),
            )

    def stop(self, key: str, verdict: Verdict) -> bool:
        """End a job before its time, whoever holds it; whether it had not ended before."""
        with self._transaction():
            changed = self._base.execute(
                "UPDATE jobs SET state = ?, runner = NULL, message = ? "
                "WHERE key = ? AND state IN ('waiting', 'running')",
                (verdict.state, verdict.message, key),
            )
            return changed.rowcount > 0

    def renew(self, keys: Sequence[str]) -> None:
        """Begin ended jobs again, from their first attempt."""
        with self._transaction():
            for key in keys:
                changed = self._base.execute(
                    "UPDATE jobs SET state = 'waiting', attempt = 1, losses = 0, changes = '{}', message = '', "
                    f"kept = NULL WHERE key = ? AND state IN {ENDED}",
                    (key,),
                )
                if changed.rowcount:
                    self._base.execute("DELETE FROM attempts WHERE key = ?", (key,))

    def take(self, count: int) -> list[Lease]:
        """Lease at most ``count`` waiting jobs of the plan to this runner. First the dead lose what they had."""
        with self._transaction():
            self._sign()
            self._give_back(self._dead())
            found = self._base.execute(
                "SELECT jobs.* FROM jobs JOIN plan USING (key) WHERE state = 'waiting' ORDER BY place LIMIT ?", (count,)
            ).fetchall()
            for row in found:
                self._base.execute(
                    "UPDATE jobs SET state = 'running', runner = ?, begun = ? WHERE key = ?",
                    (self.runner, self._clock(), row["key"]),
                )
            return [self._lease(row) for row in found]

    def _lease(self, row: sqlite3.Row) -> Lease:
        best = self._base.execute("SELECT min(shortfall) FROM attempts WHERE key = ?", (row["key"],)).fetchone()[0]
        return Lease(row["key"], row["attempt"], json.loads(row["changes"]), best)

    def record(self, lease: Lease, attempt: Attempt) -> bool:
        """Note what an attempt came to: the job waits for the next one, or ends. Whether the lease still held."""
        with self._transaction():
            if not self._holds(lease):
                return False
            self._base.execute(
                "INSERT OR REPLACE INTO attempts VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    lease.key, lease.attempt, json.dumps(lease.changes), attempt.paint, attempt.shortfall,
                    json.dumps(attempt.missed), json.dumps(attempt.figures), attempt.seconds, attempt.memory,
                    attempt.output_hash, self._clock(),
                ),
            )  # fmt: skip
            kept = self._base.execute(
                "SELECT attempt FROM attempts WHERE key = ? ORDER BY shortfall, attempt LIMIT 1", (lease.key,)
            ).fetchone()[0]
            after = attempt.after
            further = lease.attempt + (after.state == "waiting")
            self._base.execute(
                "UPDATE jobs SET state = ?, runner = NULL, attempt = ?, changes = ?, message = ?, kept = ? "
                "WHERE key = ?",
                (after.state, further, json.dumps(after.changes), after.message, kept, lease.key),
            )
            return True

    def fail(self, lease: Lease, message: str) -> bool:
        """Note that an attempt cannot be made, and why. Whether the lease still held."""
        with self._transaction():
            return self._end(lease, "failed", message, 0)

    def lose(self, lease: Lease, message: str) -> bool:
        """Note that a worker died at it: the job waits again, or has failed if that happens too often."""
        with self._transaction():
            row = self._base.execute("SELECT losses FROM jobs WHERE key = ?", (lease.key,)).fetchone()
            losses = row["losses"] + 1
            if losses < MOST_LOSSES:
                return self._end(lease, "waiting", "", losses)
            return self._end(lease, "failed", f"{message}, {losses} times", losses)

    def _end(self, lease: Lease, state: str, message: str, losses: int) -> bool:
        if not self._holds(lease):
            return False
        self._base.execute(
            "UPDATE jobs SET state = ?, runner = NULL, message = ?, losses = ? WHERE key = ?",
            (state, message, losses, lease.key),
        )
        return True

    def _holds(self, lease: Lease) -> bool:
        row = self._base.execute("SELECT state, runner, attempt FROM jobs WHERE key = ?", (lease.key,)).fetchone()
        return tuple(row) == ("running", self.runner, lease.attempt)

    def own_keys(self) -> frozenset[str]:
        """The keys of what this runner holds."""
        rows = self._base.execute("SELECT key FROM jobs WHERE state = 'running' AND runner = ?", (self.runner,))
        return frozenset(row["key"] for row in rows)

    def pin_once(self, name: str, value: Any) -> Any:
        """The value that was first noted under a name; ``value`` if none was, and from then on."""
        with self._transaction():
            self._base.execute("INSERT OR IGNORE INTO pins VALUES (?, ?)", (name, json.dumps(value)))
            return json.loads(self._base.execute("SELECT value FROM pins WHERE name = ?", (name,)).fetchone()[0])

    def pin(self, name: str) -> Any:
        """The value noted under a name; None if there is none."""
        row = self._base.execute("SELECT value FROM pins WHERE name = ?", (name,)).fetchone()
        return None if row is None else json.loads(row[0])

    def jobs(self) -> list[JobRow]:
        """Every job of the plan, in its order."""
        rows = self._base.execute("SELECT jobs.* FROM jobs JOIN plan USING (key) ORDER BY place").fetchall()
        attempts = self._base.execute("SELECT attempts.* FROM attempts JOIN plan USING (key) ORDER BY attempt")
        by_key: dict[str, list[Attempt]] = {}
        for row in attempts:
            by_key.setdefault(row["key"], []).append(attempt_of(row))
        return [job_row(row, tuple(by_key.get(row["key"], ()))) for row in rows]

    def job(self, key: str) -> JobRow | None:
        """The job of a key."""
        row = self._base.execute("SELECT * FROM jobs WHERE key = ?", (key,)).fetchone()
        attempts = self._base.execute("SELECT * FROM attempts WHERE key = ? ORDER BY attempt", (key,))
        return None if row is None else job_row(row, tuple(map(attempt_of, attempts)))

    def counts(self) -> Mapping[str, int]:
        """How many jobs of the plan are in each state."""
        rows = self._base.execute("SELECT state, count(*) FROM jobs JOIN plan USING (key) GROUP BY state")
        return dict(map(tuple, rows))

    def _dead(self) -> list[str]:
        """Runners that gave no sign of life for a while, or whose process is gone."""
        rows = self._base.execute("SELECT * FROM runners WHERE id != ?", (self.runner,)).fetchall()
        old = self._clock() - SILENCE
        return [row["id"] for row in rows if row["heard"] < old or (row["home"] == _home() and _has_ended(row["pid"]))]

    def _give_back(self, runners: Sequence[str]) -> None:
        for runner in runners:
            self._base.execute("UPDATE jobs SET state = 'waiting', runner = NULL WHERE runner = ?", (runner,))
            self._base.execute("DELETE FROM runners WHERE id = ?", (runner,))


def _home() -> str:
    """What says whether two runners see the same processes: the machine, and the space in which pids are counted."""
    space = ""
    with suppress(OSError):
        space = os.readlink("/proc/self/ns/pid")
    return f"{platform.node()} {space}"


def _has_ended(pid: int) -> bool:
    """Whether no such process runs here; False where that cannot be asked without harm."""
    if sys.platform == "win32":
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except OSError:  # it runs, and belongs to somebody else
        return False
    return False
