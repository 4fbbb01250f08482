"""Cameras: round trips, crops, and frames that fit."""

from __future__ import annotations

import numpy as np
import pytest

from style3d.core.camera import fibonacci_directions, fitted_camera, look_at, orbit_directions

POINTS = np.random.default_rng(0).normal(size=(50, 3))


@pytest.mark.parametrize(
    "direction", [*fibonacci_directions(12), np.array([0.0, 1.0, 0.0]), np.array([0.0, -1.0, 0.0])]
)
def test_round_trip(direction: np.ndarray) -> None:
    camera = fitted_camera(direction, POINTS, 256)
    pixels, depth = camera.project(POINTS)
    assert np.allclose(camera.unproject(pixels, depth), POINTS)
    rotation = camera.camera_to_world[:3, :3]
    assert np.allclose(rotation @ rotation.T, np.eye(3))
    assert np.linalg.det(rotation) == pytest.approx(1)


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
def test_fitted_frames_are_full(scale: float) -> None:
    points = POINTS * scale + 5 * scale
    camera = fitted_camera(np.array([0.6, 0.0, 0.8]), points, 200)
    pixels, _ = camera.project(points)
    assert (pixels >= 0).all()
    assert (pixels <= [camera.width, camera.height]).all()
    assert max(camera.width, camera.height) == 200
    assert np.ptp(pixels, axis=0).max() > 180


def test_rays_go_through_pixel_centres() -> None:
    camera = look_at(np.array([0.0, 0.5, 3.0]), np.zeros(3), 50, 8)
    points = camera.position + 2.0 * camera.directions()
    pixels, depth = camera.project(points)
    assert np.allclose(depth, 2.0)
    assert np.allclose(pixels[:9], [[x + 0.5, 0.5] for x in range(8)] + [[0.5, 1.5]])


def test_a_crop_sees_the_same() -> None:
    camera = look_at(np.array([0.0, 0.5, 3.0]), np.zeros(3), 50, 64)
    window = camera.crop(10, 20, 16, 8)
    assert np.allclose(window.project(POINTS)[0] + [10, 20], camera.project(POINTS)[0])
    assert np.allclose(window.directions().reshape(8, 16, 3), camera.directions().reshape(64, 64, 3)[20:28, 10:26])


def test_y_is_up_and_the_front_is_z() -> None:
    camera = look_at(orbit_directions(4, 0.0)[0] * 3, np.zeros(3), 50, 64)
    pixels, _ = camera.project(np.array([[0.0, 0.5, 0.0], [0.5, 0.0, 0.0]]))
    assert pixels[0, 1] < 32
    assert pixels[1, 0] > 32


def test_directions_are_spread() -> None:
    directions = fibonacci_directions(200)
    nearest = np.sort(directions @ directions.T, axis=1)[:, -2]
    assert np.degrees(np.arccos(nearest)).min() > 8
    assert np.linalg.norm(directions.mean(0)) < 0.01
