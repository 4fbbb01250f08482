"""This module finds where a cloud's content lies, without floaters and sky, and where cameras should stand."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
from jaxtyping import Float64
from scipy.spatial import cKDTree

from style3d.core.camera import (
    Camera,
    bounding_sphere,
    fibonacci_directions,
    fitted_camera,
    framed_camera,
    look_at,
    orbit_directions,
)
from style3d.nerf.splats.origin import Up, upright
from style3d.render.splats import Gaussians
from style3d.types import Points, Vector

Vantage = Literal["outside", "inside"]

UPRIGHT = upright("-y")  # between the axes of splat files (y down) and those of cameras here (y up)
MARGIN = 1.2  # an object reaches this much farther than 99 % of it; what lies beyond are floaters
HEAVY_TAIL = 4.0  # 95 % of the content against 50 %, in distance: beyond it a scene has surroundings
SOLID = 0.2  # opacity from which a splat is content
BODY = 20_000  # points that stand for the content when views are framed
FIELD = 65.0  # degrees, of cameras inside


@dataclass(frozen=True)
class Setting:
    """Concretely: a motorcyclist 3 m tall around (0, 1.6, 0), to be looked at from outside. Upright: +Y is up."""

    vantage: Vantage
    center: Float64[np.ndarray, "3"]  # scene units, upright
    radius: float  # of the ball that holds the content, or of the nearer half of it where it is all around
    body: Points  # content within that ball, upright; of an object its rim
    turn: Float64[np.ndarray, "3 3"] = field(default_factory=UPRIGHT.copy)  # from the splats' axes to upright ones

    def turntable(self, count: int, size: int) -> tuple[Camera, ...]:
        """Square pictures of the whole: from around it, or turning round in its middle."""
        if self.vantage == "outside":
            return turned_cameras(
                (framed_camera(direction, self.body, size) for direction in orbit_directions(count)), self.turn
            )
        eye = self._clear(1)[0]
        return turned_cameras(
            (look_at(eye, eye + way, FIELD, size) for way in orbit_directions(count, elevation=0.0)), self.turn
        )

    def overviews(self, count: int, size: int) -> tuple[Camera, ...]:
        """Views spread over the sphere, tightly framed; or from free places inside, half of them facing the middle."""
        if self.vantage == "outside":
            return turned_cameras(
                (fitted_camera(direction, self.body, size) for direction in fibonacci_directions(count)), self.turn
            )
        places = self._clear(-(-count // 2))
        away = fibonacci_directions(len(places)) * [1.0, 0.4, 1.0]
        inward = [look_at(place, self.center + 1e-3 * self.radius, FIELD, size) for place in places]
        outward = [look_at(place, place + way, FIELD, size) for place, way in zip(places, away, strict=True)]
        return turned_cameras(
            [camera for pair in zip(inward, outward, strict=True) for camera in pair][:count], self.turn
        )

    def _clear(self, count: int) -> Points:
        """Places in the middle of the scene, far from anything solid and from one another."""
        generator = np.random.default_rng(0)
        tried = self.center + 0.8 * self.radius * fibonacci_directions(512) * generator.random((512, 1)) ** (1 / 3)
        free, chosen = cKDTree(self.body).query(tried)[0], list[Vector]()
        for _ in range(count):
            chosen.append(tried[int(free.argmax())])
            free = np.minimum(free, np.linalg.norm(tried - chosen[-1], axis=1))
        return np.stack(chosen)


def find_setting(gaussians: Gaussians, vantage: Vantage | None = None, up: Up = "-y") -> Setting:
    """The middle and the size of what is solid; ``vantage`` None decides by how far the content reaches.

    The axis ``up`` of the splats points up.

    Solid splats count alike, since training puts them where there is detail: neither a haze of faint floaters nor a sky
    of a few huge splats moves the result.
    """
    turn = upright(up)
    points = gaussians.means.astype(np.float64) @ turn.T
    solid = gaussians.opacities >= min(SOLID, float(gaussians.opacities.max()))
    points, size = points[solid], 2 * gaussians.scales[solid].max(1, keepdims=True).astype(np.float64)
    middle = np.median(points, axis=0)
    away = points - middle
    distance = np.linalg.norm(away, axis=1)
    half, most, nearly = np.quantile(distance, (0.5, 0.95, 0.99))
    vantage = vantage or ("inside" if most > HEAVY_TAIL * half else "outside")
    reach = float(half if vantage == "inside" else MARGIN * nearly)
    held = np.flatnonzero(distance <= reach)
    held = held[:: max(1, len(held) // BODY)]
    if vantage == "inside":
        return Setting("inside", middle, max(reach, 1e-30), points[held], turn)
    rims = away[held] / np.maximum(distance[held, None], 1e-300) * size[held]
    center, radius = bounding_sphere(points[held] + rims)
    return Setting("outside", center, radius, points[held] + rims, turn)


def contract(points: Points, center: Vector, radius: float) -> Points:
    """Points with all that lies beyond ``radius`` drawn into twice of it (Barron et al. 2022, mip-NeRF 360, eq. 10)."""
    away = (points - center) / radius
    length = np.maximum(np.linalg.norm(away, axis=1, keepdims=True), 1.0)
    drawn: Points = center + radius * away * (2 - 1 / length) / length
    return drawn


def expand(points: Points, center: Vector, radius: float) -> Points:
    """Inverse of `contract`; what lies at twice the radius or beyond comes very far away."""
    away = (points - center) / radius
    length = np.maximum(np.linalg.norm(away, axis=1, keepdims=True), 1.0)
    spread: Points = center + radius * away / length / np.maximum(2 - length, 1e-6)
    return np.where(length > 1, spread, points)


def turned_cameras(cameras: Iterable[Camera], upright_axes: Float64[np.ndarray, "3 3"] = UPRIGHT) -> tuple[Camera, ...]:
    """Upright cameras in the splats' axes, from which ``upright_axes`` turns; as by default, also those upright."""
    turn = np.eye(4)
    turn[:3, :3] = upright_axes.T
    return tuple(replace(camera, camera_to_world=turn @ camera.camera_to_world) for camera in cameras)
