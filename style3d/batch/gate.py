"""The gate decides what becomes of a job after an attempt: it is done, tried again, or left to a person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

from style3d.batch.ledger_rows import DONE, Attempt, Lease, Verdict
from style3d.batch.task import PaintedTask
from style3d.evaluate.accept import adjusted_job, parse_accept
from style3d.evaluate.metrics.figure import Figure, Limit
from style3d.job import Job
from style3d.job.values import plain


def limits_of(job: Job, accept: str) -> tuple[Limit, ...]:
    """The thresholds of a job; none for an empty text."""
    return parse_accept(accept, bool(job.prompt)) if accept else ()


def shortfall(limits: tuple[Limit, ...], figures: Mapping[str, float | None]) -> float:
    """How far from kept the thresholds are, summed: 0 if all are kept."""
    told = _figures(figures)
    return sum(limit.shortfall(told) for limit in limits)


def attempt_with_verdict(
    job: Job, accept: str, retries: int, lease: Lease, paint: str, painted: PaintedTask
) -> Attempt:
    """An attempt with its verdict.

    Args:
        job: as it was painted, with the changes of the attempt.
        accept: its thresholds.
        retries: attempts after the first one, at most.
        lease: which attempt it was.
        paint: the hash of what was painted.
        painted: what came of it.
    """
    limits, told = limits_of(job, accept), _figures(painted.figures)
    missed = tuple(line for limit in limits if (line := limit.complaint(told)))
    return Attempt(
        paint, shortfall(limits, painted.figures), missed, painted.figures, painted.seconds, painted.memory,
        painted.output_hash, _verdict(job, limits, retries, lease, told, missed),
    )  # fmt: skip


def _verdict(
    job: Job, limits: tuple[Limit, ...], retries: int, lease: Lease, told: list[Figure], missed: tuple[str, ...]
) -> Verdict:
    if not missed:
        return DONE
    further = adjusted_job(job, limits, told)
    changes = {**lease.changes, **_changes(job, further)}
    if lease.attempt > retries or changes == lease.changes:
        return Verdict("flagged", "; ".join(missed))
    return Verdict("waiting", changes=changes)


def _changes(job: Job, further: Job) -> dict[str, Any]:
    names = (field.name for field in fields(job))
    return {name: plain(getattr(further, name)) for name in names if getattr(job, name) != getattr(further, name)}


def changed_job(job: Job, changes: Mapping[str, Any]) -> Job:
    """The job with the changes of an attempt, which are numbers."""
    return replace(job, **changes) if changes else job


def _figures(values: Mapping[str, float | None]) -> list[Figure]:
    return [
        Figure(name, value, "neither", note="" if value is not None else "absent") for name, value in values.items()
    ]
