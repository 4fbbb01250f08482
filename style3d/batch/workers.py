"""Workers do tasks. A runner starts tasks, and hears what becomes of them, whoever and wherever the workers are."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic
from typing import final

from style3d.batch.task import Paint, PaintedTask, PaintTask
from style3d.errors import Style3DError, reason
from style3d.progress import Silent, Watcher


@final
@dataclass(frozen=True)
class Refusal:
    """A task that cannot be done, and why, in one line."""

    message: str


@final
@dataclass(frozen=True)
class Loss:
    """A worker died at a task; another one may do it."""

    message: str


Outcome = PaintedTask | Refusal | Loss
LEAST, SELDOM = 0.02, 2.0  # share of the whole, and seconds, after which it is told how far a task is


@final
@dataclass(frozen=True)
class Ended:
    """A task is over."""

    key: str
    outcome: Outcome


@final
@dataclass(frozen=True)
class Advanced:
    """How far a task is."""

    key: str
    share: float  # of the whole
    seconds: tuple[float, float] | None = None  # that it takes in all, where that has just become known
    phase: str = ""
    step: int = 0
    steps: int = 0  # of the phase
    note: str = ""  # on the step, such as "loss 0.42"


News = Ended | Advanced


class Workers(ABC):
    """Whoever does tasks."""

    @abstractmethod
    def free(self) -> int:
        """How many more tasks can be started now."""

    @abstractmethod
    def start(self, task: PaintTask) -> None:
        """Begin a task; only where one is `free`."""

    @abstractmethod
    def news(self, timeout: float) -> list[News]:
        """What has happened; waits for something for at most so many seconds."""

    @abstractmethod
    def drop(self, key: str) -> None:
        """Stop a task if that is possible; nothing is heard of it any more."""

    @abstractmethod
    def close(self) -> None:
        """Stop everything."""


@final
class OwnProcess(Workers):
    """The runner's own process does one task after the other: for tests, and where processes cannot be made."""

    def __init__(self, paint: Paint) -> None:
        self._paint, self._waiting = paint, list[PaintTask]()

    def free(self) -> int:
        """One at a time."""
        return 1 - len(self._waiting)

    def start(self, task: PaintTask) -> None:
        """It begins when news are asked for."""
        self._waiting.append(task)

    def news(self, timeout: float) -> list[News]:
        """Do what waits."""
        tasks, self._waiting = self._waiting, []
        return [Ended(task.key, outcome_of(self._paint, task, Silent())) for task in tasks]

    def drop(self, key: str) -> None:
        """It has not begun."""
        self._waiting = [task for task in self._waiting if task.key != key]

    def close(self) -> None:
        """Forget what waits."""
        self._waiting = []


def outcome_of(paint: Paint, task: PaintTask, watcher: Watcher) -> Outcome:
    """What comes of a task: whatever goes wrong with one asset, the others go on."""
    try:
        return paint(task, watcher)
    except Style3DError as error:
        return Refusal(str(error))
    except Exception as error:
        return Refusal(f"something unforeseen went wrong: {reason(error)}")


@final
class ShareWatcher(Watcher):
    """Turns phases into a share of the whole: every phase is half of what is left.

    Args:
        key: of the task.
        tell: hears how far it is, now and then.
    """

    def __init__(self, key: str, tell: Callable[[Advanced], None]) -> None:
        self._key, self._tell = key, tell
        self._base, self._name, self._total = 0.0, "", 1
        self._told, self._moment = 0.0, 0.0

    def phase(self, name: str, total: int) -> None:
        """The phase before is over."""
        self._base, self._name, self._total = self._base + (1 - self._base) / 2, name, max(total, 1)

    def advance(self, count: int, note: str = "") -> None:
        """Tell it if it is worth telling."""
        share, now = self._base + (1 - self._base) / 2 * min(count / self._total, 1.0), monotonic()
        if share - self._told > LEAST or now - self._moment > SELDOM:
            self._told, self._moment = share, now
            self._tell(Advanced(self._key, share, None, self._name, count, self._total, note))
