"""The memory that this process has taken so far."""

from __future__ import annotations

import sys

import torch


def peak_memory() -> int | None:
    """Largest resident size of this process so far, bytes; None where the system does not say."""
    if sys.platform == "win32":
        return None
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def peak_graphics_memory(device: torch.device) -> int:
    """Largest memory of tensors on a graphics card so far, bytes; 0 where there is none."""
    return torch.cuda.max_memory_allocated(device) if device.type == "cuda" else 0
