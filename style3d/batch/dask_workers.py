"""Workers of a Dask cluster, for a batch that is larger than one machine. They must see the same files."""

from __future__ import annotations

import time
from typing import Any, final

from style3d.batch.task import Paint, PaintedTask, PaintTask
from style3d.batch.workers import Ended, Loss, News, Outcome, Refusal, Workers, outcome_of
from style3d.errors import Style3DError, reason
from style3d.optional.libraries import need
from style3d.progress import Silent

PATIENCE = 20.0  # seconds to wait for a scheduler
AHEAD = 2  # tasks for each thread of the cluster: one is done, and one waits beside it


@final
class DaskWorkers(Workers):
    """All workers that a scheduler has; they may come and go, and a task whose worker dies is given to another.

    Args:
        paint: what they do; a function of a module, which they must have.
        address: of the scheduler, such as tcp://10.0.0.5:8786.

    Raises:
        Style3DError: distributed is not installed, or no scheduler answers.
    """

    def __init__(self, paint: Paint, address: str) -> None:
        self._library = need("distributed", "cluster", "--scheduler")
        self._paint, self._futures = paint, dict[str, Any]()
        try:
            self._client = self._library.Client(address, timeout=PATIENCE, set_as_default=False)
        except (OSError, ValueError) as error:
            hint = "is it running? start one with: dask scheduler"
            raise Style3DError(f"no Dask scheduler answers at {address}", got=reason(error), hint=hint) from None

    def free(self) -> int:
        """So many that no thread of the cluster has to wait."""
        return max(0, AHEAD * sum(self._client.nthreads().values()) - len(self._futures))

    def start(self, task: PaintTask) -> None:
        """Give it to the scheduler."""
        self._futures[task.key] = self._client.submit(paint_remotely, self._paint, task, pure=False)

    def news(self, timeout: float) -> list[News]:
        """Which tasks are over."""
        end = time.monotonic() + timeout
        while not (over := [key for key, future in self._futures.items() if future.done()]):
            if time.monotonic() >= end:
                break
            time.sleep(0.05)
        return [Ended(key, self._outcome(self._futures.pop(key))) for key in over]

    def _outcome(self, future: Any) -> Outcome:
        try:
            found: Outcome = future.result()
        except self._library.KilledWorker:
            return Loss("workers of the cluster died at it")
        except Exception as error:  # the scheduler is gone, or what a worker sent cannot be read
            return Loss(f"the cluster lost it: {reason(error)}")
        return found if isinstance(found, PaintedTask | Refusal | Loss) else Loss("a worker sent something else")

    def drop(self, key: str) -> None:
        """Take it back from the scheduler if nobody has begun it."""
        future = self._futures.pop(key, None)
        if future is not None:
            future.cancel()

    def close(self) -> None:
        """Take everything back."""
        for key in list(self._futures):
            self.drop(key)
        self._client.close()


def paint_remotely(paint: Paint, task: PaintTask) -> Outcome:
    """A task, as a worker of the cluster does it."""
    return outcome_of(paint, task, Silent())
