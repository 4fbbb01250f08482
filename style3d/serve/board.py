"""The board shows how far each open order is. Requests read it from memory, and the dispatcher writes it."""

from __future__ import annotations

import threading
from dataclasses import asdict, dataclass, replace
from typing import Any, final

from style3d.batch.events import EventLog, Listener
from style3d.batch.ledger_rows import State
from style3d.batch.workers import Advanced
from style3d.serve.order_book import Order, OrderBook
from style3d.serve.traces import Traces

STATE_OF: dict[str, State] = {
    "started": "running", "tried": "waiting", "worker lost": "waiting", "done": "done", "flagged": "flagged",
    "failed": "failed",
}  # fmt: skip


@final
@dataclass(frozen=True)
class Standing:
    """How far an order is. Concretely: running, half done, step 20 of 32 of a stage, at a loss of 0.42."""

    state: State = "waiting"
    share: float = 0.0
    phase: str = ""
    step: int = 0
    steps: int = 0
    note: str = ""
    message: str = ""
    attempt: int = 1

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


@final
class Board(Listener):
    """What the runner tells, by order; the order book gets what ends.

    Args:
        book: the order book.
        log: the file that gets every event.
        traces: hears of what ends.
    """

    def __init__(self, book: OrderBook, log: EventLog, traces: Traces) -> None:
        self._book, self._log, self._traces, self._lock = book, log, traces, threading.Lock()
        self._orders, self._standings = dict[str, str](), dict[str, Standing]()

    def expect(self, key: str, id: str) -> None:
        """A job of the ledger is an order's."""
        with self._lock:
            self._orders[key] = id
            self._standings[id] = Standing()

    def standing(self, order: Order) -> Standing:
        """How far an order is; of one that has ended, how it ended."""
        with self._lock:
            found = self._standings.get(order.id)
        if order.has_ended or found is None:
            return Standing(order.state, 1.0 if order.has_ended else 0.0, message=order.message)
        return found

    def tell(self, event: str, **values: Any) -> None:
        """A job has begun, or is over."""
        self._log.tell(event, **values)
        state, id = STATE_OF.get(event), self._orders.get(str(values.get("job")))
        if state is None or id is None:
            return
        message, attempt = str(values.get("message", "")), int(values.get("attempt", 1))
        if state in ("waiting", "running"):
            self._put(id, Standing(state, message=message, attempt=attempt))
            return
        message = message or "; ".join(values.get("missed") or ())
        found = {name: values[name] for name in ("seconds", "figures", "paint") if name in values}
        self._book.end(id, state, message, **found)
        self.forget(id)
        told: dict[str, str | int | float] = {
            "order": id,
            "state": state,
            "look": str(values.get("look", "")),
            "attempt": attempt,
        }
        self._traces.note("paint", float(found.get("seconds", 0.0)), told)

    def hear(self, news: Advanced) -> None:
        """A job is further."""
        id = self._orders.get(news.key)
        before = self._standings.get(id or "")
        if id is not None and before is not None:
            further = replace(before, state="running", share=round(news.share, 3), phase=news.phase, note=news.note)
            self._put(id, replace(further, step=news.step, steps=news.steps))

    def forget(self, id: str) -> None:
        """An order has ended; the order book knows it."""
        with self._lock:
            self._standings.pop(id, None)

    def _put(self, id: str, standing: Standing) -> None:
        with self._lock:
            self._standings[id] = standing
