"""Server-sent events tell how far a job is, until it ends, the service stops, or the client goes."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

from style3d.batch.task import read_receipt
from style3d.serve.dispatch import OWN
from style3d.serve.order_book import Order
from style3d.serve.service import Service

PAUSE = 0.25  # seconds between two looks at the board
QUIET = 15.0  # seconds after which a comment keeps the connection open


async def standing_events(service: Service, id: str) -> AsyncIterator[str]:
    """``event: standing`` with the standing as JSON, whenever it changes; at the end ``event: preview`` with pictures.

    Args:
        service: whose order it is.
        id: of the order.
    """
    last, silent = None, 0.0
    while not service.closing.is_set():
        order = service.book.order(id)
        if order is None:
            return
        standing = service.board.standing(order)
        if standing != last:
            yield _event("standing", standing.to_json())
            last, silent = standing, 0.0
        if order.has_ended:
            for event in _pictures(service, order):
                yield event
            return
        await asyncio.sleep(PAUSE)
        silent += PAUSE
        if silent >= QUIET:
            silent = 0.0
            yield ": still here\n\n"


def _pictures(service: Service, order: Order) -> list[str]:
    painted = read_receipt(service.results / OWN / "receipts" / f"{order.paint}.json") if order.paint else None
    return [] if painted is None else [_event("preview", {"before": painted.before, "after": painted.after})]


def _event(name: str, values: object) -> str:
    return f"event: {name}\ndata: {json.dumps(values)}\n\n"
