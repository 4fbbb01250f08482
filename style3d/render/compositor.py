"""Which splats colour a pixel, and how much? The seam between footprints and A_v's rows, and the compiled answer."""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cache
from threading import Lock
from typing import final

import numpy as np
import torch
from jaxtyping import Float64, Int64

from style3d.core.operator import SparseMap
from style3d.errors import reason
from style3d.render import splat_kernels as kernels

log = logging.getLogger(__name__)


@final
@dataclass(frozen=True)
class Footprints:
    """The splats that reach a view's image, nearest first (Zwicker et al. 2001, EWA splatting)."""

    splat: Int64[np.ndarray, "footprints"]
    center: Float64[np.ndarray, "footprints 2"]  # pixels
    conic: Float64[np.ndarray, "footprints 3"]  # a, b, c of a·dx² + 2·b·dx·dy + c·dy², per square pixel
    opacity: Float64[np.ndarray, "footprints"]  # at the centre
    depth: Float64[np.ndarray, "footprints"]  # along the camera's z, scene units


class Compositor(ABC):
    """Lays footprints over each other. Safe to ask from several threads."""

    @abstractmethod
    def rows(self, seen: Footprints, width: int, height: int, splats: int) -> SparseMap:
        """What `style3d.render.splats.splat_rows` returns, of an image's size and so many splats in all."""


@final
class CompiledCompositor(Compositor):
    """Compiled loops on one core."""

    def rows(self, seen: Footprints, width: int, height: int, splats: int) -> SparseMap:
        """See `Compositor.rows`."""
        shape = seen.center, seen.conic, seen.opacity
        counts = np.zeros(width * height, np.int64)
        nothing = np.zeros(0, np.int32), np.zeros(0, np.float32)
        kernels.composite(*shape, seen.splat, width, height, counts, counts, *nothing)
        indptr = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
        indices, weights = np.empty(indptr[-1], np.int32), np.empty(indptr[-1], np.float32)
        kernels.composite(*shape, seen.splat, width, height, np.zeros_like(counts), indptr[:-1], indices, weights)
        return SparseMap(indptr, indices, weights, splats)


@final
class GuardedCompositor(Compositor):
    """One that is fast until it fails; then the compiled loops, and a warning that says why."""

    def __init__(self, fast: Compositor) -> None:
        self._now = fast

    def rows(self, seen: Footprints, width: int, height: int, splats: int) -> SparseMap:
        """See `Compositor.rows`."""
        now = self._now
        try:
            return now.rows(seen, width, height, splats)
        except Exception as error:  # a driver, an extension or the card's memory: nothing that ends a run
            if isinstance(now, CompiledCompositor):
                raise
            if self._now is now:
                self._now = CompiledCompositor()
                log.warning("splats are composited on the CPU from here on: %s", reason(error))
            return self.rows(seen, width, height, splats)


def compositor() -> Compositor:
    """gsplat where there are a CUDA device and a gsplat that works, else the compiled loops; found out once."""
    with _FINDING:
        return _found()


_FINDING = Lock()  # an extension may compile, for which one thread is enough


@cache
def _found() -> Compositor:
    if not torch.cuda.is_available():
        return CompiledCompositor()
    try:
        from style3d.render.gsplat_compositor import gsplat_compositor

        return GuardedCompositor(gsplat_compositor())
    except Exception as error:  # whatever compiling and loading an extension may raise
        if isinstance(error, ModuleNotFoundError) and error.name == "gsplat":
            log.info("splats are composited on the CPU; on the GPU with gsplat: pip install 'style3d[gsplat]'")
        else:
            log.warning("splats are composited on the CPU, for gsplat does not work here: %s", reason(error))
    return CompiledCompositor()
