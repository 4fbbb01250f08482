"""A rasteriser tells which triangle a ray meets. This is its interface."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float, Float32, Int32, Int64

from style3d.core.camera import Camera
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


def sample_rays(camera: Camera, samples: int) -> Int64[np.ndarray, "rays"]:
    """Indices of all the rays of a view."""
    return np.arange(camera.width * camera.height * samples * samples, dtype=np.int64)


def ray_order(camera: Camera, samples: int) -> Indices:
    """Pixel of the ``samples`` times larger image that each ray of `Camera.directions` goes through."""
    index = np.arange(camera.height * samples * camera.width * samples)
    blocks = index.reshape(camera.height, samples, camera.width, samples).transpose(0, 2, 1, 3)
    return blocks.reshape(-1)
