"""How much a person uses: requests a minute, and quotas of jobs, megabytes and seconds."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import final

from style3d.serve.order_book import OrderBook
from style3d.serve.refusal import RefusedRequest
from style3d.serve.settings import Limits

MOST_NAMES = 10_000  # people and addresses whose requests are counted


@final
@dataclass
class _Bucket:
    """What is left of the requests of one."""

    left: float
    moment: float


@final
class RequestRate:
    """Requests refill evenly, up to a minute's worth.

    Args:
        a_minute: for each name.
        clock: what says the moment, in seconds.
    """

    def __init__(self, a_minute: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._most, self._clock, self._buckets = a_minute, clock, dict[str, _Bucket]()

    def spend(self, name: str) -> None:
        """Count a request.

        Raises:
            RefusedRequest: 429, too many came.
        """
        now = self._clock()
        if len(self._buckets) >= MOST_NAMES:
            self._buckets = {key: one for key, one in self._buckets.items() if now - one.moment < 60}
        bucket = self._buckets.setdefault(name, _Bucket(self._most, now))
        bucket.left = min(self._most, bucket.left + (now - bucket.moment) * self._most / 60)
        bucket.moment = now
        if bucket.left < 1:
            wait = 1 + int(60 * (1 - bucket.left) / self._most)
            raise RefusedRequest(429, "too many requests", hint=f"ask again in {wait} s", wait=wait)
        bucket.left -= 1


def check_job_quota(book: OrderBook, person: str, limits: Limits) -> None:
    """Refuse another job of who has used up a day's jobs or work.

    Raises:
        RefusedRequest: 429.
    """
    use = book.usage(person)
    if use.jobs >= limits.jobs:
        raise RefusedRequest(
            429, f"{person} has begun {use.jobs} jobs in 24 hours", hint="try again tomorrow", wait=3600
        )
    if use.seconds >= limits.seconds:
        told = f"{person} has used {use.seconds:.0f} seconds of work in 24 hours"
        raise RefusedRequest(429, told, hint="try again tomorrow", wait=3600)


def room_for_upload(book: OrderBook, person: str, limits: Limits) -> float:
    """Bytes that an upload may have.

    Raises:
        RefusedRequest: 413, none.
    """
    left = limits.megabytes * 1e6 - book.usage(person).bytes
    if left <= 0:
        raise RefusedRequest(413, f"{person} has uploaded {limits.megabytes:.0f} MB", hint="delete an asset")
    return min(left, limits.upload_megabytes * 1e6)
