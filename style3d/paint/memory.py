"""This module measures how much memory the process has taken."""

from __future__ import annotations

import sys
from contextlib import suppress
from pathlib import Path


def peak_memory() -> int | None:
    """Largest resident size of this process so far, bytes; None where the system does not say."""
    if sys.platform == "win32":
        return None
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def forget_peak() -> None:
    """Let `peak_memory` begin anew, for a process that does run after run. Where the system cannot, it goes on."""
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
