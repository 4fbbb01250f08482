"""This engine computes a fit's steps in torch, on any device and for all rays at once.

Samples stand in rows, a ray each, so that light is a running sum along a row; the table is read and written only where
there are samples.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, final

import numpy as np
import torch
from jaxtyping import Bool, Float, Float32, Int64
from torch import Tensor

from style3d.nerf.grid import kernels
from style3d.nerf.grid.engine import AdamMoments, Cells, Engine, FitRules, Lattice, Rays, RayTargets, StepSizes, Vectors
from style3d.nerf.grid.kernels import FAINT, WIDTH
from style3d.nerf.grid.marcher import Samples
from style3d.nerf.grid.marchers import build_marcher
from style3d.render.grid_march import ENOUGH

CHUNK = 1 << 15  # rays that are marched at once to find the cells that they see
BETAS = 0.9, 0.99  # of Adam, as in `kernels.adam_touched`


@final
@dataclass(frozen=True)
class Light:
    """What samples do to the light of their rays. Numbers of no sample are zero."""

    there: Bool[Tensor, "rays most"]
    rows: Int64[Tensor, "samples 8"]  # of the table, around each sample that is there
    corner: Float32[Tensor, "samples 8"]  # their trilinear weights
    raw: Float32[Tensor, "rays most"]  # density before softplus
    kept: Bool[Tensor, "rays most"]  # samples before the ray may stop
    weight: Float32[Tensor, "rays most"]  # share of the light
    left: Float32[Tensor, "rays"]  # what passes them all


def light_of(samples: Samples, table: Float[Tensor, "n numbers"], index: Tensor, side: int, stride: float) -> Light:
    """Densities composited front to back, until a thousandth of the light is left."""
    there = torch.arange(samples.cells.shape[1], device=table.device) < samples.counts[:, None]
    bit = torch.tensor([[k >> 2 & 1, k >> 1 & 1, k & 1] for k in range(8)], device=table.device)
    step = (bit[:, 0] * side + bit[:, 1]) * side + bit[:, 2]
    rows = index[samples.cells[there].long()[:, None] + step].long()
    frac = samples.fracs[there][:, None]
    corner = torch.where(bit == 1, frac, 1 - frac).prod(2)
    raw = torch.full(there.shape, -torch.inf, device=table.device)
    raw[there] = (corner * table[:, 0][rows]).sum(1)
    depth = torch.nn.functional.softplus(raw) * stride
    before = torch.exp(depth - depth.cumsum(1))
    kept = there & (before >= ENOUGH)
    weight = torch.where(kept, -before * torch.expm1(-depth), 0)
    return Light(there, rows, corner, raw, kept, weight, torch.exp(-(depth * kept).sum(1)))


def colors_of(
    light: Light, table: Float[Tensor, "n numbers"], unit: Float[Tensor, "rays 3"]
) -> Float[Tensor, "rays most 3"]:
    """Each sample's colour seen along its ray; black where it counts for next to nothing."""
    shown = light.kept & (light.weight > FAINT)
    some = shown[light.there]
    values = (light.corner[some][..., None] * table[light.rows[some]]).sum(1)
    bright = (values[:, 4:7] * unit[shown.nonzero()[:, 0]]).sum(1, keepdim=True)
    colors = torch.zeros(*shown.shape, 3, device=table.device)
    colors[shown] = values[:, 1:4] + bright
    return colors


def distortion_slope(light: Light, place: Float[Tensor, "rays most"], length: float) -> Float[Tensor, "rays most"]:
    """Slope of the distortion loss by each weight (mip-NeRF 360, eq. 15), by running sums of weights and moments."""
    moment = light.weight * place * length
    mass, first = light.weight.cumsum(1), moment.cumsum(1)
    near = place * length * (mass - light.weight) - (first - moment)
    far = (first[:, -1:] - first) - place * length * (mass[:, -1:] - mass)
    return 2 * (near + far) + 2 / 3 * light.weight * length


@final
class TorchEngine(Engine):
    """A table and its moments on a device; sums there are taken in any order."""

    def __init__(self, lattice: Lattice, vertices: Int64[np.ndarray, "n"], table: Float32[np.ndarray, "n numbers"],
                 rules: FitRules, device: torch.device) -> None:  # fmt: skip
        self._side, self._rules, self._device = lattice.side, rules, device
        self._marcher = build_marcher(lattice, rules, device)
        self._index, self._table = self._here(lattice.index), self._here(table).clone()
        self._neighbors = self._here(kernels.neighbor_rows(vertices, lattice.index, lattice.side))
        self.gradient, self._first, self._second = (torch.zeros_like(self._table) for _ in range(3))
        self._touched = torch.zeros(len(table), dtype=torch.bool, device=device)
        self._count = torch.zeros(len(table), dtype=torch.float32, device=device)

    @torch.no_grad()
    def add_gradient(self, rays: Rays, targets: RayTargets) -> tuple[float, Float32[np.ndarray, "rays 3"]]:
        """See `Engine.add_gradient`."""
        rgb, alpha, backdrop, gain, direction = (
            self._here(part)
            for part in (targets.rgb, targets.alpha[:, None], targets.backdrop, targets.gain, rays.direction)
        )
        unit = torch.nn.functional.normalize(direction, dim=1)
        samples = self._marcher.samples(rays)
        light = light_of(samples, self._table, self._index, self._side, self._rules.stride)
        colors = colors_of(light, self._table, unit)
        total = (light.weight[..., None] * colors).sum(1)
        off = total * gain + light.left[:, None] * backdrop - (rgb * alpha + (1 - alpha) * backdrop)
        error = 2 / len(rays) * off
        self._scatter(light, self._slopes(light, samples, colors, error * gain, (error * backdrop).sum(1)), unit)
        return float(off.square().sum(dtype=torch.float64)) / len(rays), (error * total).cpu().numpy()

    def _slopes(self, light: Light, samples: Samples, colors: Tensor, error: Tensor, back: Tensor) -> Tensor:
        """Slope of the loss by each kept sample's raw density and colour, (kept, 4); see `kernels.render_rays`.

        A greater depth brings in a sample's worth and dims all that lies behind it.
        """
        rules = self._rules
        place, depth = (torch.where(light.there, part, 0) for part in (samples.places, samples.depths))
        worth = rules.distortion / len(back) * distortion_slope(light, place, rules.stride / self._side)
        worth = worth + (colors * error[:, None]).sum(2)
        carried, mass = (light.weight * worth).cumsum(1), light.weight.cumsum(1)
        after = (light.left * back)[:, None] + carried[:, -1:] - carried
        through = light.left[:, None] + mass[:, -1:] - mass
        weakened = (depth / rules.weaken).square().clamp_max(1) if rules.weaken > 0 else torch.ones_like(depth)
        density = weakened * (through * worth - after) * rules.stride * torch.sigmoid(light.raw)
        color = (weakened * light.weight)[..., None] * error[:, None]
        return torch.cat([density[..., None], color], 2)[light.kept]

    def _scatter(self, light: Light, slopes: Tensor, unit: Tensor) -> None:
        """Add the samples' slopes to the vertices around them."""
        some = light.kept[light.there]
        rows, corner = light.rows[some], light.corner[some]
        values = torch.zeros(len(rows), WIDTH, device=self._device)
        values[:, :4] = slopes
        values[:, 4:7] = slopes[:, 1:].sum(1, keepdim=True) * unit[light.kept.nonzero()[:, 0]]
        self.gradient.index_add_(0, rows.flatten(), (corner[..., None] * values[:, None]).reshape(-1, WIDTH))
        self._touched[rows.flatten()] = True

    @torch.no_grad()
    def update(self, sizes: StepSizes) -> None:
        """See `Engine.update`."""
        rows = self._touched.nonzero()[:, 0]
        table, slope = self._table[rows], self.gradient[rows]
        if sizes.variation is not None:
            other = self._neighbors[rows].long()
            gap = (table[:, None] - self._table[other.clamp_min(0)]).clamp(-1, 1)
            slope = slope + self._here(sizes.variation) * torch.where(other[..., None] >= 0, gap, 0).sum(1)
        self._count[rows] += 1
        beta1, beta2 = BETAS
        first = self._first[rows].lerp(slope, 1 - beta1)
        second = self._second[rows].lerp(slope.square(), 1 - beta2)
        self._first[rows], self._second[rows] = first, second
        bias1, bias2 = (1 - beta ** self._count[rows][:, None] for beta in BETAS)
        table = table - self._here(sizes.rates) * first / bias1 / ((second / bias2).sqrt() + 1e-12)
        table[:, 1:4] = table[:, 1:4].clamp(0, 1)
        table[:, 4:] *= 1 - sizes.decay
        self._table[rows] = table
        self.gradient[rows], self._touched[rows] = 0, False

    @torch.no_grad()
    def mark_seen(self, origin: Vectors, direction: Vectors, least: float, seen: Cells) -> None:
        """See `Engine.mark`."""
        for start in range(0, len(origin), CHUNK):
            some = slice(start, start + CHUNK)
            middle = np.full(len(origin[some]), 0.5, np.float32)
            samples = self._marcher.samples(Rays(origin[some], direction[some], middle))
            light = light_of(samples, self._table, self._index, self._side, self._rules.stride)
            seen[samples.cells[light.kept & (light.weight >= least)].cpu().numpy()] = 1

    def table(self) -> Float32[np.ndarray, "n numbers"]:
        """See `Engine.table`."""
        numbers: Float32[np.ndarray, "n numbers"] = self._table.cpu().numpy()
        return numbers

    def moments(self) -> AdamMoments:
        """See `Engine.moments`."""
        first, second, count = (part.cpu().numpy() for part in (self._first, self._second, self._count))
        return AdamMoments(first, second, count.astype(np.int32))

    def restore(self, moments: AdamMoments) -> None:
        """See `Engine.remember`."""
        self._first, self._second = self._here(moments.first).clone(), self._here(moments.second).clone()
        self._count = self._here(moments.count).float()

    def _here(self, array: Any) -> Tensor:
        return torch.from_numpy(np.ascontiguousarray(array)).to(self._device)
