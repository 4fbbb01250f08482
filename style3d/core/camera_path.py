"""A camera path passes smoothly through given cameras: positions follow a spline, rotations the shortest arcs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from jaxtyping import Float64
from scipy.interpolate import PchipInterpolator
from scipy.spatial.transform import Rotation, Slerp

from style3d.core.camera import Camera, look_at, orbit_directions
from style3d.types import Indices, Vector


def tour(cameras: Sequence[Camera], count: int) -> tuple[Camera, ...]:
    """``count`` cameras along a path through all the given ones, from the first to the last of them.

    The path goes from camera to nearest camera not yet visited. Where it is at a camera it is that camera; between two
    it has the frame of the nearer, with position and turn in between (monotone cubic, spherical linear).
    """
    chain = [cameras[index] for index in nearest_chain(cameras)]
    return _along(chain, np.arange(len(chain), dtype=np.float64), count)


def walk(cameras: Sequence[Camera], count: int) -> tuple[Camera, ...]:
    """The path of `tour` at an even pace, as a film wants it: more steps where cameras stand farther apart.

    Pace counts the way, in units of how far the cameras stand from their middle, and the turn, in radians.
    """
    chain = [cameras[index] for index in nearest_chain(cameras)]
    places = np.stack([camera.position for camera in chain])
    spread = float(np.linalg.norm(places - places.mean(0), axis=1).mean())
    turns = Rotation.from_matrix(np.stack([camera.camera_to_world[:3, :3] for camera in chain]))
    steps = np.linalg.norm(np.diff(places, axis=0), axis=1) / max(spread, 1e-12)
    steps += (turns[:-1].inv() * turns[1:]).magnitude() if len(chain) > 1 else 0
    moves = np.concatenate([[True], steps > 1e-9])  # photos taken from one tripod are one stop
    stops = [camera for camera, moved in zip(chain, moves, strict=True) if moved]
    return _along(stops, np.concatenate([[0.0], np.cumsum(steps[moves[1:]])]), count)


def orbit(cameras: Sequence[Camera], center: Vector, count: int, size: int) -> tuple[Camera, ...]:
    """``count`` square views of a turn around a point, as far from it, as high above it and as wide as the cameras are.

    Each is the median over the cameras; the turn starts in front (+Z), upright (+Y).
    """
    away = np.stack([camera.position - center for camera in cameras])
    radius = np.maximum(np.linalg.norm(away, axis=1), 1e-12)
    rise = float(np.degrees(np.median(np.arcsin(away[:, 1] / radius))))
    angle = float(np.median([2 * np.arctan(min(c.width, c.height) / (2 * c.focal)) for c in cameras]))
    ways = orbit_directions(count, elevation=rise)
    return tuple(look_at(center + way * np.median(radius), center, float(np.degrees(angle)), size) for way in ways)


def _along(chain: Sequence[Camera], knots: Float64[np.ndarray, "cameras"], count: int) -> tuple[Camera, ...]:
    """Cameras at even steps of a path that is at ``chain[k]`` where its parameter is ``knots[k]``."""
    if len(chain) == 1:
        return (chain[0],) * count
    turns = Slerp(knots, Rotation.from_matrix(np.stack([camera.camera_to_world[:3, :3] for camera in chain])))
    places = PchipInterpolator(knots, np.stack([camera.position for camera in chain]))
    found = []
    for at in np.linspace(0, knots[-1], count):
        near = int(np.abs(knots - at).argmin())
        pose: Float64[np.ndarray, "4 4"] = np.eye(4)
        pose[:3, :3], pose[:3, 3] = turns(at).as_matrix(), places(at)
        found.append(chain[near] if at == knots[near] else replace(chain[near], camera_to_world=pose))
    return tuple(found)


def nearest_chain(cameras: Sequence[Camera]) -> Indices:
    """The order that starts with the first camera and goes to the nearest not yet visited."""
    places = np.stack([camera.position for camera in cameras])
    order, left = [0], np.ones(len(cameras), dtype=bool)
    while len(order) < len(cameras):
        left[order[-1]] = False
        away = np.linalg.norm(places - places[order[-1]], axis=1)
        order.append(int(np.where(left, away, np.inf).argmin()))
    return np.array(order, dtype=np.int64)


def camera_of_size(camera: Camera, size: int) -> Camera:
    """The same view with ``size`` pixels along its longer side."""
    return camera.at_scale(size / max(camera.width, camera.height))


def middle_square(camera: Camera, size: int) -> Camera:
    """The middle square of a view, ``size`` pixels wide."""
    side = min(camera.width, camera.height)
    return camera.crop((camera.width - side) / 2, (camera.height - side) / 2, side, side).at_scale(size / side)
