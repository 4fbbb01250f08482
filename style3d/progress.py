"""Long work reports its progress here, and whoever called it shows the reports."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import final

CHECKPOINT_SECONDS = 45.0  # between states that long work writes


class Watcher(ABC):
    """Hears of phases and of steps done within them."""

    @abstractmethod
    def phase(self, name: str, total: int) -> None:
        """A phase of ``total`` steps begins."""

    @abstractmethod
    def done(self, count: int, note: str = "") -> None:
        """``count`` steps of the phase are done."""


@final
class Silent(Watcher):
    """Shows nothing."""

    def phase(self, name: str, total: int) -> None:
        """Nothing."""

    def done(self, count: int, note: str = "") -> None:
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
