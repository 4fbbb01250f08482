"""The order book is an SQLite file that says who ordered what and what became of it, through any restart."""

from __future__ import annotations

import json
import secrets
import sqlite3
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, final

from style3d.batch.ledger_rows import State
from style3d.errors import Style3DError

DAY = 86_400.0  # seconds over which use is counted
SCHEMA = (
    """CREATE TABLE IF NOT EXISTS orders (
        id TEXT PRIMARY KEY, person TEXT NOT NULL, asset TEXT NOT NULL, look TEXT NOT NULL, settings TEXT NOT NULL,
        credit TEXT NOT NULL, begun REAL NOT NULL, state TEXT NOT NULL, message TEXT NOT NULL, seconds REAL NOT NULL,
        figures TEXT NOT NULL, target TEXT NOT NULL, paint TEXT NOT NULL)""",
    """CREATE TABLE IF NOT EXISTS uploads (
        id TEXT PRIMARY KEY, person TEXT NOT NULL, name TEXT NOT NULL, file TEXT NOT NULL, bytes INTEGER NOT NULL,
        begun REAL NOT NULL)""",
)


@final
@dataclass(frozen=True)
class Order:
    """A job that somebody asked for. Concretely: anna's, of an uploaded barrel, in the look "oil", half done."""

    id: str
    person: str
    asset: str  # an upload's id, or the name of one of the service's own
    look: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    credit: Mapping[str, str] = field(default_factory=dict)  # of the look, as it was then
    begun: float = 0.0
    state: State = "waiting"
    message: str = ""
    seconds: float = 0.0
    figures: Mapping[str, float | None] = field(default_factory=dict)
    target: str = ""  # the result, relative to the folder of results
    paint: str = ""  # names the receipt

    @property
    def has_ended(self) -> bool:
        """Whether nothing more is done for it."""
        return self.state not in ("waiting", "running")


@final
@dataclass(frozen=True)
class Upload:
    """An asset that somebody sent."""

    id: str
    person: str
    name: str
    file: str  # relative to the folder of uploads
    bytes: int
    begun: float


@final
@dataclass(frozen=True)
class Usage:
    """What a person has used. Concretely: 12 jobs and 900 seconds of work in a day, and 30 MB of uploads."""

    jobs: int
    seconds: float
    bytes: int


def new_id() -> str:
    """A name that cannot be guessed, for an order or an upload."""
    return secrets.token_hex(12)


@final
class OrderBook:
    """One connection that all threads share.

    Raises:
        Style3DError: the file cannot be used.
    """

    def __init__(self, path: Path) -> None:
        self._lock = threading.Lock()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._base = sqlite3.connect(path, timeout=60.0, isolation_level=None, check_same_thread=False)
            self._base.row_factory = sqlite3.Row
            self._base.execute("PRAGMA journal_mode = WAL")
            for statement in SCHEMA:
                self._base.execute(statement)
        except (OSError, sqlite3.Error) as error:
            raise Style3DError(f"{path} cannot be used as an order book", got=error) from None

    def _rows(self, statement: str, *values: Any) -> list[sqlite3.Row]:
        with self._lock:
            return self._base.execute(statement, values).fetchall()

    def add_order(self, order: Order) -> None:
        """Note a new one."""
        self._rows(
            "INSERT INTO orders VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", order.id, order.person, order.asset,
            order.look, json.dumps(dict(order.settings)), json.dumps(dict(order.credit)), order.begun, order.state,
            order.message, order.seconds, json.dumps(dict(order.figures)), order.target, order.paint,
        )  # fmt: skip

    def end(self, id: str, state: State, message: str = "", **found: Any) -> bool:
        """Note what became of an order, once: seconds, figures and the name of the receipt."""
        changed = self._rows(
            "UPDATE orders SET state = ?, message = ?, seconds = seconds + ?, figures = ?, paint = ? "
            "WHERE id = ? AND state IN ('waiting', 'running') RETURNING id",
            state, message, found.get("seconds", 0.0), json.dumps(found.get("figures", {})), found.get("paint", ""), id,
        )  # fmt: skip
        return bool(changed)

    def order(self, id: str) -> Order | None:
        """The order of a name."""
        return next(map(_order, self._rows("SELECT * FROM orders WHERE id = ?", id)), None)

    def orders(self, person: str | None = None, most: int = 500) -> list[Order]:
        """The newest ones, of a person or of all."""
        rows = self._rows(
            "SELECT * FROM orders WHERE ? IS NULL OR person = ? ORDER BY begun DESC LIMIT ?", person, person, most
        )
        return [_order(row) for row in rows]

    def open_orders(self) -> list[Order]:
        """Those that have not ended, the oldest first."""
        rows = self._rows("SELECT * FROM orders WHERE state IN ('waiting', 'running') ORDER BY begun")
        return [_order(row) for row in rows]

    def counts(self) -> Mapping[str, int]:
        """How many orders are in each state."""
        return dict(map(tuple, self._rows("SELECT state, count(*) FROM orders GROUP BY state")))

    def add_upload(self, upload: Upload) -> None:
        """Note a new one."""
        self._rows(
            "INSERT INTO uploads VALUES (?, ?, ?, ?, ?, ?)",
            upload.id, upload.person, upload.name, upload.file, upload.bytes, upload.begun,
        )  # fmt: skip

    def upload(self, id: str) -> Upload | None:
        """The upload of a name."""
        return next((Upload(*row) for row in self._rows("SELECT * FROM uploads WHERE id = ?", id)), None)

    def uploads(self, person: str) -> list[Upload]:
        """What a person sent."""
        return [Upload(*row) for row in self._rows("SELECT * FROM uploads WHERE person = ? ORDER BY begun", person)]

    def remove_upload(self, id: str) -> None:
        """Forget one."""
        self._rows("DELETE FROM uploads WHERE id = ?", id)

    def usage(self, person: str) -> Usage:
        """What a person has used."""
        since = time.time() - DAY
        jobs, seconds = self._rows(
            "SELECT count(*), total(seconds) FROM orders WHERE person = ? AND begun > ?", person, since
        )[0]
        size = self._rows("SELECT total(bytes) FROM uploads WHERE person = ?", person)[0][0]
        return Usage(jobs, seconds, int(size))

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._base.close()


def _order(row: sqlite3.Row) -> Order:
    values = dict(row)
    return Order(**{**values, **{name: json.loads(values[name]) for name in ("settings", "credit", "figures")}})
