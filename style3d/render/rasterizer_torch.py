"""This slow twin of the Embree rasteriser tries every ray against every triangle, in pure torch."""

from __future__ import annotations

from typing import final

import numpy as np
import torch
from jaxtyping import Float

from style3d.core.camera import Camera
from style3d.render.rasterizer import Hits, Rasterizer, RayCaster
from style3d.render.surface import Surface
from style3d.types import Indices, Points


@final
class TorchRasterizer(Rasterizer, RayCaster):
    """Möller & Trumbore (1997), all pairs in float64: for small meshes and for checking the others."""

    def __init__(self, surface: Surface, pairs: int = 1 << 22) -> None:
        corners = torch.from_numpy(surface.positions[surface.faces])
        self._a, self._ab, self._ac = corners[:, 0], corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
        self._chunk = max(1, pairs // max(1, len(surface.faces)))

    def trace(self, origins: Points, directions: Points) -> Hits:
        """First hits; see `RayCaster.trace`."""
        return self._beyond(origins, directions, np.zeros(len(origins)))

    def cast(self, camera: Camera, samples: int, rays: Indices, beyond: Float[np.ndarray, "rays"]) -> Hits:
        """First hits; see `Rasterizer.cast`."""
        directions = camera.directions(samples)[rays]
        origins = np.broadcast_to(camera.position, directions.shape)
        return self._beyond(origins, directions, np.where(beyond > 0, beyond * (1 + 1e-6), 0.0))

    def _beyond(self, origins: Points, directions: Points, near: Float[np.ndarray, "rays"]) -> Hits:
        chunks = [
            self._hit_chunk(*(torch.from_numpy(np.ascontiguousarray(x[i : i + self._chunk])) for x in parts))
            for parts in [(origins, directions, near)]
            for i in range(0, len(origins), self._chunk)
        ]
        face, u, v, depth = (torch.cat(part).numpy() for part in zip(*chunks, strict=True))
        return Hits(face.astype(np.int32), u.astype(np.float32), v.astype(np.float32), depth)

    def _hit_chunk(self, origin: torch.Tensor, direction: torch.Tensor, near: torch.Tensor) -> tuple[torch.Tensor, ...]:
        across = torch.linalg.cross(direction[:, None], self._ac[None])
        determinant = (across * self._ab).sum(-1)
        inverse = 1 / torch.where(determinant == 0, torch.nan, determinant)
        offset = origin[:, None] - self._a
        u = (offset * across).sum(-1) * inverse
        turned = torch.linalg.cross(offset, self._ab.expand_as(offset))
        v = (direction[:, None] * turned).sum(-1) * inverse
        depth = (turned * self._ac).sum(-1) * inverse
        inside = (u >= -1e-9) & (v >= -1e-9) & (u + v <= 1 + 1e-9) & (depth > near[:, None])
        depth = torch.where(inside, depth, torch.inf)
        nearest, face = depth.min(1)
        row = torch.arange(len(face))
        return torch.where(nearest.isfinite(), face, -1), u[row, face], v[row, face], nearest
