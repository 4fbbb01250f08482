"""Remarks say what an asset lost on its way in or out: what was not found, cannot be carried, or was stood in for."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar

log = logging.getLogger(__name__)
Listener = Callable[[str], None]
_LISTENERS: ContextVar[tuple[Listener, ...]] = ContextVar("listeners", default=())


def remark(text: str) -> None:
    """Say in a sentence that something was lost. Whoever listens hears it; it is logged if nobody does.

    A reader says it where it reads on without what is missing, and a writer where its format holds less than the asset.
    """
    plain = " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
    for listener in _LISTENERS.get():
        listener(plain)
    if not _LISTENERS.get():
        log.warning("%s", plain)


@contextmanager
def listen(listener: Listener) -> Iterator[None]:
    """Let ``listener`` hear what is remarked within the block; those around it hear it, too."""
    before = _LISTENERS.set((*_LISTENERS.get(), listener))
    try:
        yield
    finally:
        _LISTENERS.reset(before)


@contextmanager
def mute_remarks() -> Iterator[None]:
    """Let nobody hear what is remarked within the block, for whoever says it in one sentence afterwards."""
    before = _LISTENERS.set((lambda _: None,))
    try:
        yield
    finally:
        _LISTENERS.reset(before)


@contextmanager
def collect_remarks() -> Iterator[list[str]]:
    """What is remarked within the block, each sentence once, in its order."""
    found: list[str] = []
    known: set[str] = set()

    def keep(text: str) -> None:
        if text not in known:
            known.add(text)
            found.append(text)

    with listen(keep):
        yield found


def count_of(number: int, what: str) -> str:
    """``1 primitive``, ``2 primitives``."""
    return f"{number:,} {what}{'s' * (number != 1)}"


def list_of(names: Sequence[str], most: int) -> str:
    """``a, b``; with more than ``most`` names ``a, b and 3 more``."""
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")
