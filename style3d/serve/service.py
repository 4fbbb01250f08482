"""The service is what all requests share: settings, order book, board, dispatcher, audit log and counts."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import final

from style3d.batch.events import EventLog
from style3d.batch.workers import Workers
from style3d.serve.board import Board
from style3d.serve.dispatch import OWN, Dispatcher
from style3d.serve.order_book import Order, OrderBook, Upload
from style3d.serve.refusal import RefusedRequest
from style3d.serve.request_counts import RequestCounts
from style3d.serve.settings import ServiceSettings
from style3d.serve.traces import NoTraces, Traces
from style3d.serve.usage import RequestRate

MOST_AUDITS = 1000  # lines that are told


@final
class Service:
    """One for a process.

    Args:
        settings: of the service.
        workers: makes those who paint.
        traces: hears of requests and jobs.
    """

    def __init__(
        self, settings: ServiceSettings, workers: Callable[[Path], Workers], traces: Traces | None = None
    ) -> None:
        self.settings, self.traces = settings, traces or NoTraces()
        self.uploads, self.results = settings.data / "uploads", settings.data / "results"
        self.uploads.mkdir(parents=True, exist_ok=True)
        self.book = OrderBook(settings.data / "orders.sqlite")
        self.audit = EventLog(settings.data / "audit.jsonl")
        self._log = EventLog(self.results / OWN / "log.jsonl")
        self.board = Board(self.book, self._log, self.traces)
        self.rate = RequestRate(settings.limits.requests_a_minute)
        self.counts = RequestCounts()
        self.closing = threading.Event()  # streams of events end
        self.began = time.time()
        folder = self.results / OWN
        self.dispatcher = Dispatcher(settings, self.book, self.board, lambda: workers(folder), self.asset_of)

    def start(self) -> None:
        """Take orders."""
        self.audit.tell("started")
        self.dispatcher.start()

    def stop(self) -> None:
        """Give back what is at work; it goes on after the next start."""
        self.closing.set()
        self.dispatcher.stop()
        self.audit.tell("stopped")
        self.book.close()
        self._log.close()
        self.traces.close()
        self.audit.close()

    def last_audits(self) -> str:
        """The end of the audit log."""
        with (self.settings.data / "audit.jsonl").open(encoding="ascii") as stream:
            return "".join(deque(stream, MOST_AUDITS))

    def asset_of(self, order: Order) -> Path:
        """The file of an order's asset.

        Raises:
            RefusedRequest: 404, it is gone.
        """
        if order.asset in self.settings.assets:
            return self.settings.assets[order.asset].file
        return self.uploads / self.upload_of(order.asset, order.person).file

    def upload_of(self, id: str, person: str) -> Upload:
        """A person's upload.

        Raises:
            RefusedRequest: 404, there is none, or it is somebody else's.
        """
        upload = self.book.upload(id)
        if upload is None or upload.person != person:
            raise RefusedRequest(404, f"no asset is called {id[:80]!r}", hint="GET /assets lists them")
        return upload

    def files_of(self, order: Order) -> dict[str, Path]:
        """What was written for an order, by name."""
        folder = (self.results / order.target).parent
        if not order.target or not folder.is_dir():
            return {}
        return {
            file.name: file for file in sorted(folder.iterdir()) if file.is_file() and not file.name.startswith(".")
        }
