"""Embree tells which triangle a ray meets."""

from __future__ import annotations

from typing import Any, final

import numpy as np
from jaxtyping import Float

from style3d.core.camera import Camera, bounding_sphere
from style3d.render.rasterizer import Hits, Rasterizer, RayCaster
from style3d.render.surface import Surface
from style3d.types import Indices, Points


@final
class EmbreeRasterizer(Rasterizer, RayCaster):
    """Intel Embree through embreex: single precision, in coordinates scaled to the unit sphere."""

    def __init__(self, surface: Surface) -> None:
        from embreex.mesh_construction import TriangleMesh
        from embreex.rtcore_scene import EmbreeScene

        self._center, self._radius = bounding_sphere(surface.positions[np.unique(surface.faces)])
        scaled = ((surface.positions - self._center) / self._radius).astype(np.float32)
        self._scene: Any = EmbreeScene()
        self._mesh = TriangleMesh(self._scene, scaled, np.ascontiguousarray(surface.faces))

    def trace(self, origins: Points, directions: Points) -> Hits:
        """First hits; see `RayCaster.trace`."""
        start = ((origins - self._center) / self._radius).astype(np.float32)
        along = (directions / self._radius).astype(np.float64)
        length = np.linalg.norm(along, axis=1)
        unit = (along / length[:, None]).astype(np.float32)
        found = self._scene.run(np.ascontiguousarray(start), np.ascontiguousarray(unit), query="INTERSECT", output=1)
        return Hits(found["primID"], found["u"], found["v"], found["tfar"] / length)

    def cast(self, camera: Camera, samples: int, rays: Indices, beyond: Float[np.ndarray, "rays"]) -> Hits:
        """First hits; see `Rasterizer.cast`."""
        directions = camera.directions(samples)
        if len(rays) != len(directions):
            directions = directions[rays]
        skipped = np.where(beyond > 0, beyond + 1e-5 * np.maximum(self._radius, beyond), 0.0)
        hits = self.trace(camera.position + directions * skipped[:, None], directions)
        return Hits(hits.face, hits.u, hits.v, hits.depth + skipped)
