"""Footage of scenes: the same cameras before and after, depth from the original's geometry."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from style3d.camera import Camera
from style3d.evaluate.footage import Footage, Shot
from style3d.job import FieldJob
from style3d.mesh.asset import load_asset
from style3d.mesh.base_color import with_base_color
from style3d.mesh.scene import MeshScene
from style3d.operator import ViewOperator
from style3d.render.lighting import Lighting
from style3d.scene import Scene
from style3d.scenes import load
from style3d.types import Flags, Picture, Plane

Progress = Callable[[int], None]
FIELDS = (".spz", ".splat", ".ksplat", ".sog", ".safetensors")
MARKS = (b"f_dc_0", b"packed_position", b"KHR_gaussian_splatting")  # in the head of .ply and .glb files of splats
HEAD = 1 << 16  # bytes
OPAQUE = 0.97
GREY = 0.5  # backdrop of measured views: as far from white strokes as from black ones


def open_mesh(path: Path, base_color: Path | None = None, lighting: Lighting = "unlit") -> MeshScene:
    """A model file as it is, at its own texture size; unlit, so that only its own colours are measured.

    Raises:
        Style3DError: the file cannot be read, or has nothing to paint.
    """
    asset = load_asset(path)
    return MeshScene(with_base_color(asset, base_color) if base_color else asset, lighting)


def open_scene(path: Path, base_color: Path | None, lighting: Lighting, style: Path | None) -> Scene:
    """A mesh, or a radiance field, by what the file holds.

    Raises:
        Style3DError: the file cannot be read, or has nothing to paint.
    """
    if not is_field(path):
        return open_mesh(path, base_color, lighting)
    return load(FieldJob(path, style=(style or path,)))  # a job names a style; loading reads none


def is_field(path: Path) -> bool:
    """Whether a path holds a radiance field: the folder of a capture, a grid, or Gaussian splats."""
    if path.is_dir() or path.suffix.lower() in FIELDS:
        return True
    try:
        with path.open("rb") as stream:
            head = stream.read(HEAD)
    except OSError:  # who reads the file says what is wrong with it
        return False
    return any(mark in head for mark in MARKS)


@dataclass(frozen=True)
class Film:
    """Footage of two scenes, and which entries of the second one's table it shows."""

    footage: Footage
    seen: Flags  # (entries,)


def film(before: Scene, after: Scene, views: int, size: int, progress: Progress) -> Film:
    """A walk around two scenes that share their geometry, seen with the same cameras.

    Args:
        size: pixels along a side of a view.
        progress: hears how many views are done.
    """
    seen = np.zeros(after.hierarchy.sizes[0], dtype=bool)
    shots = []
    for number, camera in enumerate(before.portraits(views, size), 1):
        operator, painted = before.operator(camera, 0), after.operator(camera, 0)
        depth = before.depth(camera) if isinstance(before, MeshScene) else composited_depth(before, camera, operator)
        seen[painted.entries] = True
        first, second = picture(before, operator), picture(after, painted)
        shots.append(Shot(camera, first, second, depth, coverage(operator), coverage(painted)))
        progress(number)
    return Film(Footage(after.name, tuple(shots), closed=True), seen)


def composited_depth(scene: Scene, camera: Camera, operator: ViewOperator) -> Plane:
    """Mean depth along the camera's z of what a view's pixels show, by the weights that colour them (A_v itself).

    Infinite where less than half of a pixel is covered.
    """
    along = camera.project(scene.points(0)[operator.entries])[1]
    sums = operator.matrix.row_sums()
    total = operator.matrix.apply(torch.from_numpy(np.repeat(along[:, None], 3, 1)))[:, 0].numpy()
    depth = np.where(sums > 0.5, total / np.maximum(sums, 1e-12), np.inf)
    return depth.astype(np.float32).reshape(camera.height, camera.width)


def picture(scene: Scene, operator: ViewOperator) -> Picture:
    """A view over grey."""
    image = operator.render(scene.initial(), torch.full((3,), GREY))[0].permute(1, 2, 0).clamp(0, 1)
    return np.ascontiguousarray(image.numpy(), dtype=np.float32)


def coverage(operator: ViewOperator) -> Plane:
    """How much of each pixel is object; nearly all counts as all, since splats and voxels are never quite opaque."""
    alpha = operator.alpha.reshape(operator.height, operator.width).astype(np.float32)
    return np.where(alpha > OPAQUE, np.float32(1), alpha)
