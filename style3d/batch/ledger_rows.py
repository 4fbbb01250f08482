"""The tables of a ledger, and what goes in and comes out as values."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, final

State = Literal["waiting", "running", "done", "flagged", "failed", "cancelled"]
ENDED = "('done', 'flagged', 'failed', 'cancelled')"  # the states of jobs that nothing more is done for
VERSION = 1
SCHEMA = (
    """CREATE TABLE IF NOT EXISTS jobs (
        key TEXT PRIMARY KEY, asset TEXT NOT NULL, look TEXT NOT NULL, target TEXT NOT NULL,
        state TEXT NOT NULL DEFAULT 'waiting', attempt INTEGER NOT NULL DEFAULT 1, losses INTEGER NOT NULL DEFAULT 0,
        changes TEXT NOT NULL DEFAULT '{}', message TEXT NOT NULL DEFAULT '', kept INTEGER, runner TEXT, begun REAL)""",
    """CREATE TABLE IF NOT EXISTS attempts (
        key TEXT NOT NULL, attempt INTEGER NOT NULL, changes TEXT NOT NULL, paint TEXT NOT NULL,
        shortfall REAL NOT NULL, missed TEXT NOT NULL, figures TEXT NOT NULL, seconds REAL NOT NULL,
        memory INTEGER NOT NULL, output_hash TEXT NOT NULL, ended REAL NOT NULL, PRIMARY KEY (key, attempt))""",
    "CREATE TABLE IF NOT EXISTS runners (id TEXT PRIMARY KEY, home TEXT NOT NULL, pid INTEGER, heard REAL NOT NULL)",
    "CREATE TABLE IF NOT EXISTS pins (name TEXT PRIMARY KEY, value TEXT NOT NULL)",
)


@final
@dataclass(frozen=True)
class Enrolled:
    """A job as the ledger knows it. Concretely: props/barrel.glb in the look "oil", written to oil/props/barrel.glb."""

    key: str  # hash of its settings and of what it reads
    asset: str
    look: str
    target: str  # relative to the output folder


@final
@dataclass(frozen=True)
class Lease:
    """An attempt at a job that belongs to one runner. Concretely: the second, with the content weight raised to 1.6."""

    key: str
    attempt: int  # from 1
    changes: Mapping[str, Any]  # settings in the place of the job's own
    best: float | None = None  # the least shortfall of the attempts before


@final
@dataclass(frozen=True)
class Verdict:
    """What becomes of a job after an attempt. Concretely: it waits for another one with a content weight of 1.6."""

    state: State
    message: str = ""  # what a person should know
    changes: Mapping[str, Any] = field(default_factory=dict)  # settings of the next attempt


DONE = Verdict("done")


@final
@dataclass(frozen=True)
class Attempt:
    """What an attempt came to."""

    paint: str  # hash of all that decides the output; names its receipt
    shortfall: float  # 0 if all thresholds are kept
    missed: tuple[str, ...]  # a line for each that is not
    figures: Mapping[str, float | None]
    seconds: float
    memory: int  # bytes at most
    output_hash: str  # SHA-256 of what was painted, "" if a better attempt was kept
    after: Verdict = DONE
    number: int = 0  # of the attempt, where it comes from the ledger


@final
@dataclass(frozen=True)
class JobRow:
    """All that the ledger says of a job."""

    enrolled: Enrolled
    state: State
    attempt: int
    losses: int  # workers that died at it
    message: str
    attempts: tuple[Attempt, ...]
    kept: Attempt | None  # the one whose output lies in the folder


def attempt_of(row: sqlite3.Row) -> Attempt:
    """An attempt as the ledger holds it."""
    figures, missed = json.loads(row["figures"]), tuple(json.loads(row["missed"]))
    return Attempt(
        row["paint"], row["shortfall"], missed, figures, row["seconds"], row["memory"], row["output_hash"],
        number=row["attempt"],
    )  # fmt: skip


def job_row(row: sqlite3.Row, attempts: tuple[Attempt, ...]) -> JobRow:
    """A job as the ledger holds it."""
    kept = next((attempt for attempt in attempts if attempt.number == row["kept"]), None)
    enrolled = Enrolled(row["key"], row["asset"], row["look"], row["target"])
    return JobRow(enrolled, row["state"], row["attempt"], row["losses"], row["message"], attempts, kept)
