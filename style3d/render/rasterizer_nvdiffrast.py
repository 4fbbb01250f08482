"""nvdiffrast rasterises on CUDA GPUs where it is installed. Its licence forbids commercial use."""

from __future__ import annotations

from typing import Any, final

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from style3d.core.camera import Camera
from style3d.device import device_for
from style3d.errors import Style3DError
from style3d.optional.libraries import need
from style3d.render.rasterizer import Hits, Rasterizer, ray_order
from style3d.render.surface import Surface
from style3d.types import Indices

DEPTH_LAYERS = 8


@final
class NvdiffrastRasterizer(Rasterizer):
    """CUDA rasterisation with depth peeling, so that layers behind a see-through one are there."""

    def __init__(self, surface: Surface) -> None:
        dr = need("nvdiffrast.torch")
        device = device_for("nvdiffrast")
        if device is None:
            raise Style3DError("the rasteriser nvdiffrast needs a CUDA GPU", hint="use --rasterizer embree")
        self._dr: Any = dr
        self._device = device
        self._context = dr.RasterizeCudaContext()
        self._surface = surface
        self._faces = torch.from_numpy(surface.faces).int().to(device)

    def cast(self, camera: Camera, samples: int, rays: Indices, beyond: Float[np.ndarray, "rays"]) -> Hits:
        """First hits; see `Rasterizer.cast`."""
        wide = camera.at_scale(samples)
        clip = self._clip(wide)
        depths = torch.from_numpy(wide.project(self._surface.positions)[1]).float().to(self._device)
        order = torch.from_numpy(ray_order(camera, samples)[rays]).to(self._device)
        limit = torch.from_numpy(np.where(beyond > 0, beyond * (1 + 1e-5), 0.0)).float().to(self._device)
        size = (-(-wide.height // 8) * 8, -(-wide.width // 8) * 8)
        face = torch.full_like(limit, -1).int()
        u, v, depth = torch.zeros_like(limit), torch.zeros_like(limit), torch.full_like(limit, torch.inf)
        with self._dr.DepthPeeler(self._context, clip[None], self._faces, size) as peeler:
            for _ in range(DEPTH_LAYERS):
                layer = peeler.rasterize_next_layer()[0][0, : wide.height, : wide.width].reshape(-1, 4)[order]
                here = layer[:, 3].int() - 1
                corner = depths[self._faces[here.clamp_min(0)].long()]
                b, c = layer[:, 1], 1 - layer[:, 0] - layer[:, 1]
                z = corner[:, 0] * layer[:, 0] + corner[:, 1] * b + corner[:, 2] * c
                new = (face < 0) & (here >= 0) & (z > limit)
                face, u, v = torch.where(new, here, face), torch.where(new, b, u), torch.where(new, c, v)
                depth = torch.where(new, z, depth)
        return Hits(face.cpu().numpy(), u.cpu().numpy(), v.cpu().numpy(), depth.cpu().numpy())

    def _clip(self, camera: Camera) -> Tensor:
        """OpenGL clip coordinates, row 0 at the top, of a frame padded to multiples of eight pixels."""
        points = (self._surface.positions - camera.position) @ camera.camera_to_world[:3, :3]
        width, height = -(-camera.width // 8) * 8, -(-camera.height // 8) * 8
        x = 2 * (camera.focal * points[:, 0] + camera.cx * points[:, 2]) / width - points[:, 2]
        y = 2 * (camera.focal * points[:, 1] + camera.cy * points[:, 2]) / height - points[:, 2]
        near, far = 1e-3 * points[:, 2].max(), 2 * points[:, 2].max()
        z = (points[:, 2] * (far + near) - 2 * far * near) / (far - near)
        return torch.from_numpy(np.stack([x, y, z, points[:, 2]], 1)).float().to(self._device)
