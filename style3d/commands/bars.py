"""The terminal shows bars with the time left while a command works, and hides warnings that users cannot act on."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, final

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from style3d.progress import Silent, Watcher


@final
@dataclass(frozen=True)
class HarmlessWarning:
    """A warning of a library that nobody who runs a command can do anything about."""

    why: str
    message: str = ""  # a pattern that its text begins with
    module: str = ""  # a pattern for the module that is blamed
    category: type[Warning] = UserWarning


GUESTS = r"(nerfstudio|nerfacc|torchmetrics|torchvision|lpips|open_clip|gsplat)(\.|$)"
HARMLESS = (
    HarmlessWarning("sums on a GPU use such matrices, and tests hold them to the CPU's", "Sparse CSR tensor support"),
    HarmlessWarning("the project checks its own matrices", "Sparse invariant checks are implicitly"),
    HarmlessWarning("nerfstudio's scaler of gradients skips its first steps", r"Detected call of `lr_scheduler\.step"),
    HarmlessWarning("optional libraries call one another the old way", module=GUESTS, category=Warning),
)


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


@contextmanager
def watched(quiet: bool) -> Iterator[Watcher]:
    """Whom the work within the block tells how far it is; the warnings of `HARMLESS` stay away meanwhile.

    Args:
        quiet: whether nothing is shown.
    """
    with warnings.catch_warnings():
        for row in HARMLESS:
            warnings.filterwarnings("ignore", row.message, row.category, row.module)
        if quiet:
            yield Silent()
            return
        bars = Bars()
        with bars.progress:
            yield bars
