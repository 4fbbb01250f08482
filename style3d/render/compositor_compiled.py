"""This compositor weighs splats in compiled loops."""

from __future__ import annotations

from typing import final

import numpy as np

from style3d.core.operator import SparseMap
from style3d.render import splat_kernels as kernels
from style3d.render.compositor import Compositor, Footprints


@final
class CompiledCompositor(Compositor):
    """Compiled loops on one core."""

    def rows(self, seen: Footprints, width: int, height: int, splats: int) -> SparseMap:
        """See `Compositor.rows`."""
        ellipses = kernels.Ellipses(seen.center, seen.conic, seen.opacity, seen.depth)
        counts = np.zeros(width * height, np.int64)
        nothing = np.zeros(0, np.int32), np.zeros(0, np.float32)
        kernels.composite(ellipses, seen.splat, width, height, kernels.PixelRows(counts, counts, *nothing))
        indptr = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
        indices, weights = np.empty(indptr[-1], np.int32), np.empty(indptr[-1], np.float32)
        rows = kernels.PixelRows(np.zeros_like(counts), indptr[:-1], indices, weights)
        kernels.composite(ellipses, seen.splat, width, height, rows)
        return SparseMap(indptr, indices, weights, splats)
