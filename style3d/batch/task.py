"""A task is one attempt at one job. Workers do it, and leave a receipt by which it is known to be done."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import final

from style3d.batch.ledger_rows import JobRow
from style3d.errors import Style3DError
from style3d.evaluate.likeness import Manner, manner_from_json
from style3d.files import read_bytes, write_bytes
from style3d.job import Job
from style3d.paint.result import file_hash
from style3d.progress import Watcher

MAX_RECEIPT = 16 << 20
MANNERS = ("manner_before", "manner")


@final
@dataclass(frozen=True)
class PaintTask:
    """What a worker needs to know. All paths are absolute, for a worker may stand in another folder."""

    key: str  # of the job
    name: str  # of the asset and the look, for people
    job: Job  # with the changes of this attempt
    paint: str  # hash of all that decides the output
    accept: str
    best: float | None  # shortfall of the best attempt before; only a better one is written
    folder: Path  # of the batch's own files

    @property
    def receipt(self) -> Path:
        """Where the worker says that it is done."""
        return self.folder / "receipts" / f"{self.paint}.json"

    @property
    def unfinished_path(self) -> Path:
        """What a checkpoint lies beside."""
        return self.folder / "unfinished" / self.paint


@final
@dataclass(frozen=True)
class PaintedTask:
    """What came of it."""

    figures: Mapping[str, float | None]
    seconds: float
    memory: int  # bytes at most
    output_hash: str = ""  # SHA-256 of the asset; "" if a better attempt is kept
    before: str = ""  # a picture as a data URI
    after: str = ""
    remarks: tuple[str, ...] = ()
    manner_before: Manner | None = None
    manner: Manner | None = None


Paint = Callable[[PaintTask, Watcher], PaintedTask]


def write_receipt(task: PaintTask, painted: PaintedTask) -> None:
    """Leave it, whole or not at all."""
    write_bytes(task.receipt, json.dumps(asdict(painted), default=float).encode())


def read_receipt(path: Path) -> PaintedTask | None:
    """What a receipt says; None where there is none that can be read."""
    try:
        values = json.loads(read_bytes(path, MAX_RECEIPT))
        manners = {name: manner_from_json(values[name]) for name in MANNERS if values.get(name) is not None}
        return PaintedTask(**{**values, "remarks": tuple(values["remarks"]), **manners})
    except (Style3DError, ValueError, TypeError, KeyError, RecursionError):
        return None


def receipts(rows: Sequence[JobRow], folder: Path) -> dict[str, PaintedTask]:
    """What came of the attempts that are kept, by the keys of their jobs.

    Args:
        rows: the jobs.
        folder: of the batch's own files.
    """
    kept = {row.enrolled.key: row.kept.paint for row in rows if row.kept is not None}
    found = {key: read_receipt(folder / "receipts" / f"{paint}.json") for key, paint in kept.items()}
    return {key: painted for key, painted in found.items() if painted is not None}


def done_before(task: PaintTask) -> PaintedTask | None:
    """What came of the same task earlier, if its output is still what it was then."""
    painted = read_receipt(task.receipt)
    if painted is None:
        return None
    target = task.job.destination
    kept = (
        target.is_file() and file_hash(target) == painted.output_hash if painted.output_hash else task.best is not None
    )
    return painted if kept else None
