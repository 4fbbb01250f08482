"""The dispatcher is the thread that has the ledger: it gives orders to workers, one runner for as long as it serves."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, final

from style3d.batch.ledger import Ledger
from style3d.batch.ledger_rows import Verdict
from style3d.batch.plan import Pick, PlannedJob, planned_jobs
from style3d.batch.runner import Runner
from style3d.batch.workers import Workers
from style3d.errors import Style3DError, unknown_name
from style3d.job.file import typed_settings
from style3d.job.replay import KINDS
from style3d.progress import Silent
from style3d.scene_kinds.registry import kind_at
from style3d.serve.board import Board
from style3d.serve.order_book import Order, OrderBook
from style3d.serve.refusal import RefusedRequest
from style3d.serve.settings import ServiceSettings

OWN = "_batch"  # folder of the ledger, in that of the results
FREE = ("preset", "seed", "strength", "content_weight", "brush_size", "texture_size")  # settings that an order may have


def planned_order(order: Order, settings: ServiceSettings, file: Path) -> PlannedJob:
    """The job of an order; the same order gives the same job, after a restart too.

    Args:
        order: who wants what.
        settings: of the service.
        file: the asset.

    Raises:
        Style3DError: it cannot be painted so.
    """
    served = settings.looks[order.look]
    for name in order.settings:
        if name.replace("-", "_") not in FREE:
            raise unknown_name("setting of an order", name, [free.replace("_", "-") for free in FREE])
    typed = typed_settings(order.settings, list(KINDS.values()), "setting", file)
    merged = {**served.look.settings, **typed}
    pick = Pick(file, f"{order.id}/{file.name}", served.look, merged, kind_at(file).job, served.look.format)
    return planned_jobs([pick], settings.data / "results")[0]


@final
@dataclass(frozen=True)
class Cancellation:
    """Somebody stops an order."""

    order: Order
    person: str


@final
class Dispatcher:
    """Starts with `start`, and ends with `stop`: then jobs at work are given back, and go on after the next start.

    Args:
        settings: of the service.
        book: the order book, whose open orders are gone on with.
        board: hears how far all is.
        workers: makes those who paint, in the dispatcher's thread.
        find: the file of an order's asset.
    """

    def __init__(
        self,
        settings: ServiceSettings,
        book: OrderBook,
        board: Board,
        workers: Callable[[], Workers],
        find: Callable[[Order], Path],
    ) -> None:
        self._settings, self._book, self._board, self._workers, self._find = settings, book, board, workers, find
        self._wishes = SimpleQueue[Order | Cancellation]()
        self._stopping, self._keys, self._since = threading.Event(), dict[str, str](), dict[str, float]()
        self._thread = threading.Thread(target=self._serve, name="dispatcher", daemon=True)
        self.seen = 0.0  # when it last took a step, in seconds of `time.monotonic`

    def start(self) -> None:
        """Go on with open orders, and wait for more."""
        for order in self._book.open_orders():
            self._wishes.put(order)
        self._thread.start()

    def submit(self, wish: Order | Cancellation) -> None:
        """Do this soon."""
        self._wishes.put(wish)

    def stop(self) -> None:
        """Stop, and wait for it."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    @property
    def is_ready(self) -> bool:
        """Whether it takes orders."""
        return self._thread.is_alive() and time.monotonic() - self.seen < 60

    def _serve(self) -> None:
        folder = self._settings.data / "results" / OWN
        ledger = Ledger(folder / "ledger.sqlite")
        try:
            ledger.live()
            ledger.enrol([])
            runner = Runner(ledger, [], self._workers(), folder, self._board, Silent())
            with runner.at_work():
                while not self._stopping.is_set():
                    self._do_wishes(ledger, runner)
                    self._stop_long_ones(ledger)
                    runner.step()
                    self.seen = time.monotonic()
        finally:
            ledger.close()

    def _do_wishes(self, ledger: Ledger, runner: Runner) -> None:
        with suppress(Empty):
            while True:
                wish = self._wishes.get_nowait()
                if isinstance(wish, Cancellation):
                    self._cancel(ledger, wish)
                else:
                    self._admit(ledger, runner, wish)

    def _admit(self, ledger: Ledger, runner: Runner, order: Order) -> None:
        try:
            planned = planned_order(order, self._settings, self._find(order))
        except (Style3DError, KeyError) as error:  # its look or its asset has gone since it was given
            self._book.end(order.id, "failed", str(error))
            return
        key = planned.enrolled.key
        self._keys[order.id] = key
        self._board.expect(key, order.id)
        runner.admit([planned])
        self._tell_what_ended_unnoticed(ledger, key)

    def _tell_what_ended_unnoticed(self, ledger: Ledger, key: str) -> None:
        """The ledger may know of an end that the order book was not told before a crash."""
        row = ledger.job(key)
        if row is None or row.state in ("waiting", "running"):
            return
        found: dict[str, Any] = {}
        if row.kept is not None:
            found = {"seconds": row.kept.seconds, "figures": row.kept.figures, "paint": row.kept.paint}
        self._board.tell(row.state, job=key, message=row.message, **found)

    def _cancel(self, ledger: Ledger, wish: Cancellation) -> None:
        message = f"cancelled by {wish.person}"
        ledger.stop(self._keys.get(wish.order.id, ""), Verdict("cancelled", message))
        self._book.end(wish.order.id, "cancelled", message)
        self._board.forget(wish.order.id)

    def _stop_long_ones(self, ledger: Ledger) -> None:
        now, most = time.monotonic(), self._settings.limits.job_seconds
        self._since = {key: self._since.get(key, now) for key in ledger.own_keys()}
        message = f"it took more than {most:.0f} seconds"
        for key in [key for key, since in self._since.items() if now - since > most]:
            if ledger.stop(key, Verdict("failed", message)):
                self._board.tell("failed", job=key, message=message, seconds=most)


def check_order(settings: ServiceSettings, person: str, asset: str, look: str) -> None:
    """Refuse a look that does not exist, or that a person may not have an asset painted in.

    Raises:
        RefusedRequest: 404 or 403.
    """
    if look not in settings.looks:
        raise RefusedRequest(404, f"no look is called {look[:80]!r}", hint="GET /looks lists them")
    if not settings.looks[look].permits(person, asset):
        raise RefusedRequest(403, f"the look {look} may not be applied to {asset[:80]} by {person}")
