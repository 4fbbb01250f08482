"""A pinhole camera has OpenCV axes (x right, y down, z forward), pixel centres at +0.5 and intrinsics in pixels."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float, Float64

from style3d.types import Points, Vector


@dataclass(frozen=True)
class Camera:
    """One view: where it stands and how it projects.

    Concretely: 1.5 units in front of a cow, 40° wide, 512 x 512 pixels. It assumes a pinhole with square pixels and
    no distortion; photos are freed of theirs before. Axes are OpenCV's: x right, y down, z forward. Depth is
    measured along z and not along the ray. A crop is the same camera with a moved principal point, so a close-up
    keeps the perspective of the view that it is cut from. Two cameras with equal numbers have equal keys, which
    caches of views rely on.

    ``camera_to_world`` has the columns right, down, forward and position. ``focal``, ``cx`` and ``cy`` are in
    pixels, and so are ``width`` and ``height``.

    Examples:
        >>> import numpy as np
        >>> camera = Camera(np.eye(4), focal=100.0, cx=32.0, cy=32.0, width=64, height=64)  # at the origin, along +z
        >>> pixels, depth = camera.project(np.array([[0.1, 0.0, 2.0]]))
        >>> pixels.tolist(), depth.tolist()
        ([[37.0, 32.0]], [2.0])
        >>> camera.crop(32, 0, 16, 64).project(np.array([[0.1, 0.0, 2.0]]))[0].tolist()
        [[5.0, 32.0]]
    """

    camera_to_world: Float64[np.ndarray, "4 4"]  # columns: right, down, forward, position (scene units)
    focal: float  # pixels; square pixels
    cx: float  # principal point, pixels from the left edge
    cy: float  # principal point, pixels from the top edge
    width: int
    height: int

    @property
    def position(self) -> Float64[np.ndarray, "3"]:
        """Centre of projection, scene units."""
        return self.camera_to_world[:3, 3]

    def directions(self, samples: int = 1) -> Float64[np.ndarray, "rays 3"]:
        """World directions with unit depth (not unit length), ``samples``² a pixel, all of a pixel's rays together."""
        offsets = (np.arange(samples) + 0.5) / samples
        y, x, sy, sx = np.meshgrid(np.arange(self.height), np.arange(self.width), offsets, offsets, indexing="ij")
        local = np.stack([(x + sx - self.cx) / self.focal, (y + sy - self.cy) / self.focal, np.ones_like(sx)], -1)
        return local.reshape(-1, 3) @ self.camera_to_world[:3, :3].T

    def project(self, points: Points) -> tuple[Float[np.ndarray, "points 2"], Float[np.ndarray, "points"]]:
        """Pixel coordinates (x, y) and depth (scene units; negative is behind) of world points."""
        local = (points - self.position) @ self.camera_to_world[:3, :3]
        depth = local[:, 2]
        safe = np.where(np.abs(depth) < 1e-300, 1e-300, depth)
        return local[:, :2] / safe[:, None] * self.focal + np.array([self.cx, self.cy]), depth

    def unproject(self, pixels: Float[np.ndarray, "points 2"], depth: Float[np.ndarray, "points"]) -> Points:
        """World points at the given depths; inverse of `project`."""
        local = np.concatenate([(pixels - np.array([self.cx, self.cy])) / self.focal, np.ones((len(pixels), 1))], 1)
        return (local * depth[:, None]) @ self.camera_to_world[:3, :3].T + self.position

    def crop(self, left: float, top: float, width: int, height: int) -> Camera:
        """The window of this view whose top left corner is at (left, top); it may reach past the frame."""
        return replace(self, cx=self.cx - left, cy=self.cy - top, width=int(width), height=int(height))

    def at_scale(self, factor: float) -> Camera:
        """The same view with ``factor`` times the pixels along each side (at least one)."""
        size = max(1, round(self.width * factor)), max(1, round(self.height * factor))
        return Camera(self.camera_to_world, self.focal * factor, self.cx * factor, self.cy * factor, *size)

    def key(self) -> str:
        """Content hash: equal cameras have equal keys."""
        numbers = np.array([self.focal, self.cx, self.cy, self.width, self.height], dtype=np.float64)
        return hashlib.sha256(self.camera_to_world.tobytes() + numbers.tobytes()).hexdigest()


def look_at(position: Vector, target: Vector, fov: float, size: int) -> Camera:
    """A square camera at ``position`` facing ``target``, upright (+Y), ``fov`` degrees wide."""
    forward = (target - position) / np.linalg.norm(target - position)
    up = np.array([0.0, 1.0, 0.0]) if abs(forward[1]) < 0.999 else np.array([0.0, 0.0, -1.0])
    right = np.cross(forward, up)
    right /= np.linalg.norm(right)
    matrix = np.eye(4)
    matrix[:3, :3] = np.stack([right, np.cross(forward, right), forward], 1)
    matrix[:3, 3] = position
    focal = size / 2 / math.tan(math.radians(fov) / 2)
    return Camera(matrix, focal, size / 2, size / 2, size, size)


def fibonacci_directions(count: int) -> Float64[np.ndarray, "count 3"]:
    """Unit vectors spread evenly over the sphere along a golden-angle spiral."""
    index = np.arange(count) + 0.5
    y = 1 - 2 * index / count
    angle = math.pi * (1 + math.sqrt(5)) * index
    ring = np.sqrt(np.maximum(0, 1 - y * y))
    return np.stack([ring * np.cos(angle), y, ring * np.sin(angle)], 1)


def orbit_directions(count: int, elevation: float = 15.0) -> Float64[np.ndarray, "count 3"]:
    """Unit vectors of a turntable: ``count`` steps around +Y at ``elevation`` degrees, starting in front (+Z)."""
    turn = 2 * math.pi * np.arange(count) / count
    rise = math.radians(elevation)
    flat = math.cos(rise)
    return np.stack([flat * np.sin(turn), np.full(count, math.sin(rise)), flat * np.cos(turn)], 1)


def bounding_sphere(points: Points) -> tuple[Float64[np.ndarray, "3"], float]:
    """Centre of the axis-aligned box and the radius that holds every point; the radius is never zero."""
    center = (points.min(0) + points.max(0)) / 2
    radius = float(np.linalg.norm(points - center, axis=1).max())
    return center, radius if radius > 0 else 1.0


def fitted_camera(direction: Vector, points: Points, size: int, fov: float = 35.0, margin: float = 0.03) -> Camera:
    """A view along ``-direction`` whose frame is just filled by ``points``: the longer side is ``size`` pixels.

    The shorter is at least a third of it, so that something flat seen from its edge still makes an image.
    """
    center, radius = bounding_sphere(points)
    distance = radius / math.sin(math.radians(fov) / 2)
    camera = look_at(center + direction * distance, center, fov, size)
    pixels, _ = camera.project(points)
    low, high = pixels.min(0), pixels.max(0)
    pad = margin * max(float((high - low).max()), 1e-9 * size)
    low, high = low - pad, high + pad
    factor = size / float((high - low).max())
    width, height = (max(math.ceil(size / 3), math.ceil(side * factor)) for side in high - low)
    wide = Camera(camera.camera_to_world, camera.focal * factor, camera.cx * factor, camera.cy * factor, width, height)
    middle = (low + high) / 2 * factor
    return wide.crop(middle[0] - width / 2, middle[1] - height / 2, min(width, size), min(height, size))


def framed_camera(direction: Vector, points: Points, size: int, fov: float = 35.0) -> Camera:
    """A square view of the whole bounding sphere: every direction shows the object at one scale, for pictures."""
    center, radius = bounding_sphere(points)
    return look_at(center + direction * radius / math.sin(math.radians(fov) / 2), center, fov, size)
