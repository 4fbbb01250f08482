"""Commands tell remarks on standard error, a line each, while they work; with --strict the first one ends the work."""

from __future__ import annotations

import sys
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import final

from style3d.core.scene import Scene
from style3d.errors import Style3DError
from style3d.remarks import listen, remark

MOST = 10  # lines, after which remarks are counted


@contextmanager
def tell_remarks(strict: bool) -> Iterator[None]:
    """Tell what is remarked within the block.

    Args:
        strict: whether a remark is a refusal.

    Raises:
        Style3DError: something was remarked, and ``strict`` is set.
    """
    teller: _Teller = _Refuser() if strict else _Printer()
    with listen(teller.hear):
        yield
    teller.close()


def announce(scene: Scene, target: Path) -> None:
    """Remark what a file will not hold of a scene, before any work goes into it."""
    for text in scene.losses(target):
        remark(text)


class _Teller(ABC):
    """Hears remarks, some of them several times."""

    @abstractmethod
    def hear(self, text: str) -> None:
        """Something is remarked."""

    @abstractmethod
    def close(self) -> None:
        """Nothing more is remarked."""


@final
class _Printer(_Teller):
    """Prints a line for each of the first remarks, and at last how many more there were."""

    def __init__(self) -> None:
        self.known: set[str] = set()

    def hear(self, text: str) -> None:
        """Print it unless it is known, or one too many."""
        if text not in self.known and len(self.known) < MOST:
            print(f"style3d: {text}", file=sys.stderr)
        self.known.add(text)

    def close(self) -> None:
        """Print the count of those that were not printed."""
        more = len(self.known) - MOST
        if more > 0:
            print(f"style3d: and {more} more remark{'s' * (more > 1)} of what was lost", file=sys.stderr)


@final
class _Refuser(_Teller):
    """Refuses at the first remark."""

    def __init__(self) -> None:
        self.refusal: Style3DError | None = None

    def hear(self, text: str) -> None:
        """End the work."""
        self.refusal = self.refusal or Style3DError(f"--strict refuses: {text}", hint="mend it, or leave out --strict")
        raise self.refusal

    def close(self) -> None:
        """End the work of a reader that took the refusal for a fault of the file and read on."""
        if self.refusal is not None:
            raise self.refusal
