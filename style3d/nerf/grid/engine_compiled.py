"""This engine computes a fit's steps in compiled loops on the CPU."""

from __future__ import annotations

from typing import final

import numpy as np
from jaxtyping import Float32, Int64

from style3d.nerf.grid import kernels
from style3d.nerf.grid.engine import (
    MOST_SAMPLES,
    AdamMoments,
    Cells,
    Engine,
    FitRules,
    Lattice,
    Rays,
    RayTargets,
    StepSizes,
    Vectors,
)
from style3d.render.grid_march import GridSteps


@final
class CompiledEngine(Engine):
    """Compiled loops on the processor; the number of threads changes no bit."""

    def __init__(self, lattice: Lattice, vertices: Int64[np.ndarray, "n"], table: Float32[np.ndarray, "n numbers"],
                 rules: FitRules) -> None:  # fmt: skip
        self._lattice, self._rules, self._table = lattice, rules, table.copy()
        self._steps = GridSteps(rules.near, rules.stride, lattice.space, lattice.side, lattice.gaps)
        self._neighbors = kernels.neighbor_rows(vertices, lattice.index, lattice.side)
        self.gradient, self._first, self._second = (np.zeros_like(table) for _ in range(3))
        self._touched, self._count = np.zeros(len(table), np.uint8), np.zeros(len(table), np.int32)

    def add_gradient(self, rays: Rays, targets: RayTargets) -> tuple[float, Float32[np.ndarray, "rays 3"]]:
        """See `Engine.add_gradient`."""
        at, rules, count = self._lattice, self._rules, len(rays)
        samples = kernels.RaySamples(
            np.empty((count, MOST_SAMPLES), np.int32), np.empty((count, MOST_SAMPLES, 3), np.float32),
            np.empty((count, MOST_SAMPLES, 4), np.float32), np.zeros(count, np.int32),
        )  # fmt: skip
        image, gain_slope = np.empty((count, 3), np.float32), np.empty((count, 3), np.float32)
        results = kernels.RayResults(image, gain_slope, np.zeros(count, np.float32))
        loss = kernels.LossWeights(
            np.full(count, 1 / count, np.float32), float(rules.distortion / count), float(rules.weaken)
        )
        kernels.render_rays(
            kernels.RayArrays(rays.origin, rays.direction, rays.offset), self._steps,
            kernels.VertexTable(at.index, self._table),
            kernels.WantedArrays(targets.rgb, targets.alpha, targets.backdrop, targets.gain), loss, samples, results,
        )  # fmt: skip
        kernels.scatter(rays.direction, samples, at.index, at.side, self.gradient, self._touched)
        return float(results.lost.sum(dtype=np.float64)), gain_slope

    def update(self, sizes: StepSizes) -> None:
        """See `Engine.update`."""
        if sizes.variation is not None:
            kernels.smooth(self._table, self._neighbors, self.gradient, self._touched, sizes.variation)
        state = kernels.AdamVertices(self.gradient, self._touched, self._first, self._second, self._count)
        kernels.adam_touched(self._table, state, sizes.rates, sizes.decay)

    def mark_seen(self, origin: Vectors, direction: Vectors, least: float, seen: Cells) -> None:
        """See `Engine.mark`."""
        vertices = kernels.VertexTable(self._lattice.index, self._table)
        kernels.mark_seen(origin, direction, self._steps, vertices, least, seen, MOST_SAMPLES)

    def table(self) -> Float32[np.ndarray, "n numbers"]:
        """See `Engine.table`."""
        return self._table

    def moments(self) -> AdamMoments:
        """See `Engine.moments`."""
        return AdamMoments(self._first, self._second, self._count)

    def restore(self, moments: AdamMoments) -> None:
        """See `Engine.remember`."""
        self._first, self._second, self._count = moments.first.copy(), moments.second.copy(), moments.count.copy()
