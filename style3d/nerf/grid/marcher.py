"""Where the samples of a fit's rays lie, on the device that renders them: found by the processor, or the GPU itself."""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import final

import numpy as np
import torch
from jaxtyping import Float32, Int32
from torch import Tensor

from style3d.errors import reason
from style3d.nerf.grid import kernels
from style3d.nerf.grid.engine import MOST_SAMPLES, Lattice, Rays, Rules, lattice_of

log = logging.getLogger(__name__)
TRIED = 256  # rays that a marcher is tried with
ALIKE = 0.95  # of them, at least, must have as many samples as the compiled loops find


@final
@dataclass(frozen=True)
class Samples:
    """Steps of rays within occupied cells; what stands past a ray's count is undefined."""

    cells: Int32[Tensor, "rays most"]  # lattice index
    fracs: Float32[Tensor, "rays most 3"]  # place in the cell, 0-1
    places: Float32[Tensor, "rays most"]  # steps from the ray's start
    depths: Float32[Tensor, "rays most"]  # along the camera's axis, scene units
    counts: Int32[Tensor, "rays"]


class Marcher(ABC):
    """Steps through one lattice; see `style3d.render.grid_march`."""

    @abstractmethod
    def samples(self, rays: Rays) -> Samples:
        """At most `MOST_SAMPLES` of each ray, as many columns as the ray with the most has."""


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


def build_marcher(place: Lattice, rules: Rules, device: torch.device) -> Marcher:
    """The GPU's own where Triton is there and works, else the compiled one."""
    own = _own(device) if device.type == "cuda" else None
    return (own or CompiledMarcher)(place, rules, device)


@cache
def _own(device: torch.device) -> Callable[[Lattice, Rules, torch.device], Marcher] | None:
    """How a GPU steps through a lattice itself; nothing, and a warning, where it cannot. Found out once."""
    try:
        from style3d.nerf.grid.marcher_triton import TritonMarcher

        check(TritonMarcher, device)
        return TritonMarcher
    except Exception as error:  # no Triton, no C compiler for it, or whatever its compiler raises
        log.warning("rays are marched on the CPU, for Triton does not work here: %s", reason(error))
        return None


def check(build: Callable[[Lattice, Rules, torch.device], Marcher], device: torch.device) -> None:
    """Compare with the compiled loops on some rays through a small lattice, half of it empty.

    Raises:
        RuntimeError: too many rays have another number of samples.
    """
    random, side = np.random.default_rng(0), 24
    space = np.array([0.0, 0.0, 0.0, 1.0, 0.5])
    place = lattice_of(space, side, np.arange(side**3 // 2))
    origin = random.normal(size=(TRIED, 3)).astype(np.float32)
    aim = random.uniform(-0.5, 0.5, (TRIED, 3)).astype(np.float32)
    rays, rules = Rays(origin, aim - origin, random.random(TRIED, np.float32)), Rules(0.05, 1.0, 0.0, 0.0)
    one, two = (kind(place, rules, device).samples(rays).counts for kind in (build, CompiledMarcher))
    same = float((one == two).float().mean())
    if same < ALIKE:
        raise RuntimeError(f"only {same:.0%} of its rays are as long as those of the compiled loops")
