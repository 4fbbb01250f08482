"""A lens maps a direction to a place on the photo, for every lens model that captures name."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, final

import numpy as np
from jaxtyping import Float64

Plane = Float64[np.ndarray, "n 2"]
Directions = Float64[np.ndarray, "n 3"]
WIDEST = math.radians(50)  # half the angle of the pinhole view cut from a fisheye photo
RADII = np.linspace(0, 6, 2001)  # where a lens is checked for folding back on itself


class Distortion(ABC):
    """How a lens maps directions (x right, y down, z forward) to the plane at distance one."""

    @abstractmethod
    def plane(self, directions: Directions) -> Plane:
        """Coordinates on the image plane in focal lengths; NaN where the lens sees nothing."""

    @property
    def sees_wide(self) -> bool:
        """Whether it may see more than a pinhole view can hold."""
        return True


@final
@dataclass(frozen=True)
class Brown(Distortion):
    """Radial and tangential distortion of a rectilinear lens (Brown 1966), rational as in OpenCV. Zeros: a pinhole."""

    k: tuple[float, ...] = ()  # k1 … k6; from k4 on in the denominator
    p: tuple[float, float] = (0.0, 0.0)

    @property
    def sees_wide(self) -> bool:
        """A rectilinear photo fits a pinhole view."""
        return False

    def _factor(self, r2: Any) -> Any:
        k1, k2, k3, k4, k5, k6 = (*self.k, *([0.0] * (6 - len(self.k))))
        return (1 + r2 * (k1 + r2 * (k2 + r2 * k3))) / (1 + r2 * (k4 + r2 * (k5 + r2 * k6)))

    def plane(self, directions: Directions) -> Plane:
        """See `Distortion.plane`."""
        z = np.where(directions[:, 2] > 1e-6, directions[:, 2], np.nan)
        x, y = directions[:, 0] / z, directions[:, 1] / z
        r2, (p1, p2) = x * x + y * y, self.p
        factor = np.where(r2 <= _largest_radius(lambda r: r * self._factor(r * r)) ** 2, self._factor(r2), np.nan)
        u = x * factor + 2 * p1 * x * y + p2 * (r2 + 2 * x * x)
        v = y * factor + 2 * p2 * x * y + p1 * (r2 + 2 * y * y)
        return np.stack([u, v], 1)


@final
@dataclass(frozen=True)
class Fisheye(Distortion):
    """Equidistant lens with a polynomial in the angle (Kannala & Brandt 2006), tangential and thin-prism terms.

    ``late``: those terms act on the coordinates after the polynomial (Project Aria's 6 + 2 + 4 numbers) instead of
    before it (COLMAP's THIN_PRISM_FISHEYE).
    """

    k: tuple[float, ...] = ()
    p: tuple[float, float] = (0.0, 0.0)
    prism: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)  # x: r², r⁴; y: r², r⁴
    late: bool = False

    def _angle(self, theta: Any) -> Any:
        return theta * (1 + sum(k * theta ** (2 * i) for i, k in enumerate(self.k, 1)))

    def plane(self, directions: Directions) -> Plane:
        """See `Distortion.plane`."""
        x, y, z = directions.T
        flat = np.hypot(x, y)
        theta = np.arctan2(flat, z)
        theta = np.where(theta <= min(_largest_radius(self._angle), math.pi), theta, np.nan)
        distorted, scale = self._angle(theta), 1 / np.maximum(flat, 1e-12)
        base = distorted if self.late else theta
        u, v, r2 = x * scale * base, y * scale * base, base * base
        (p1, p2), (a, b, c, d) = (self.p[::-1] if self.late else self.p), self.prism
        du = 2 * p1 * u * v + p2 * (r2 + 2 * u * u) + a * r2 + b * r2 * r2
        dv = 2 * p2 * u * v + p1 * (r2 + 2 * v * v) + c * r2 + d * r2 * r2
        return np.stack([x * scale * distorted + du, y * scale * distorted + dv], 1)


@final
@dataclass(frozen=True)
class FieldOfView(Distortion):
    """One-parameter fisheye (Devernay & Faugeras 2001)."""

    omega: float  # radians

    def plane(self, directions: Directions) -> Plane:
        """See `Distortion.plane`."""
        z = np.where(directions[:, 2] > 1e-6, directions[:, 2], np.nan)
        x, y = directions[:, 0] / z, directions[:, 1] / z
        radius = np.hypot(x, y)
        if abs(self.omega) < 1e-6:
            return np.stack([x, y], 1)
        distorted = np.arctan(2 * radius * math.tan(self.omega / 2)) / self.omega
        scale = distorted / np.maximum(radius, 1e-12)
        return np.stack([x * scale, y * scale], 1)


@final
@dataclass(frozen=True)
class Panorama(Distortion):
    """Longitude and latitude; its focal lengths are the photo's width and height."""

    def plane(self, directions: Directions) -> Plane:
        """See `Distortion.plane`."""
        x, y, z = directions.T
        return np.stack([np.arctan2(x, z) / (2 * math.pi), np.arctan2(y, np.hypot(x, z)) / math.pi], 1)


@final
@dataclass(frozen=True)
class Lens:
    """A photo's intrinsics. Concretely: 1375.5 pixels of focal length on 1080 × 1920, k1 = 0.058."""

    fx: float  # pixels
    fy: float
    cx: float  # pixels from the left edge; pixel centres at +0.5
    cy: float
    width: int
    height: int
    distortion: Distortion = Brown()

    def pixels(self, directions: Directions) -> Plane:
        """Where directions fall on the photo, pixels; NaN where the lens does not see them."""
        return self.distortion.plane(directions) * [self.fx, self.fy] + [self.cx, self.cy]

    def with_size(self, width: int, height: int) -> Lens:
        """The lens of the same photo at another size."""
        x, y = width / self.width, height / self.height
        return Lens(self.fx * x, self.fy * y, self.cx * x, self.cy * y, width, height, self.distortion)

    @property
    def rectilinear(self) -> bool:
        """Whether the photo is a pinhole image with square pixels already."""
        straight = isinstance(self.distortion, Brown) and not any((*self.distortion.k, *self.distortion.p))
        return straight and abs(self.fx - self.fy) < 1e-4 * self.fx


def pinhole_view(lens: Lens) -> tuple[float, float, float, int, int]:
    """Focal length, principal point and size of the pinhole view that the photo is resampled to, pixels."""
    if isinstance(lens.distortion, Panorama):
        side = max(1, lens.width // 4)
        return side / 2, side / 2, side / 2, side, side
    focal = math.sqrt(lens.fx * lens.fy)
    if not lens.distortion.sees_wide:
        return focal, lens.cx * focal / lens.fx, lens.cy * focal / lens.fy, lens.width, lens.height
    half = [focal * math.tan(min(WIDEST, side / 2 / focal)) for side in (lens.width, lens.height)]
    return focal, half[0], half[1], max(1, round(2 * half[0])), max(1, round(2 * half[1]))


def _largest_radius(radial: Callable[[Any], Any]) -> float:
    """The radius up to which a radial function grows: beyond, the lens model folds back on itself."""
    falling = np.flatnonzero(np.diff(radial(RADII)) <= 0)
    return float(RADII[falling[0]]) if len(falling) else math.inf
