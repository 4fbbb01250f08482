"""Which triangle does a ray see? The seam between the renderer and whatever answers that, and the Embree answer."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, Literal, final

import numpy as np
from jaxtyping import Float, Float32, Int32, Int64

from style3d.core.camera import Camera, bounding_sphere
from style3d.errors import Style3DError
from style3d.render.surface import Surface
from style3d.types import Indices, Points

RasterizerName = Literal["embree", "torch", "pytorch3d", "nvdiffrast"]


@dataclass(frozen=True)
class Hits:
    """The first triangle along each ray. Concretely: face 17 at 0.2·b + 0.3·c + 0.5·a, 1.5 units deep; or face -1."""

    face: Int32[np.ndarray, "rays"]  # -1: nothing
    u: Float32[np.ndarray, "rays"]  # barycentric weight of the face's second vertex
    v: Float32[np.ndarray, "rays"]  # barycentric weight of the third
    depth: Float[np.ndarray, "rays"]  # multiples of the ray's direction; undefined where nothing is hit


class Rasterizer(ABC):
    """Answers visibility for one surface. Built once; safe to ask from several threads."""

    @abstractmethod
    def cast(self, camera: Camera, samples: int, rays: Indices, beyond: Float[np.ndarray, "rays"]) -> Hits:
        """First hits deeper than ``beyond`` (0: from the camera) of the listed rays of `Camera.directions(samples)`."""


class RayCaster(ABC):
    """Answers for arbitrary rays: what planning views needs beside `Rasterizer`."""

    @abstractmethod
    def trace(self, origins: Points, directions: Points) -> Hits:
        """First hits of rays given in scene units; ``depth`` counts in directions."""


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


def build_rasterizer(name: RasterizerName, surface: Surface) -> Rasterizer:
    """The rasteriser called ``name``; the optional ones are imported only here."""
    if name == "embree":
        return EmbreeRasterizer(surface)
    if name == "torch":
        from style3d.render.torch_rasterizer import TorchRasterizer

        return TorchRasterizer(surface)
    if name == "pytorch3d":
        from style3d.render.pytorch3d_rasterizer import Pytorch3dRasterizer

        return Pytorch3dRasterizer(surface)
    if name == "nvdiffrast":
        from style3d.render.nvdiffrast_rasterizer import NvdiffrastRasterizer

        return NvdiffrastRasterizer(surface)
    raise Style3DError(f"no rasteriser is called '{name}'", expected="embree, torch, pytorch3d or nvdiffrast")


def sample_rays(camera: Camera, samples: int) -> Int64[np.ndarray, "rays"]:
    """Indices of all the rays of a view."""
    return np.arange(camera.width * camera.height * samples * samples, dtype=np.int64)
