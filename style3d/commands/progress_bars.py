"""Commands show how far they are: as bars in a terminal, as lines in a log. Warnings nobody can act on are hidden."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from time import monotonic
from typing import Any, final

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from style3d.progress import Silent, Watcher, duration


@final
@dataclass(frozen=True)
class HarmlessWarning:
    """A warning of a library that nobody who runs a command can do anything about."""

    why: str
    message: str = ""  # a pattern that its text begins with
    module: str = ""  # a pattern for the module that is blamed
    category: type[Warning] = UserWarning


LINES = 10  # of a phase, if it goes on evenly
LONGEST, SHORTEST = 15.0, 1.0  # seconds between two lines of a phase, as long as something is done
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

    def advance(self, count: int, note: str = "") -> None:
        """Move the newest bar."""
        if self._task is not None:
            self.progress.update(self._task, completed=count, note=note)

    def say(self, text: str) -> None:
        """A line above the bars."""
        self.progress.console.print(f"style3d: {text}", highlight=False, markup=False, soft_wrap=True)


@final
class Lines(Watcher):
    """A line on standard error for every tenth of a phase, and at least every 15 seconds in which something was done.

    Concretely: "painting, stage 1 of 2: 30% (60 of 200), loss 0.4120, 40 s left in this phase"
    """

    def __init__(self) -> None:
        self._name, self._total, self._share, self._begun, self._told = "", 0, 0, 0.0, 0.0

    def phase(self, name: str, total: int) -> None:
        """A new series of lines."""
        self._name, self._total, self._share = name, total, 0
        self._begun = self._told = monotonic()

    def advance(self, count: int, note: str = "") -> None:
        """A line, if it is time for one."""
        now, tenth = monotonic(), LINES * count // max(self._total, 1)
        due = now - self._told >= (SHORTEST if tenth > self._share else LONGEST)
        if not due and (count < self._total or self._share == LINES):
            return
        self._share, self._told = tenth, now
        parts = [f"{self._name}: {count / max(self._total, 1):.0%} ({count} of {self._total})", note]
        if 0 < count < self._total:
            parts.append(f"{duration((now - self._begun) * (self._total - count) / count)} left in this phase")
        self.say(", ".join(part for part in parts if part))

    def say(self, text: str) -> None:
        """A line."""
        print(f"style3d: {text}", file=sys.stderr, flush=True)


@contextmanager
def show_progress(quiet: bool) -> Iterator[Watcher]:
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
        if not sys.stderr.isatty():
            yield Lines()
            return
        bars = Bars()
        with bars.progress:
            yield bars
