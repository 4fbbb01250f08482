"""This module chooses the engine for a device."""

from __future__ import annotations

import numpy as np
import torch
from jaxtyping import Float32, Int64

from style3d.device import doubles_on, loops_on
from style3d.nerf.grid.engine import Engine, FitRules, Lattice
from style3d.nerf.grid.engine_compiled import CompiledEngine


def build_engine(
    device: torch.device, lattice: Lattice, vertices: Int64[np.ndarray, "n"], table: Float32[np.ndarray, "n numbers"],
    rules: FitRules,
) -> Engine:  # fmt: skip
    """Torch on a device that compiled loops do not reach and that has doubles; the compiled loops elsewhere."""
    if loops_on(device) or doubles_on(device) != device:
        return CompiledEngine(lattice, vertices, table, rules)
    from style3d.nerf.grid.engine_torch import TorchEngine

    return TorchEngine(lattice, vertices, table, rules, device)
