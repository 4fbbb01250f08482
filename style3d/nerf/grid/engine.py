"""An engine computes a fit's steps on one kind of processor. This is its interface."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import final

import numpy as np
from jaxtyping import Float32, Float64, Int32, Int64, UInt8

from style3d.render.grid_field import cell_gaps, lattice

MOST_SAMPLES = 384  # of one ray in occupied cells
Vectors = Float32[np.ndarray, "rays 3"]
Cells = UInt8[np.ndarray, "lattice"]


@final
@dataclass(frozen=True)
class Lattice:
    """Where a fit's table lies in space."""

    space: Float64[np.ndarray, "5"]  # centre, radius, tail
    side: int
    index: Int32[np.ndarray, "lattice"]
    gaps: UInt8[np.ndarray, "lattice"]


def lattice_of(space: Float64[np.ndarray, "5"], side: int, vertices: Int64[np.ndarray, "n"]) -> Lattice:
    """The lattice on which these vertices are the table's rows."""
    index = lattice(vertices, side)
    return Lattice(space, side, index, cell_gaps(index, side))


@final
@dataclass(frozen=True)
class RayTargets:
    """The colours that rays should show."""

    rgb: Float32[np.ndarray, "rays 3"]
    alpha: Float32[np.ndarray, "rays"]
    backdrop: Float32[np.ndarray, "rays 3"]
    gain: Float32[np.ndarray, "rays 3"]


@final
@dataclass(frozen=True)
class Rays:
    """Where rays begin and how they step. Concretely: 8192 of them, from 40 cameras."""

    origin: Float32[np.ndarray, "rays 3"]  # scene units
    direction: Float32[np.ndarray, "rays 3"]  # of unit depth
    offset: Float32[np.ndarray, "rays"]  # of the first sample, in steps, [0, 1)

    def __len__(self) -> int:
        """Number of rays."""
        return len(self.offset)


@final
@dataclass(frozen=True)
class FitRules:
    """What stays the same for all steps of a fit."""

    near: float  # depth before which nothing is, scene units
    stride: float  # cells between samples
    distortion: float  # weight of that loss
    weaken: float  # depth up to which slopes are weakened by its square, scene units; 0: none


@final
@dataclass(frozen=True)
class StepSizes:
    """How far one update goes."""

    rates: Float32[np.ndarray, "numbers"]  # Adam's steps, for each number of a vertex
    decay: float  # of directional colour
    variation: Float32[np.ndarray, "numbers"] | None  # weights of total variation; None: not this time


@final
@dataclass(frozen=True)
class AdamMoments:
    """What Adam remembers of each vertex."""

    first: Float32[np.ndarray, "n numbers"]
    second: Float32[np.ndarray, "n numbers"]
    count: Int32[np.ndarray, "n"]  # updates


class Engine(ABC):
    """A table on a lattice and what changes it. Its results differ from another engine's by rounding alone."""

    @abstractmethod
    def add_gradient(self, rays: Rays, targets: RayTargets) -> tuple[float, Float32[np.ndarray, "rays 3"]]:
        """Add the slope of the rays' mean loss (`reference.loss_reference`) to the gradient.

        Returns:
            Mean over the rays of the squared error, summed over channels, and the slope by each ray's gain.
        """

    @abstractmethod
    def update(self, sizes: StepSizes) -> None:
        """One step of Adam on the vertices that rays have met since the last; forgets the gradient."""

    @abstractmethod
    def mark_seen(self, origin: Vectors, direction: Vectors, least: float, seen: Cells) -> None:
        """Set ``seen`` for the cells where a sample of a ray gets at least ``least`` of its light; see `Rays`."""

    @abstractmethod
    def table(self) -> Float32[np.ndarray, "n numbers"]:
        """Each vertex's numbers as they stand."""

    @abstractmethod
    def moments(self) -> AdamMoments:
        """What `update` remembers; with `table` all of a state between an update and the next `add_gradient`."""

    @abstractmethod
    def restore(self, moments: AdamMoments) -> None:
        """Take over the moments of the engine whose table this one was made with."""
