"""A marcher finds the samples of a fit's rays on the device that renders them. This is its interface."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import final

from jaxtyping import Float32, Int32
from torch import Tensor

from style3d.nerf.grid.engine import Rays


@final
@dataclass(frozen=True)
class Samples:
    """Steps of rays within occupied cells; what stands past a ray's count is undefined."""

    cells: Int32[Tensor, "rays most"]  # lattice index
    fracs: Float32[Tensor, "rays most 3"]  # place in the cell, 0-1
    places: Float32[Tensor, "rays most"]  # steps from the ray's start
    depths: Float32[Tensor, "rays most"]  # along the camera's axis, scene units
    counts: Int32[Tensor, "rays"]


class Marcher(ABC):
    """Steps through one lattice; see `style3d.render.grid_march`."""

    @abstractmethod
    def samples(self, rays: Rays) -> Samples:
        """At most `MOST_SAMPLES` of each ray, as many columns as the ray with the most has."""
