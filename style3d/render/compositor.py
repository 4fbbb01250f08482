"""A compositor decides which splats colour a pixel, and how much. This is its interface."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import final

import numpy as np
from jaxtyping import Float64, Int64

from style3d.core.operator import SparseMap


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
