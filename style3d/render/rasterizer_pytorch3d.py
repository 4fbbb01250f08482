"""pytorch3d's mesh rasteriser is used where it is built."""

from __future__ import annotations

from typing import Any, final

import numpy as np
import torch
from jaxtyping import Float

from style3d.core.camera import Camera
from style3d.device import device_for
from style3d.optional.libraries import need
from style3d.render.rasterizer import Hits, Rasterizer, ray_order
from style3d.render.surface import Surface
from style3d.types import Indices

DEPTH_LAYERS = 8


@final
class Pytorch3dRasterizer(Rasterizer):
    """`rasterize_meshes` with up to eight faces a pixel, so that layers behind a see-through one are there."""

    def __init__(self, surface: Surface) -> None:
        self._rasterize: Any = need("pytorch3d.renderer.mesh.rasterize_meshes").rasterize_meshes
        self._meshes: Any = need("pytorch3d.structures").Meshes
        self._surface = surface
        self._device = device_for("pytorch3d") or torch.device("cpu")

    def cast(self, camera: Camera, samples: int, rays: Indices, beyond: Float[np.ndarray, "rays"]) -> Hits:
        """First hits; see `Rasterizer.cast`."""
        wide = camera.at_scale(samples)
        pixels, depth = wide.project(self._surface.positions)
        # Screen space of pytorch3d: x left, y up, the shorter side spans [-1, 1].
        half = min(wide.width, wide.height) / 2
        screen = np.stack([(wide.width / 2 - pixels[:, 0]) / half, (wide.height / 2 - pixels[:, 1]) / half, depth], 1)
        points = torch.from_numpy(screen).float().to(self._device)
        mesh = self._meshes([points], [torch.from_numpy(self._surface.faces.astype(np.int64)).to(self._device)])
        face, z, bary, _ = self._rasterize(
            mesh, (wide.height, wide.width), 0.0, DEPTH_LAYERS, perspective_correct=True, cull_backfaces=False
        )
        order = ray_order(camera, samples)[rays]
        face, z = (part[0].reshape(-1, DEPTH_LAYERS).cpu().numpy()[order] for part in (face, z))
        bary = bary[0].reshape(-1, DEPTH_LAYERS, 3).cpu().numpy()[order]
        shown = (face >= 0) & (z > np.where(beyond > 0, beyond * (1 + 1e-5), 0.0)[:, None])
        first, row = shown.argmax(1), np.arange(len(order))
        found = np.where(shown.any(1), face[row, first], -1).astype(np.int32)
        return Hits(found, bary[row, first, 1], bary[row, first, 2], z[row, first])
