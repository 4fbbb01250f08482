"""This module renders a radiance grid's image, opacity and depth without building its operator."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from jaxtyping import Float32
from numba import njit

from style3d.core.camera import Camera
from style3d.render.grid_field import RadianceGrid
from style3d.render.grid_march import ENOUGH, DensityTable, GridSteps, around, empty_trail, march, softplus

MOST_SAMPLES = 2048  # of one ray in occupied cells
ROWS = 1 << 12  # rays of one task


def render_image(
    grid: RadianceGrid, camera: Camera, stride: float = 1.0
) -> tuple[Float32[np.ndarray, "h w 3"], Float32[np.ndarray, "h w"], Float32[np.ndarray, "h w"]]:
    """Premultiplied colour (not clipped), opacity, and expected depth along the camera's axis, scene units.

    Depth is the mean over what a pixel shows, weighed by how much of the pixel each thing is; infinite where the pixel
    is empty. Geometry alone decides it: stylised colours change nothing.
    """
    direction = camera.directions()
    rgb, alpha, depth = (np.zeros((len(direction), *shape), np.float32) for shape in ((3,), (), ()))
    space, side = grid.geometry
    steps = GridSteps(grid.near, stride, space, side, grid.gaps)
    table = DensityTable(grid.index, grid.density, grid.shift)
    origin = np.ascontiguousarray(camera.position)

    def part(start: int) -> None:
        rows = slice(start, start + ROWS)
        _render(origin, direction[rows], steps, table, grid.colors, rgb[rows], alpha[rows], depth[rows])

    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        list(pool.map(part, range(0, len(direction), ROWS)))
    shape = camera.height, camera.width
    return rgb.reshape(*shape, 3), alpha.reshape(shape), depth.reshape(shape)


@njit(cache=True, nogil=True)
def _render(
    origin: Any, direction: Any, steps: GridSteps, table: DensityTable, colors: Any, rgb: Any, alpha: Any, depth: Any
) -> None:
    stride, side = steps.stride, steps.side
    index, density, shift = table
    trail = empty_trail(MOST_SAMPLES)
    cell, frac, reach = trail.cell, trail.frac, trail.depth
    for ray in range(len(direction)):
        d = direction[ray]
        size = np.sqrt(d[0] ** 2 + d[1] ** 2 + d[2] ** 2)
        count = march(origin, d, 0.5, steps, trail)
        left, mean = 1.0, 0.0
        for i in range(count):
            raw, row, weight = around(cell[i], frac[i], index, side, density)
            share = left * -np.expm1(-softplus(raw) * stride)
            left -= share
            mean += share * reach[i]
            for k in range(8):
                bright = (d[0] * shift[row[k], 0] + d[1] * shift[row[k], 1] + d[2] * shift[row[k], 2]) / size
                for c in range(3):
                    rgb[ray, c] += share * weight[k] * (colors[row[k], c] + bright)
            if left < ENOUGH:
                break
        alpha[ray] = 1 - left
        depth[ray] = mean / (1 - left) if left < 1 else np.inf
