"""A smooth path through given cameras: positions along a spline, turns along the shortest arcs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from jaxtyping import Float64
from scipy.interpolate import PchipInterpolator
from scipy.spatial.transform import Rotation, Slerp

from style3d.camera import Camera
from style3d.types import Indices


def tour(cameras: Sequence[Camera], count: int) -> tuple[Camera, ...]:
    """``count`` cameras along a path through all the given ones, from the first to the last of them.

    The path goes from camera to nearest camera not yet visited. Where it is at a camera it is that camera; between two
    it has the frame of the nearer, with position and turn in between (monotone cubic, spherical linear).
    """
    chain = [cameras[index] for index in nearest_chain(cameras)]
    if len(chain) == 1:
        return (chain[0],) * count
    knots = np.arange(len(chain), dtype=np.float64)
    turns = Slerp(knots, Rotation.from_matrix(np.stack([camera.camera_to_world[:3, :3] for camera in chain])))
    places = PchipInterpolator(knots, np.stack([camera.position for camera in chain]))
    return tuple(_between(chain, place, turns, places) for place in np.linspace(0, len(chain) - 1, count))


def _between(chain: Sequence[Camera], place: float, turns: Slerp, places: PchipInterpolator) -> Camera:
    near = chain[round(place)]
    if place == round(place):
        return near
    pose: Float64[np.ndarray, "4 4"] = np.eye(4)
    pose[:3, :3], pose[:3, 3] = turns(place).as_matrix(), places(place)
    return replace(near, camera_to_world=pose)


def nearest_chain(cameras: Sequence[Camera]) -> Indices:
    """The order that starts with the first camera and goes to the nearest not yet visited."""
    places = np.stack([camera.position for camera in cameras])
    order, left = [0], np.ones(len(cameras), dtype=bool)
    while len(order) < len(cameras):
        left[order[-1]] = False
        away = np.linalg.norm(places - places[order[-1]], axis=1)
        order.append(int(np.where(left, away, np.inf).argmin()))
    return np.array(order, dtype=np.int64)


def sized(camera: Camera, size: int) -> Camera:
    """The same view with ``size`` pixels along its longer side."""
    return camera.scaled(size / max(camera.width, camera.height))


def middle_square(camera: Camera, size: int) -> Camera:
    """The middle square of a view, ``size`` pixels wide."""
    side = min(camera.width, camera.height)
    return camera.crop((camera.width - side) / 2, (camera.height - side) / 2, side, side).scaled(size / side)
