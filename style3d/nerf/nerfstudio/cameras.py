"""Cameras are converted between nerfstudio's conventions and ours."""

from __future__ import annotations

import numpy as np
import torch
from nerfstudio.cameras.cameras import Cameras, CameraType

from style3d.core.camera import Camera

FLIP = np.array([1.0, -1.0, -1.0, 1.0])  # OpenGL's axes (x right, y up, z back) to OpenCV's, and back


def from_nerfstudio(cameras: Cameras, index: int, resolution: int) -> Camera:
    """The pinhole camera that stands where number ``index`` stands, its longer side ``resolution`` pixels.

    Lens distortion and pixels that are not square are left out: a field can be seen by any camera.
    """
    pose = np.eye(4)
    pose[:3, :4] = cameras.camera_to_worlds[index].cpu().double().numpy()
    width, height, fx, fy, cx, cy = (
        float(getattr(cameras, name)[index].item()) for name in ("width", "height", "fx", "fy", "cx", "cy")
    )
    scale = resolution / max(width, height)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return Camera(pose * FLIP, scale * (fx * fy) ** 0.5, scale * cx, scale * cy, *size)


def to_nerfstudio(camera: Camera, device: torch.device | str) -> Cameras:
    """One of our cameras as a batch of one of nerfstudio's."""
    pose = torch.from_numpy((camera.camera_to_world * FLIP)[None, :3, :4].astype(np.float32))
    return Cameras(
        pose, camera.focal, camera.focal, camera.cx, camera.cy, camera.width, camera.height,
        camera_type=CameraType.PERSPECTIVE,
    ).to(device)  # fmt: skip
