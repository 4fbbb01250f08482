"""This module divides a machine among runs: memory by their estimates, cores among those that have room."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import final

SAFE = 0.8  # of the memory that is free, that a batch takes


@final
@dataclass(frozen=True)
class Machine:
    """What a batch may take. Concretely: 8 cores and 12 GB, for at most 4 runs at once."""

    cores: int
    memory: float  # bytes
    runs: int

    def admits(self, wanted: float, taken: list[float]) -> bool:
        """Whether a run of so many bytes may begin beside others; one alone always may."""
        return not taken or sum(taken) + wanted <= self.memory

    def threads(self, wanted: float) -> int:
        """Cores for a run of so many bytes: as many as if the machine were full of such runs."""
        fitting = max(1, int(self.memory // max(wanted, 1.0)))
        return max(1, self.cores // min(self.runs, fitting))


def cores_here() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def memory_here() -> float:
    """Bytes that a batch may take: a share of what is free; endless where the system does not say."""
    free = float("inf")
    with suppress(OSError, ValueError, IndexError):
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        free = next(float(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:"))
    for limit in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        with suppress(OSError, ValueError):
            free = min(free, float(Path(limit).read_text(encoding="ascii")))
    return SAFE * free
