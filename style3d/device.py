"""Where a job computes."""

from __future__ import annotations

import torch

from style3d.errors import Style3DError


def pick_device(name: str) -> torch.device:
    """The device asked for; auto takes CUDA where there is one."""
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError) as error:
        raise Style3DError(f"device '{name}' is not usable here", expected="auto, cpu, cuda or cuda:N") from error
    return device
