"""This module chooses the marcher for a device, and tries it before it is used."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import cache

import numpy as np
import torch

from style3d.device import runs
from style3d.errors import reason
from style3d.nerf.grid.engine import FitRules, Lattice, Rays, lattice_of
from style3d.nerf.grid.marcher import Marcher
from style3d.nerf.grid.marcher_compiled import CompiledMarcher

log = logging.getLogger(__name__)
TRIED = 256  # rays that a marcher is tried with
ALIKE = 0.95  # of them, at least, must have as many samples as the compiled loops find


def build_marcher(lattice: Lattice, rules: FitRules, device: torch.device) -> Marcher:
    """The GPU's own where Triton is there and works, else the compiled one."""
    own = _own(device) if runs("triton", device) else None
    return (own or CompiledMarcher)(lattice, rules, device)


@cache
def _own(device: torch.device) -> Callable[[Lattice, FitRules, torch.device], Marcher] | None:
    """How a GPU steps through a lattice itself; nothing, and a warning, where it cannot. Found out once."""
    try:
        from style3d.nerf.grid.marcher_triton import TritonMarcher

        check(TritonMarcher, device)
        return TritonMarcher
    except Exception as error:  # no Triton, no C compiler for it, or whatever its compiler raises
        log.warning("rays are marched on the CPU, for Triton does not work here: %s", reason(error))
        return None


def check(build: Callable[[Lattice, FitRules, torch.device], Marcher], device: torch.device) -> None:
    """Compare with the compiled loops on some rays through a small lattice, half of it empty.

    Raises:
        RuntimeError: too many rays have another number of samples.
    """
    random, side = np.random.default_rng(0), 24
    space = np.array([0.0, 0.0, 0.0, 1.0, 0.5])
    lattice = lattice_of(space, side, np.arange(side**3 // 2))
    origin = random.normal(size=(TRIED, 3)).astype(np.float32)
    aim = random.uniform(-0.5, 0.5, (TRIED, 3)).astype(np.float32)
    rays, rules = Rays(origin, aim - origin, random.random(TRIED, np.float32)), FitRules(0.05, 1.0, 0.0, 0.0)
    one, two = (kind(lattice, rules, device).samples(rays).counts for kind in (build, CompiledMarcher))
    same = float((one == two).float().mean())
    if same < ALIKE:
        raise RuntimeError(f"only {same:.0%} of its rays are as long as those of the compiled loops")
