"""Progress on the terminal."""

from __future__ import annotations

from typing import Any, final

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from style3d.progress import Watcher


@final
class Bars(Watcher):
    """Progress bars with the time left, on standard error."""

    def __init__(self) -> None:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        self.progress = Progress(*columns, TextColumn("{task.fields[note]}"), console=Console(stderr=True))
        self._task: Any = None

    def phase(self, name: str, total: int) -> None:
        """A new bar."""
        self._task = self.progress.add_task(name, total=total, note="")

    def done(self, count: int, note: str = "") -> None:
        """Move the newest bar."""
        if self._task is not None:
            self.progress.update(self._task, completed=count, note=note)
