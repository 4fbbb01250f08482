"""Workers are processes of this machine. Each loads its asset, tells what it will take, and waits for room to paint."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any, final

from style3d.batch.share import Machine
from style3d.batch.task import Paint, PaintTask
from style3d.batch.workers import Advanced, Ended, Loss, News, ShareWatcher, Workers, outcome_of
from style3d.progress import Watcher


@final
@dataclass(frozen=True)
class Wanted:
    """A worker knows what its run takes, and waits until it may begin."""

    key: str
    seconds: tuple[float, float]
    memory: float


class Hand:
    """A process from the runner's side."""

    def __init__(self, paint: Paint, threads: int, said: Path) -> None:
        context = multiprocessing.get_context("spawn")
        self.pipe, other = context.Pipe()
        self.process = context.Process(target=work, args=(paint, other, threads, said), daemon=True)
        self.process.start()
        other.close()
        self.key: str | None = None  # of its task
        self.memory: float | None = None  # bytes of the run that was let begin
        self.wanted: Wanted | None = None  # what it waits to begin


@final
class ProcessWorkers(Workers):
    """As many processes as a machine may run; one that dies is replaced.

    Args:
        paint: what they do; a function of a module, so that it can be named to another process.
        machine: what they may take.
        said: the file that gets what they write to standard output and standard error.
    """

    def __init__(self, paint: Paint, machine: Machine, said: Path) -> None:
        self._paint, self._machine, self._said = paint, machine, said
        self._hands = list[Hand]()

    def free(self) -> int:
        """Processes without a task, and those that could be made."""
        return self._machine.runs - sum(hand.key is not None for hand in self._hands)

    def start(self, task: PaintTask) -> None:
        """Give it to a process that has none."""
        hand = next((hand for hand in self._hands if hand.key is None), None)
        if hand is None:
            hand = Hand(self._paint, max(1, self._machine.cores // self._machine.runs), self._said)
            self._hands.append(hand)
        hand.key = task.key
        with suppress(OSError):  # it has just died, and `news` tells of it
            hand.pipe.send(task)

    def news(self, timeout: float) -> list[News]:
        """What the processes say, and which have died."""
        handles: list[Any] = [hand.pipe for hand in self._hands] + [hand.process.sentinel for hand in self._hands]
        if not handles:
            time.sleep(timeout)
        ready = set(map(id, wait(handles, timeout))) if handles else set()
        found: list[News] = []
        for hand in list(self._hands):
            if id(hand.pipe) in ready or hand.process.exitcode is not None:
                found += self._new_messages(hand)
        self._let_begin()
        return found

    def _new_messages(self, hand: Hand) -> list[News]:
        found: list[News] = []
        try:
            while hand.pipe.poll():
                message = hand.pipe.recv()
                if isinstance(message, Wanted):
                    hand.wanted = message
                    message = Advanced(message.key, 0.0, message.seconds)
                if isinstance(message, Ended):
                    hand.key = hand.memory = None
                found.append(message)
        except (EOFError, OSError):
            hand.process.join(5)
        if hand.process.exitcode is not None:
            self._hands.remove(hand)
            hand.pipe.close()
            if hand.key is not None:
                found.append(Ended(hand.key, Loss(f"a worker died at it (exit status {hand.process.exitcode})")))
        return found

    def _let_begin(self) -> None:
        for hand in self._hands:
            taken = [other.memory for other in self._hands if other.memory is not None]
            if hand.wanted is not None and self._machine.admits(hand.wanted.memory, taken):
                hand.memory, hand.wanted = hand.wanted.memory, None
                with suppress(OSError):
                    hand.pipe.send(self._machine.threads(hand.memory))

    def drop(self, key: str) -> None:
        """End its process."""
        for hand in [hand for hand in self._hands if hand.key == key]:
            self._hands.remove(hand)
            _end(hand)

    def close(self) -> None:
        """End all processes."""
        while self._hands:
            _end(self._hands.pop())


def _end(hand: Hand) -> None:
    hand.process.terminate()
    hand.process.join(5)
    if hand.process.exitcode is None:
        hand.process.kill()
        hand.process.join()
    hand.pipe.close()


def work(paint: Paint, pipe: Connection, threads: int, said: Path) -> None:
    """What a process does: task after task, until the runner is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the runner decides what Ctrl-C ends
    said.parent.mkdir(parents=True, exist_ok=True)
    target = os.open(said, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.dup2(target, 1)
    os.dup2(target, 2)
    threading.Thread(target=_end_with_runner, daemon=True).start()
    use_threads(threads)
    with suppress(EOFError, OSError, KeyboardInterrupt):  # the runner is gone, or ends this process
        while True:
            task: PaintTask = pipe.recv()
            outcome = outcome_of(paint, task, PipeWatcher(pipe, task.key))
            pipe.send(Ended(task.key, outcome))


def _end_with_runner() -> None:
    """A worker whose runner was killed must not go on: another runner may have its task."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)


def use_threads(count: int) -> None:
    """Compute on so many cores."""
    import numba
    import torch

    torch.set_num_threads(count)
    most: int = numba.config.NUMBA_NUM_THREADS  # type: ignore[attr-defined]
    numba.set_num_threads(min(count, most))


@final
class PipeWatcher(Watcher):
    """Tells the runner how far a task is, and waits for its leave to begin."""

    def __init__(self, pipe: Connection, key: str) -> None:
        self._pipe, self._key = pipe, key
        self._share = ShareWatcher(key, pipe.send)

    def phase(self, name: str, total: int) -> None:
        """A new phase."""
        self._share.phase(name, total)

    def advance(self, count: int, note: str = "") -> None:
        """A part of it."""
        self._share.advance(count, note)

    def announce(self, seconds: tuple[float, float], memory: tuple[float, float]) -> None:
        """Ask, wait, and take as many cores as are given."""
        self._pipe.send(Wanted(self._key, seconds, memory[1]))
        use_threads(self._pipe.recv())
