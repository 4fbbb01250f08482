"""What all benchmarks share: a process for each row, so that its peak memory is its own, and where and when it ran."""

from __future__ import annotations

import datetime
import multiprocessing
import os
import platform
import subprocess
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

ROOT = Path(__file__).resolve().parents[1]
Answer = TypeVar("Answer")


def alone(work: Callable[..., Answer], *arguments: Any) -> Answer:
    """The answer of ``work`` in a process of its own, which ends with it."""
    fresh = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=fresh) as pool:
        return pool.submit(work, *arguments).result()


def above(start: int | None) -> str:
    """Peak memory since it was ``start`` bytes, MB."""
    from style3d.paint.memory import peak_memory

    now = peak_memory()
    return "" if start is None or now is None else f"{(now - start) / 1e6:,.0f}"


def machine() -> str:
    """Date, commit and hardware, one line."""
    import torch

    head = subprocess.run(
        ["git", "describe", "--always", "--dirty"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return (
        f"{datetime.date.today()}, commit {head.stdout.strip()}, {processor()}, {os.cpu_count()} cores of which "
        f"{torch.get_num_threads()} used, Python {platform.python_version()}, torch {torch.__version__}"
    )


def processor() -> str:
    """The processor's name as Linux knows it, else what Python does."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def heading(*columns: str) -> None:
    """The head of a Markdown table."""
    print(f"| {' | '.join(columns)} |\n|{'---|' * len(columns)}", flush=True)


def line(cells: Sequence[str]) -> None:
    """A row of it."""
    print(f"| {' | '.join(cells)} |", flush=True)
