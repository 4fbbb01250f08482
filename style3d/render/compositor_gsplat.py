"""On a GPU, gsplat (Ye et al. 2024) finds which splats meet which pixels, and torch weighs the pairs.

gsplat's kernels compute in single precision and differ between versions in where they stop. They are therefore asked
for a little more than is drawn, and what is drawn is decided here, in double precision, as the compiled loops do it.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable
from threading import Lock
from typing import final

import numpy as np
import torch
from jaxtyping import Float64, Int64
from torch import Tensor

from style3d.core.operator import SparseMap
from style3d.device import device_for
from style3d.render.compositor import Compositor, Footprints
from style3d.render.compositor_compiled import CompiledCompositor
from style3d.render.splat_kernels import FULL, LEAST_ALPHA, MOST_ALPHA

TILE = 16  # pixels along a side
SLACK = 1.002  # times the opacity that gsplat is told: rounding drops no pair that counts
LIGHT = 10.0  # of a pixel as gsplat is told: it stops after we do
CLOSE = 1e-4  # of a weight: as far from the compiled loops as may be

Pairs = tuple[Int64[Tensor, "pairs"], Int64[Tensor, "pairs"]]
PairFinder = Callable[[Tensor, Tensor, Tensor, int, int], Pairs]
"""Centres, conics, opacities (nearest first; as in `Footprints`), width and height to pixels and footprints that meet.

Every pair that counts must be among them, in any order; others may be.
"""


@final
class PairCompositor(Compositor):
    """Weighs the pairs that a function finds, on any device; one view at a time, for the sake of its memory."""

    def __init__(self, find: PairFinder, device: torch.device) -> None:
        self._find, self._device, self._turn = find, device, Lock()

    def rows(self, seen: Footprints, width: int, height: int, splats: int) -> SparseMap:
        """See `Compositor.rows`."""
        if not len(seen.splat):
            return SparseMap(
                np.zeros(width * height + 1, np.int64), np.zeros(0, np.int32), np.zeros(0, np.float32), splats
            )
        with self._turn, torch.no_grad():
            parts = (seen.center, seen.conic, seen.opacity)
            center, conic, opacity = (torch.from_numpy(part).to(self._device) for part in parts)
            pixel, which = self._find(center, conic, opacity, width, height)
            counts, which, weight = weigh_pairs(pixel, which, center, conic, opacity, width, height)
            indptr = np.concatenate([[0], np.cumsum(counts.cpu().numpy())]).astype(np.int64)
            return SparseMap(indptr, seen.splat[which.cpu().numpy()].astype(np.int32), weight.cpu().numpy(), splats)


def weigh_pairs(
    pixel: Int64[Tensor, "pairs"], which: Int64[Tensor, "pairs"], center: Float64[Tensor, "footprints 2"],
    conic: Float64[Tensor, "footprints 3"], opacity: Float64[Tensor, "footprints"], width: int, height: int,
) -> tuple[Int64[Tensor, "pixels"], Int64[Tensor, "kept"], Tensor]:  # fmt: skip
    """α·T of pairs: how many each pixel keeps, and their footprints and weights, pixel by pixel, front to back.

    The light before a pair is a running product over its pixel's pairs: the difference of two running sums of
    log(1 − α) over all pairs.
    """
    order = torch.argsort(pixel * len(center) + which)
    pixel, which = pixel[order], which[order]
    dx, dy = pixel % width + 0.5 - center[which, 0], pixel // width + 0.5 - center[which, 1]
    a, b, c = conic[which].unbind(1)
    alpha = (opacity[which] * torch.exp(-0.5 * (a * dx * dx + c * dy * dy) - b * dx * dy)).clamp_max(MOST_ALPHA)
    drawn = alpha >= LEAST_ALPHA
    pixel, which, alpha = pixel[drawn], which[drawn], alpha[drawn]
    counts = torch.bincount(pixel, minlength=width * height)
    dimming = torch.log1p(-alpha)
    before = dimming.cumsum(0) - dimming
    light = torch.exp(before - before[(counts.cumsum(0) - counts)[pixel]])
    kept = light * (1 - alpha) > FULL
    return torch.bincount(pixel[kept], minlength=width * height), which[kept], (alpha * light)[kept].float()


def gsplat_pairs(center: Tensor, conic: Tensor, opacity: Tensor, width: int, height: int) -> Pairs:
    """A `PairFinder`: tiles of `TILE`² pixels, and in each gsplat's walk from front to back."""
    from gsplat import isect_offset_encode, isect_tiles, rasterize_to_indices_in_range

    tiles = -(-width // TILE), -(-height // TILE)
    a, b, c = conic.unbind(1)
    reach = 2 * torch.log(SLACK * opacity / LEAST_ALPHA) / (a * c - b * b)
    radii = torch.stack([reach * c, reach * a], 1).sqrt().ceil().clamp_max(1 << 24).int() + 1
    nearest = torch.arange(1, len(center) + 1, device=center.device).float()  # they are in order
    middle, shape, shown = center.float()[None], conic.float()[None], (SLACK * opacity).float()[None]
    _, met, flat = isect_tiles(middle, radii[None], nearest[None], TILE, *tiles)
    first = isect_offset_encode(met, 1, *tiles)
    light = torch.full((1, height, width), LIGHT, device=center.device)
    which, pixel, _ = rasterize_to_indices_in_range(
        0, 1 << 30, light, middle, shape, shown, width, height, TILE, first, flat
    )
    return pixel.long(), which.long()


def gsplat_compositor() -> Compositor:
    """The compositor that uses gsplat, tried out: it may have to compile for minutes, and it may have changed.

    Raises:
        ModuleNotFoundError: gsplat is not installed.
        RuntimeError: its extension or its device is not there, or its numbers differ; compiling may raise anything.
    """
    with contextlib.redirect_stdout(sys.stderr):  # it tells of compiling on stdout, where a command's results go
        import gsplat  # noqa: F401 - whether it is there, before whether it is whole
        from gsplat.cuda._backend import _C
    if _C is None:
        raise RuntimeError("its CUDA extension is not built, and there is no CUDA toolkit (nvcc) to build it")
    device = device_for("gsplat")
    if device is None:
        raise RuntimeError("no device here can run its kernels")
    made = PairCompositor(gsplat_pairs, device)
    check(made)
    return made


def check(compositor: Compositor) -> None:
    """Compare with the compiled loops on a few splats over several tiles.

    Raises:
        RuntimeError: they differ.
    """
    random = np.random.default_rng(0)
    count, width, height = 60, 40, 24
    spread, turn = random.uniform(0.02, 0.5, (2, count))
    conic = np.stack([spread + turn**2, 0.1 * turn, 0.05 + spread], 1)
    center = random.random((count, 2)) * [width, height]
    some = Footprints(
        np.arange(count)[::-1].copy(), center, conic, random.uniform(0.05, 1, count), np.arange(1.0, count + 1)
    )
    ours, theirs = (kind.rows(some, width, height, count).scipy() for kind in (CompiledCompositor(), compositor))
    difference = float(np.abs((ours - theirs).toarray()).max())
    if not difference < CLOSE:
        raise RuntimeError(f"its weights differ from those of the compiled loops by {difference:.2g}")
