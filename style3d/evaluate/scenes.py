"""Footage of scenes: the same cameras before and after, depth from the original's geometry."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from style3d.camera import Camera
from style3d.evaluate.footage import Footage, Picture, Plane, Shot
from style3d.mesh.asset import load_asset
from style3d.mesh.base_color import with_base_color
from style3d.mesh.scene import MeshScene
from style3d.render.lighting import Lighting
from style3d.scene import Scene

GREY = 0.5  # backdrop of measured views: as far from white strokes as from black ones


def open_mesh(path: Path, base_color: Path | None = None, lighting: Lighting = "unlit") -> MeshScene:
    """A model file as it is, at its own texture size; unlit, so that only its own colours are measured.

    Raises:
        Style3DError: the file cannot be read, or has nothing to paint.
    """
    asset = load_asset(path)
    return MeshScene(with_base_color(asset, base_color) if base_color else asset, lighting)


def film(before: Scene, after: Scene, views: int, size: int, depth_of: MeshScene) -> Footage:
    """A turntable of two scenes that share their geometry, seen with the same cameras."""
    cameras = before.portraits(views, size)
    return Footage(after.name, tuple(shoot(before, after, camera, depth_of) for camera in cameras), closed=True)


def shoot(before: Scene, after: Scene, camera: Camera, depth_of: MeshScene) -> Shot:
    """Both scenes in one view."""
    first, mask = picture(before, camera)
    second, after_mask = picture(after, camera)
    return Shot(camera, first, second, depth_of.depth(camera), mask, after_mask)


def picture(scene: Scene, camera: Camera) -> tuple[Picture, Plane]:
    """A view over grey, and how much of each pixel the scene covers."""
    operator = scene.operator(camera, 0)
    image = operator.render(scene.initial(), torch.full((3,), GREY))[0].permute(1, 2, 0).clamp(0, 1)
    alpha = operator.alpha.reshape(camera.height, camera.width).astype(np.float32)
    return np.ascontiguousarray(image.numpy(), dtype=np.float32), alpha
