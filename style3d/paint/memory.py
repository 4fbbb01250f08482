"""The memory that this process has taken so far."""

from __future__ import annotations

import sys


def peak_memory() -> int | None:
    """Largest resident size of this process so far, bytes; None where the system does not say."""
    if sys.platform == "win32":
        return None
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
