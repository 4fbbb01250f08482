"""The optimiser changes a table of colours that a pyramid of ever coarser tables carries.

θ_level = φ_level + S_level θ_(level+1): coarse levels move large areas at once and carry what fine views miss, fine
levels hold strokes. Only the entries a view sees, and the coarser entries under them, are read and updated in a step.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, final

import numpy as np
import torch
from jaxtyping import Float, Int32, Int64
from torch import Tensor

from style3d.core import kernels
from style3d.core.operator import SparseMap
from style3d.device import loops_on
from style3d.types import Colors, Indices

SURROUNDINGS = 2  # levels up at which entries count as neighbours
LEAST_STEP = 0.03  # along a direction of colour that a palette hardly has, of the step along its first
AdamState = tuple[Tensor, Tensor, Tensor, Tensor]  # of a level: parameters, both moments, number of updates


class Hierarchy(ABC):
    """Tables of falling size, and how an entry is interpolated from the next coarser table."""

    directions: int = 1  # entries of the finest level in one place, each for what another direction sees

    @property
    @abstractmethod
    def sizes(self) -> tuple[int, ...]:
        """Entries of each level, finest first."""

    @abstractmethod
    def parents(self, level: int, entries: Indices) -> tuple[Int64[np.ndarray, "n k"], Float[np.ndarray, "n k"]]:
        """Entries of ``level + 1`` that interpolate the given entries of ``level``; weights of a row sum to one."""

    @abstractmethod
    def restrict(self, level: int, values: Float[Tensor, "fine channels"]) -> Float[Tensor, "coarse channels"]:
        """The table of ``level`` averaged down to ``level + 1``, each channel alike; NaN where nothing is averaged."""

    @property
    def levels(self) -> int:
        """Number of tables."""
        return len(self.sizes)


@final
@dataclass(frozen=True)
class Flat(Hierarchy):
    """A single table, every entry on its own."""

    entries: int

    @property
    def sizes(self) -> tuple[int, ...]:
        """One level."""
        return (self.entries,)

    def parents(self, level: int, entries: Indices) -> tuple[Int64[np.ndarray, "n k"], Float[np.ndarray, "n k"]]:
        """There is no coarser level."""
        raise ValueError("a flat table has one level")

    def restrict(self, level: int, values: Float[Tensor, "fine channels"]) -> Float[Tensor, "coarse channels"]:
        """There is no coarser level."""
        raise ValueError("a flat table has one level")


@final
@dataclass(frozen=True)
class Cascade:
    """One view's share of the pyramid: which entries of each level it reads, and the maps between them."""

    entries: tuple[Int64[np.ndarray, "_"], ...]  # from the view's level to the coarsest
    maps: tuple[SparseMap, ...]  # maps[i]: values of entries[i + 1] -> entries[i]

    @property
    def nbytes(self) -> int:
        """Memory held."""
        return sum(e.nbytes for e in self.entries) + sum(m.nbytes for m in self.maps)

    def gather(self, tables: Sequence[Tensor]) -> list[Tensor]:
        """The rows of all levels' tables that the view reads, finest first."""
        pairs = zip(tables[len(tables) - len(self.entries) :], self.entries, strict=True)
        return [table[torch.from_numpy(rows).to(table.device)] for table, rows in pairs]

    def decode(self, parameters: list[Tensor]) -> Tensor:
        """Colours of the view's entries from the gathered parameters; differentiable to each."""
        values = parameters[-1]
        for matrix, detail in zip(reversed(self.maps), reversed(parameters[:-1]), strict=True):
            values = detail + matrix.apply(values)
        return values


def cascade(hierarchy: Hierarchy, level: int, entries: Indices) -> Cascade:
    """The part of the pyramid that ``entries`` of ``level`` read."""
    kept, maps = [entries], []
    for below in range(level, hierarchy.levels - 1):
        index, weight = hierarchy.parents(below, kept[-1])
        coarse, local = unique_entries(index.ravel(), hierarchy.sizes[below + 1])
        indptr = np.arange(len(index) + 1, dtype=np.int64) * index.shape[1]
        maps.append(SparseMap(indptr, local, weight.ravel().astype(np.float32), len(coarse)))
        kept.append(coarse)
    return Cascade(tuple(kept), tuple(maps))


def unique_entries(indices: Indices, size: int) -> tuple[Int64[np.ndarray, "distinct"], Int32[np.ndarray, "n"]]:
    """The distinct indices, ascending, and each index's place among them; faster than sorting."""
    seen = np.zeros(size, dtype=bool)
    seen[indices] = True
    distinct = np.flatnonzero(seen)
    place = np.empty(size, dtype=np.int32)
    place[distinct] = np.arange(len(distinct), dtype=np.int32)
    return distinct.astype(np.int64), place[indices]


class OneSidedClamp(torch.autograd.Function):
    """Clamp to [0, 1]; backward keeps only what does not push further out (a projected gradient)."""

    @staticmethod
    def forward(ctx: Any, values: Tensor) -> Tensor:
        ctx.save_for_backward(values)
        return values.clamp(0, 1)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        (values,) = ctx.saved_tensors
        slope = gradients[0]
        outward = ((values > 1) & (slope < 0)) | ((values < 0) & (slope > 0))
        return slope.masked_fill(outward, 0)


@final
@dataclass(frozen=True)
class Axes:
    """Directions of colour, and how far a step goes along each. Concretely: grey at 1, two hues at 0.15."""

    directions: Float[Tensor, "3 3"] = field(default_factory=lambda: torch.eye(3))  # unit columns
    lengths: Float[Tensor, "3"] = field(default_factory=lambda: torch.ones(3))  # in (0, 1]

    def to(self, device: torch.device) -> Axes:
        """The same, there."""
        return Axes(self.directions.to(device), self.lengths.to(device))


def palette_axes(colors: Float[Tensor, "n 3"]) -> Axes:
    """The principal axes of a palette, steps in proportion to its deviation along each.

    Adam's steps are as long in every coordinate, whatever the slope. Along channels, a grey style would be approached
    by steps of red, green and blue that leave specks of colour where they do not cancel.
    """
    values, vectors = torch.linalg.eigh(torch.cov(colors.double().T) + 1e-9 * torch.eye(3, dtype=torch.float64))
    lengths = (values / values[-1]).sqrt().clamp(LEAST_STEP, 1)
    return Axes(vectors.float().contiguous(), lengths.float())


def level_means(hierarchy: Hierarchy, level: int, values: Float[Tensor, "entries c"]) -> Float[Tensor, "coarse c"]:
    """A table of level 0 averaged up to ``level``; NaN where nothing is averaged."""
    for below in range(level):
        values = hierarchy.restrict(below, values)
    return values


def entry_values(hierarchy: Hierarchy, level: int, values: Float[Tensor, "coarse c"]) -> Float[Tensor, "entries c"]:
    """A table of ``level`` interpolated down to the entries of level 0."""
    for fine in reversed(range(level)):
        values = raised_once(hierarchy, fine, values)
    return values


def raised_once(
    hierarchy: Hierarchy, level: int, values: Float[Tensor, "coarse c"], block: int = 1 << 19
) -> Float[Tensor, "fine c"]:
    """S_level · values: a table of ``level + 1`` on ``level``, in blocks so that memory stays bounded."""
    out = values.new_empty(hierarchy.sizes[level], values.shape[1])
    for start in range(0, len(out), block):
        rows = np.arange(start, min(start + block, len(out)))
        index, weight = hierarchy.parents(level, rows)
        taps = values[torch.from_numpy(index).to(values.device)]
        out[start : start + len(rows)] = (taps * torch.from_numpy(weight).to(taps)[..., None]).sum(1)
    return out


@final
class Pyramid:
    """The parameters φ of all levels, with Adam's moments along ``axes`` of colour, updated a view at a time."""

    def __init__(self, hierarchy: Hierarchy, initial: Colors, axes: Axes | None = None) -> None:
        self.hierarchy, self.device = hierarchy, initial.device
        self.axes = (axes or Axes()).to(self.device)
        tables = [initial]
        for level in range(hierarchy.levels - 1):
            tables.append(hierarchy.restrict(level, tables[-1]))
        self.parameters = [torch.zeros_like(table) for table in tables]
        self.parameters[-1] = torch.where(tables[-1].isnan(), tables[-1].nanmean(0), tables[-1])
        values = self.parameters[-1]
        for level in reversed(range(hierarchy.levels - 1)):
            values = raised_once(self.hierarchy, level, values)
            self.parameters[level] = torch.where(tables[level].isnan(), 0, tables[level] - values)
            values = values + self.parameters[level]
        self.first = [torch.zeros_like(table) for table in tables]
        self.second = [torch.zeros_like(table) for table in tables]
        self.count = [torch.zeros(len(table), dtype=torch.int32, device=self.device) for table in tables]

    def gather(self, part: Cascade) -> list[Tensor]:
        """Leaf copies of the parameters a view reads, finest first, ready for `Cascade.decode`."""
        return [leaf.requires_grad_() for leaf in part.gather(self.parameters)]

    def step(self, part: Cascade, leaves: list[Tensor], rate: float) -> None:
        """One Adam step (Kingma & Ba 2015) on the entries a view read."""
        first = self.hierarchy.levels - len(part.entries)
        for level, (rows, leaf) in enumerate(zip(part.entries, leaves, strict=True), start=first):
            if leaf.grad is None:
                continue
            state = self.parameters[level], self.first[level], self.second[level], self.count[level]
            update = _adam_numba if loops_on(self.device) else _adam_torch
            update(rows, leaf.grad, state, self.axes, rate)

    def contrast(self, level: int) -> Float[Tensor, "entries"]:
        """Variance around each entry of what its level adds to coarser ones, summed over channels.

        Squares are averaged over the entries that share a parent two levels up.
        """
        table, top = self.parameters[level], self.hierarchy.levels - 1
        if level == top:
            return (table - table.mean(0)).square().sum(1).mean().expand(len(table))
        squares, above = table.square(), min(level + SURROUNDINGS, top)
        for fine in range(level, above):
            squares = self.hierarchy.restrict(fine, squares)  # NaN where nothing is, which does not count
        squares = squares.nan_to_num(0)
        for fine in reversed(range(level, above)):
            squares = raised_once(self.hierarchy, fine, squares)
        return squares.sum(1)

    def full_table(self, level: int = 0) -> Colors:
        """The whole table θ of a level, not clamped."""
        values = self.parameters[-1]
        for fine in reversed(range(level, self.hierarchy.levels - 1)):
            values = self.parameters[fine] + raised_once(self.hierarchy, fine, values)
        return values

    def state(self) -> dict[str, Tensor]:
        """Everything a checkpoint needs, by name."""
        groups = {"parameters": self.parameters, "first": self.first, "second": self.second, "count": self.count}
        return {f"{name}.{level}": table for name, group in groups.items() for level, table in enumerate(group)}

    def restore(self, state: dict[str, Tensor]) -> None:
        """Continue from `state`."""
        for name, table in self.state().items():
            table.copy_(state[name])


def _adam_numba(rows: Indices, gradient: Tensor, state: AdamState, axes: Axes, rate: float) -> None:
    tables = kernels.AdamTables(*(part.numpy() for part in state))
    directions, rates = axes.directions.numpy(), (rate * axes.lengths).numpy()
    kernels.adam_rows(rows, gradient.numpy(), tables, directions, rates, (0.9, 0.99), 1e-8)


def _adam_torch(rows: Indices, gradient: Tensor, state: AdamState, axes: Axes, rate: float) -> None:
    """The slow twin of `kernels.adam_rows`, on any device."""
    parameter, first, second, count = state
    index = torch.from_numpy(rows).to(parameter.device)
    count[index] += 1
    steps = count[index].to(parameter)[:, None]
    slope = gradient @ axes.directions
    moment = 0.9 * first[index] + 0.1 * slope
    energy = 0.99 * second[index] + 0.01 * slope * slope
    first[index], second[index] = moment, energy
    scale = torch.sqrt(energy / (1 - 0.99**steps)) + 1e-8
    step = rate * axes.lengths * moment / (1 - 0.9**steps) / scale
    parameter[index] -= step @ axes.directions.T
