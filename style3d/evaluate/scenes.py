"""Footage of scenes: the same cameras before and after, depth from the original's geometry."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
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
from style3d.types import Flags, Indices

Progress = Callable[[int], None]
GREY = 0.5  # backdrop of measured views: as far from white strokes as from black ones


def open_mesh(path: Path, base_color: Path | None = None, lighting: Lighting = "unlit") -> MeshScene:
    """A model file as it is, at its own texture size; unlit, so that only its own colours are measured.

    Raises:
        Style3DError: the file cannot be read, or has nothing to paint.
    """
    asset = load_asset(path)
    return MeshScene(with_base_color(asset, base_color) if base_color else asset, lighting)


@dataclass(frozen=True)
class Film:
    """Footage of two scenes, and which entries of the second one's table it shows."""

    footage: Footage
    seen: Flags  # (entries,)


def film(before: MeshScene, after: MeshScene, views: int, size: int, progress: Progress) -> Film:
    """A turntable of two meshes that share their geometry, seen with the same cameras.

    Args:
        size: pixels along a side of a view.
        progress: hears how many views are done.
    """
    seen = np.zeros(after.hierarchy.sizes[0], dtype=bool)
    shots = []
    for number, camera in enumerate(before.portraits(views, size), 1):
        first, mask, _ = picture(before, camera)
        second, after_mask, entries = picture(after, camera)
        seen[entries] = True
        shots.append(Shot(camera, first, second, before.depth(camera), mask, after_mask))
        progress(number)
    return Film(Footage(after.name, tuple(shots), closed=True), seen)


def picture(scene: Scene, camera: Camera) -> tuple[Picture, Plane, Indices]:
    """A view over grey, how much of each pixel the scene covers, and the entries it shows."""
    operator = scene.operator(camera, 0)
    image = operator.render(scene.initial(), torch.full((3,), GREY))[0].permute(1, 2, 0).clamp(0, 1)
    alpha = operator.alpha.reshape(camera.height, camera.width).astype(np.float32)
    return np.ascontiguousarray(image.numpy(), dtype=np.float32), alpha, operator.entries
