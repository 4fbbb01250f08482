"""Where samples lie, found by compiled loops on the processor."""

from __future__ import annotations

from typing import final

import numpy as np
import torch

from style3d.nerf.grid import kernels
from style3d.nerf.grid.engine import MOST_SAMPLES, Lattice, Rays, Rules
from style3d.nerf.grid.marcher import Marcher, Samples


@final
class CompiledMarcher(Marcher):
    """Compiled loops on the processor, and a copy to the device."""

    def __init__(self, place: Lattice, rules: Rules, device: torch.device) -> None:
        self._place, self._rules, self._device = place, rules, device

    def samples(self, rays: Rays) -> Samples:
        """See `Marcher.samples`."""
        at, rules, size = self._place, self._rules, (len(rays), MOST_SAMPLES)
        cells, fracs = np.empty(size, np.int32), np.empty((*size, 3), np.float32)
        places, depths, counts = np.empty(size, np.float32), np.empty(size, np.float32), np.zeros(len(rays), np.int32)
        kernels.march_rays(
            rays.origin, rays.direction, rays.offset, rules.near, rules.stride, at.space, at.side, at.gaps,
            cells, fracs, places, depths, counts,
        )  # fmt: skip
        most = int(counts.max(initial=0))
        parts = [np.ascontiguousarray(part[:, :most]) for part in (cells, fracs, places, depths)]
        return Samples(*(torch.from_numpy(part).to(self._device) for part in (*parts, counts)))
