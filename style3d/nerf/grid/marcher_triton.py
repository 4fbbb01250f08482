"""This Triton kernel steps rays through a lattice on the GPU, a thread for each ray, as `grid_march` does."""

from __future__ import annotations

from typing import final, no_type_check

import numpy as np
import torch
import triton
import triton.language as tl
from torch import Tensor

from style3d.device import launching_on
from style3d.nerf.grid.engine import MOST_SAMPLES, FitRules, Lattice, Rays
from style3d.nerf.grid.marcher import Marcher, Samples
from style3d.render.grid_march import MOST_STEPS

BLOCK = 32  # rays that step together: one warp


@triton.jit
@no_type_check
def _pace(
    x: tl.tensor, y: tl.tensor, z: tl.tensor, dx: tl.tensor, dy: tl.tensor, dz: tl.tensor,
    tail: tl.tensor, opening: tl.tensor,
) -> tl.tensor:  # fmt: skip
    """`grid_march._pace`: distance in the cube's norm, what it is shrunk by, contracted length per unit of the ray.

    ``opening`` is by how much of its distance a step towards the middle is slowed.
    """
    size = tl.sqrt(dx * dx + dy * dy + dz * dz)
    by_y = tl.abs(y) > tl.abs(x)
    reach, place, toward = tl.where(by_y, tl.abs(y), tl.abs(x)), tl.where(by_y, y, x), tl.where(by_y, dy, dx)
    by_z = tl.abs(z) > reach
    reach, place, toward = tl.where(by_z, tl.abs(z), reach), tl.where(by_z, z, place), tl.where(by_z, dz, toward)
    beyond = reach > 1.0
    far = tl.where(beyond, reach, 1.0)
    shrink = tl.where(beyond, (1 + tail - tail / far) / far, 1.0)
    along = tl.where(place > 0, toward, -toward)
    slope = (2 * tail / far - (1 + tail)) / (far * far) * along
    vx, vy, vz = dx * shrink + x * slope, dy * shrink + y * slope, dz * shrink + z * slope
    speed = tl.maximum(tl.sqrt(vx * vx + vy * vy + vz * vz), 1e-12)
    speed = tl.where(along < 0, speed * (1 + far * opening), speed)
    return reach, shrink, tl.where(beyond, speed, size)


@triton.jit
@no_type_check
def _slab(start: tl.tensor, end: tl.tensor, o: tl.tensor, d: tl.tensor) -> tl.tensor:
    """What is left of a ray's span between the cube's two faces across one axis."""
    flat = tl.abs(d) < 1e-12
    safe = tl.where(flat, 1.0, d)
    one, two = (-1 - o) / safe, (1 - o) / safe
    start, end = (
        tl.where(flat, start, tl.maximum(start, tl.minimum(one, two))),
        tl.where(flat, end, tl.minimum(end, tl.maximum(one, two))),
    )
    return start, tl.where(flat & (tl.abs(o) > 1), -1.0, end)


@triton.jit
@no_type_check
def _span(
    ox: tl.tensor, oy: tl.tensor, oz: tl.tensor, dx: tl.tensor, dy: tl.tensor, dz: tl.tensor,
    near: tl.tensor, tail: tl.tensor, far: tl.tensor,
) -> tl.tensor:  # fmt: skip
    """`grid_march._span`: where rays enter and leave."""
    start, end = near + 0 * ox, 1e30 + 0 * ox
    if tail > 0:
        reach = tl.maximum(tl.maximum(tl.abs(ox), tl.abs(oy)), tl.abs(oz))
        speed = tl.maximum(tl.maximum(tl.abs(dx), tl.abs(dy)), tl.abs(dz))
        end = (reach + tl.maximum(2.0, tail * far)) / speed
    else:
        start, end = _slab(start, end, ox, dx)
        start, end = _slab(start, end, oy, dy)
        start, end = _slab(start, end, oz, dz)
    return start, end


@triton.jit
@no_type_check
def _row(table: tl.tensor, ray: tl.tensor, there: tl.tensor) -> tl.tensor:
    """Three numbers of each ray, in double precision; ones where there is no ray."""
    x, y, z = (
        tl.load(table + 3 * ray, there, 1.0),
        tl.load(table + 3 * ray + 1, there, 1.0),
        tl.load(table + 3 * ray + 2, there, 1.0),
    )
    return x.to(tl.float64), y.to(tl.float64), z.to(tl.float64)


@triton.jit
@no_type_check
def _whole(at: tl.tensor, side: tl.tensor) -> tl.tensor:
    """Cell of a coordinate, held in the lattice before it is cut: what left it may be too great for a whole number."""
    return tl.minimum(tl.maximum(at, 0.0), side - 2.0).to(tl.int32)


@triton.jit
@no_type_check
def _march(
    origins: tl.tensor, directions: tl.tensor, offsets: tl.tensor, shape: tl.tensor, gaps: tl.tensor,
    cells: tl.tensor, fracs: tl.tensor, places: tl.tensor, depths: tl.tensor, counts: tl.tensor,
    rays: tl.tensor, side: tl.tensor, MOST: tl.constexpr, STEPS: tl.constexpr, BLOCK: tl.constexpr,
) -> None:  # fmt: skip
    ray = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    going = ray < rays
    radius, tail = tl.load(shape + 3), tl.load(shape + 4)
    near, stride = tl.load(shape + 5), tl.load(shape + 6)
    ox, oy, oz = _row(origins, ray, going)
    dx, dy, dz = _row(directions, ray, going)
    ox, oy, oz = (ox - tl.load(shape)) / radius, (oy - tl.load(shape + 1)) / radius, (oz - tl.load(shape + 2)) / radius
    dx, dy, dz = dx / radius, dy / radius, dz / radius
    scale = (side - 1) / (2 * (1 + tail))
    step = stride / scale
    opening = step / tail if tail > 0 else 0 * step
    t, end = _span(ox, oy, oz, dx, dy, dz, near, tail, 4 * scale)
    reach, shrink, speed = _pace(ox + t * dx, oy + t * dy, oz + t * dz, dx, dy, dz, tail, opening)
    t += tl.load(offsets + ray, going, 0.0).to(tl.float64) * step / speed
    count, taken, number = 0 * ray, 0 * ray, 0 * ox
    while tl.max(going.to(tl.int32), 0) > 0:
        x, y, z = ox + t * dx, oy + t * dy, oz + t * dz
        reach, shrink, speed = _pace(x, y, z, dx, dy, dz, tail, opening)
        going = going & (t <= end)
        gx, gy, gz = (x * shrink + 1 + tail) * scale, (y * shrink + 1 + tail) * scale, (z * shrink + 1 + tail) * scale
        ix, iy, iz = _whole(gx, side), _whole(gy, side), _whole(gz, side)
        cell = (ix * side + iy) * side + iz
        gap = tl.load(gaps + cell, going, 1).to(tl.int32)
        going = going & ((gap > 0) | (count < MOST))
        here = going & (gap == 0)
        at = ray.to(tl.int64) * MOST + count
        tl.store(cells + at, cell, here)
        tl.store(places + at, number.to(tl.float32), here)
        tl.store(depths + at, t.to(tl.float32), here)
        tl.store(fracs + 3 * at, (gx - ix).to(tl.float32), here)
        tl.store(fracs + 3 * at + 1, (gy - iy).to(tl.float32), here)
        tl.store(fracs + 3 * at + 2, (gz - iz).to(tl.float32), here)
        count += here.to(tl.int32)
        leap = tl.maximum(1.0, tl.floor((gap - 1) / stride))
        jump = tl.where((gap > 0) & (reach <= 1.0), leap, 1.0)
        number += jump
        t += jump * step / speed
        taken += 1
        going = going & (taken < STEPS)
    tl.store(counts + ray, count, ray < rays)


@final
class TritonMarcher(Marcher):
    """One lattice on a GPU; rays come from the processor."""

    def __init__(self, lattice: Lattice, rules: FitRules, device: torch.device) -> None:
        self._side, self._device = lattice.side, device
        self._gaps = torch.from_numpy(lattice.gaps).to(device)
        self._shape = torch.tensor([*lattice.space, rules.near, rules.stride], dtype=torch.float64, device=device)

    def samples(self, rays: Rays) -> Samples:
        """See `Marcher.samples`."""
        count, size = len(rays), (len(rays), MOST_SAMPLES)
        parts = (rays.origin, rays.direction, rays.offset)
        drawn = [torch.from_numpy(np.ascontiguousarray(part)).to(self._device) for part in parts]
        cells, fracs = self._empty(size, torch.int32), self._empty((*size, 3), torch.float32)
        places, depths = self._empty(size, torch.float32), self._empty(size, torch.float32)
        counts = self._empty((count,), torch.int32)
        with launching_on(self._device):
            _march[(triton.cdiv(count, BLOCK),)](
                *drawn, self._shape, self._gaps, cells, fracs, places, depths, counts,
                count, self._side, MOST_SAMPLES, MOST_STEPS, BLOCK, num_warps=1, enable_fp_fusion=False,
            )  # fmt: skip
        most = int(counts.max()) if count else 0
        return Samples(cells[:, :most], fracs[:, :most], places[:, :most], depths[:, :most], counts)

    def _empty(self, size: tuple[int, ...], kind: torch.dtype) -> Tensor:
        return torch.empty(size, dtype=kind, device=self._device)
