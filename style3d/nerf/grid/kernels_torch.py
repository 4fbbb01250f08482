"""This slow twin of the fit's kernels computes the same loss in torch, differentiable to the table."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Float32
from torch import Tensor

from style3d.nerf.grid.engine import Lattice, RayTargets
from style3d.render.grid_march import GridSteps, Trail, empty_trail, march

MOST_SAMPLES = 2048


def loss_reference(
    table: Float[Tensor, "n numbers"], lattice: Lattice, origin: Float32[np.ndarray, "rays 3"],
    direction: Float32[np.ndarray, "rays 3"], offset: Float32[np.ndarray, "rays"], near: float, stride: float,
    targets: RayTargets, distortion: float,
) -> Float[Tensor, ""]:  # fmt: skip
    """Mean over the rays of |gain · C + T · backdrop − target|² plus the distortion loss (mip-NeRF 360, eq. 15)."""
    total = table.new_zeros(())
    for ray in range(len(origin)):
        weight, color, left, place = _ray_samples(
            table, lattice, origin[ray], direction[ray], float(offset[ray]), near, stride
        )
        backdrop, gain = (torch.from_numpy(part[ray]).to(table) for part in (targets.backdrop, targets.gain))
        alpha = float(targets.alpha[ray])
        target = torch.from_numpy(targets.rgb[ray]).to(table) * alpha + (1 - alpha) * backdrop
        image = (weight[:, None] * color).sum(0) * gain + left * backdrop
        length = stride / lattice.side
        apart = (place[:, None] - place[None]).abs() * length
        spread = (weight[:, None] * weight[None] * apart).sum() + (weight**2).sum() * length / 3
        total = total + ((image - target) ** 2).sum() + distortion * spread
    return total / len(origin)


def _ray_samples(
    table: Tensor, lattice: Lattice, origin: Any, direction: Any, offset: float, near: float, stride: float
) -> Any:
    """Weights, colours, the light left, and the place of one ray's samples."""
    trail: Trail = empty_trail(MOST_SAMPLES)
    side = lattice.side
    count = march(origin, direction, offset, GridSteps(near, stride, lattice.space, side, lattice.gaps), trail)
    cell, frac, place = trail.cell, trail.frac, trail.place
    shift = np.array([[k >> 2 & 1, k >> 1 & 1, k & 1] for k in range(8)])
    row = lattice.index[cell[:count, None] + shift @ np.array([side * side, side, 1])]
    share = torch.from_numpy(np.where(shift, frac[:count, None], 1 - frac[:count, None])).to(table).prod(2)
    values = (share[..., None] * table[torch.from_numpy(row).long()]).sum(1)
    tau = torch.nn.functional.softplus(values[:, 0]) * stride
    light = torch.exp(-torch.cat([tau.new_zeros(1), tau.cumsum(0)]))
    unit = torch.from_numpy(direction / np.linalg.norm(direction)).to(table)
    color = values[:, 1:4] + (values[:, 4:7] @ unit)[:, None]
    return light[:-1] - light[1:], color, light[-1], torch.from_numpy(place[:count]).to(table)
