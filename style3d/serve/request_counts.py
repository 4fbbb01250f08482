"""Counts of requests and of jobs, as Prometheus reads them."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Mapping
from typing import final

BOUNDS = (0.005, 0.02, 0.1, 0.5, 2.0, 10.0)  # seconds of a request


@final
class RequestCounts:
    """What has come since the start."""

    def __init__(self) -> None:
        self._lock, self._requests, self._slower = threading.Lock(), Counter[tuple[str, str, int]](), Counter[float]()
        self._seconds, self._bytes = 0.0, 0

    def note(self, method: str, path: str, status: int, seconds: float) -> None:
        """A request was answered; ``path`` is that of its row, with names in the place of values."""
        with self._lock:
            self._requests[method, path, status] += 1
            self._seconds += seconds
            for bound in BOUNDS:
                self._slower[bound] += seconds <= bound

    def note_upload(self, size: int) -> None:
        """An upload of so many bytes came."""
        with self._lock:
            self._bytes += size

    def text(self, orders: Mapping[str, int], uptime: float) -> str:
        """All of it, in Prometheus' text format.

        Args:
            orders: how many are in each state.
            uptime: seconds since the start.
        """
        with self._lock:
            requests, slower = dict(self._requests), dict(self._slower)
            seconds, size = self._seconds, self._bytes
        total = sum(requests.values())
        lines = ["# TYPE style3d_jobs gauge"]
        lines += [f'style3d_jobs{{state="{state}"}} {count}' for state, count in sorted(orders.items())]
        lines += ["# TYPE style3d_requests_total counter"]
        for (method, path, status), count in sorted(requests.items()):
            lines.append(f'style3d_requests_total{{method="{method}",path="{path}",status="{status}"}} {count}')
        lines += ["# TYPE style3d_request_seconds histogram"]
        lines += [f'style3d_request_seconds_bucket{{le="{bound:g}"}} {slower.get(bound, 0)}' for bound in BOUNDS]
        lines += [
            f'style3d_request_seconds_bucket{{le="+Inf"}} {total}', f"style3d_request_seconds_sum {seconds:.6f}",
            f"style3d_request_seconds_count {total}", "# TYPE style3d_upload_bytes_total counter",
            f"style3d_upload_bytes_total {size}", "# TYPE style3d_uptime_seconds gauge",
            f"style3d_uptime_seconds {uptime:.1f}",
        ]  # fmt: skip
        return "\n".join(lines) + "\n"
