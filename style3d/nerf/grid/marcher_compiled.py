"""This marcher finds samples by compiled loops on the CPU."""

from __future__ import annotations

from typing import final

import numpy as np
import torch

from style3d.nerf.grid import kernels
from style3d.nerf.grid.engine import MOST_SAMPLES, FitRules, Lattice, Rays
from style3d.nerf.grid.marcher import Marcher, Samples
from style3d.render.grid_march import GridSteps, Trail


@final
class CompiledMarcher(Marcher):
    """Compiled loops on the processor, and a copy to the device."""

    def __init__(self, lattice: Lattice, rules: FitRules, device: torch.device) -> None:
        self._lattice, self._rules, self._device = lattice, rules, device

    def samples(self, rays: Rays) -> Samples:
        """See `Marcher.samples`."""
        at, rules, size = self._lattice, self._rules, (len(rays), MOST_SAMPLES)
        trails = Trail(
            np.empty(size, np.int32), np.empty((*size, 3), np.float32),
            np.empty(size, np.float32), np.empty(size, np.float32),
        )  # fmt: skip
        counts = np.zeros(len(rays), np.int32)
        steps = GridSteps(rules.near, rules.stride, at.space, at.side, at.gaps)
        kernels.march_rays(kernels.RayArrays(rays.origin, rays.direction, rays.offset), steps, trails, counts)
        most = int(counts.max(initial=0))
        parts = [np.ascontiguousarray(part[:, :most]) for part in trails]
        return Samples(*(torch.from_numpy(part).to(self._device) for part in (*parts, counts)))
