"""The engine of a device."""

from __future__ import annotations

import numpy as np
import torch
from jaxtyping import Float32, Int64

from style3d.nerf.grid.engine import Engine, Lattice, Rules
from style3d.nerf.grid.engine_compiled import CompiledEngine


def build_engine(
    device: torch.device, place: Lattice, vertices: Int64[np.ndarray, "n"], table: Float32[np.ndarray, "n numbers"],
    rules: Rules,
) -> Engine:  # fmt: skip
    """Torch on a CUDA device, the compiled loops elsewhere."""
    if device.type != "cuda":
        return CompiledEngine(place, vertices, table, rules)
    from style3d.nerf.grid.engine_torch import TorchEngine

    return TorchEngine(place, vertices, table, rules, device)
