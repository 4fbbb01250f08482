"""Long work reports its progress here, and whoever called it shows the reports."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from time import monotonic, perf_counter
from typing import final

CHECKPOINT_SECONDS = 45.0  # between states that long work writes
_BEGUN: ContextVar[float | None] = ContextVar("begun", default=None)


class Watcher(ABC):
    """Hears of phases and of steps done within them."""

    @abstractmethod
    def phase(self, name: str, total: int) -> None:
        """A phase of ``total`` steps begins."""

    @abstractmethod
    def advance(self, count: int, note: str = "") -> None:
        """``count`` steps of the phase are done."""

    def say(self, text: str) -> None:  # noqa: B027 - watchers of progress alone need not hear it
        """A sentence about the run as a whole; who shows none ignores it."""

    def announce(  # noqa: B027 - most do not care
        self, seconds: tuple[float, float], memory: tuple[float, float]
    ) -> None:
        """What the run is going to take, at least and at most, in seconds and in bytes, before its first step.

        Who shares out a machine among runs may hold this one here until there is room for it.
        """


@final
class Silent(Watcher):
    """Shows nothing."""

    def phase(self, name: str, total: int) -> None:
        """Nothing."""

    def advance(self, count: int, note: str = "") -> None:
        """Nothing."""


@final
class Clock:
    """Seconds spent, by name."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def time(self, name: str) -> Iterator[None]:
        """Add the time of the block to ``name``."""
        start = perf_counter()
        try:
            yield
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + perf_counter() - start


def begin_time() -> float:
    """When the command that runs began, in seconds of `time.monotonic`; now, where none runs."""
    moment = _BEGUN.get()
    return monotonic() if moment is None else moment


@contextmanager
def command() -> Iterator[None]:
    """A command runs within the block; see `begin_time`."""
    before = _BEGUN.set(monotonic())
    try:
        yield
    finally:
        _BEGUN.reset(before)


def duration(seconds: float) -> str:
    """Seconds as people say them: "40 s", "3.5 min", "2 h"."""
    for limit, unit, size in ((90, "s", 1), (90 * 60, "min", 60)):
        if seconds < limit:
            return f"{_short(seconds / size)} {unit}"
    return f"{_short(seconds / 3600)} h"


def _short(number: float) -> str:
    return f"{number:.0f}" if number >= 9.5 else f"{number:.1f}".removesuffix(".0")
