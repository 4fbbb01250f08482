"""A sphere as cameras see it, for tests of surfaces."""

from __future__ import annotations

import numpy as np

from style3d.core.camera import Camera, fibonacci_directions, look_at
from style3d.mesh_from_field.clean_surface import Shell
from style3d.mesh_from_field.depth_fusion import DepthImage

CENTER = np.array([0.3, -0.2, 0.5])
RADIUS = 1.0


def sphere_depth(camera: Camera) -> np.ndarray:
    """Depth along z of the sphere at every pixel's centre, infinite beside it."""
    rays, away = camera.directions(), camera.position - CENTER
    a, b, c = (rays * rays).sum(1), rays @ away, away @ away - RADIUS**2
    root = b * b - a * c
    depth = np.where(root > 0, (-b - np.sqrt(np.maximum(root, 0))) / a, np.inf)
    return depth.reshape(camera.height, camera.width).astype(np.float32)


def around(count: int = 12, size: int = 96) -> list[Camera]:
    """Cameras on all sides of it."""
    return [look_at(CENTER + 4 * way, CENTER, 36, size) for way in fibonacci_directions(count)]


def sphere_views(count: int = 12, size: int = 96) -> list[DepthImage]:
    """What they see."""
    return [DepthImage(camera, sphere_depth(camera)) for camera in around(count, size)]


def volume_of(shell: Shell) -> float:
    """What a closed shell holds; negative where it is inside out."""
    return float(np.einsum("ij,ij->", shell.positions[shell.faces[:, 0]], shell.crosses)) / 6


def loose_edges(shell: Shell) -> int:
    """Edges that not exactly two faces share, each in its own direction."""
    a, b, c = shell.faces.T
    there = np.concatenate([np.stack(pair, 1) for pair in ((a, b), (b, c), (c, a))])
    ahead = {(int(x), int(y)) for x, y in there}
    return len(there) - len(ahead) + sum((y, x) not in ahead for x, y in ahead)
