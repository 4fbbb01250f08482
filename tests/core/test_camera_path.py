"""Paths through cameras."""

from __future__ import annotations

import numpy as np
import pytest

from style3d.core.camera import fibonacci_directions, look_at, orbit_directions
from style3d.core.camera_path import nearest_chain, orbit, tour, walk

STOPS = [look_at(np.array([x, 0.2 * x * x, 3.0]), np.zeros(3), 40.0, 32) for x in (-2.0, 1.0, -0.5, 2.0)]


def test_the_path_visits_every_camera() -> None:
    """In the order of the nearest not yet visited, and as they are."""
    assert nearest_chain(STOPS).tolist() == [0, 2, 1, 3]
    path = tour(STOPS, 7)
    assert [path[k] for k in (0, 2, 4, 6)] == [STOPS[k] for k in (0, 2, 1, 3)]


def test_between_cameras_it_is_smooth() -> None:
    """Rotations stay rotations, steps stay small, and nothing overshoots."""
    path = tour(STOPS, 121)
    places = np.stack([camera.position for camera in path])
    assert np.linalg.norm(np.diff(places, axis=0), axis=1).max() < 0.1
    assert np.abs(places[:, 0]).max() <= 2
    for camera in path:
        turn = camera.camera_to_world[:3, :3]
        np.testing.assert_allclose(turn @ turn.T, np.eye(3), atol=1e-12)
        assert np.linalg.det(turn) == pytest.approx(1)
    ahead = np.stack([camera.camera_to_world[:3, 2] for camera in path])
    assert (ahead[1:] * ahead[:-1]).sum(1).min() > 0.995


def test_a_walk_keeps_its_pace() -> None:
    """However uneven the cameras stand; from one tripod, turning alone is a way."""
    path = walk([*STOPS, STOPS[0]], 60)
    assert (path[0], path[-1]) == (STOPS[0], STOPS[3])
    ways = np.linalg.norm(np.diff([camera.position for camera in path], axis=0), axis=1)
    assert ways.max() < 2 * ways.min()
    assert walk(STOPS[:1], 3) == (STOPS[0],) * 3
    turned = [look_at(np.zeros(3), way, 40.0, 32) for way in fibonacci_directions(5)]
    assert len({camera.key() for camera in walk(turned, 9)}) == 9


def test_an_orbit_stands_where_the_cameras_stand() -> None:
    center = np.array([0.5, -1.0, 2.0])
    cameras = [look_at(center + 3 * way, center, 40.0, 32) for way in orbit_directions(7, elevation=25.0)]
    around = orbit(cameras, center, 12, 48)
    assert {(camera.width, camera.height) for camera in around} == {(48, 48)}
    for camera in around:
        away = camera.position - center
        assert np.linalg.norm(away) == pytest.approx(3)
        assert np.degrees(np.arcsin(away[1] / 3)) == pytest.approx(25)
        assert camera.focal == pytest.approx(cameras[0].focal * 48 / 32)
    assert np.allclose(around[0].position[0], center[0])


def test_one_camera_stays_where_it_is() -> None:
    """And fewer stations than cameras are spread over all of them."""
    assert tour(STOPS[:1], 3) == (STOPS[0],) * 3
    many = [look_at(3 * way, np.zeros(3), 40.0, 32) for way in fibonacci_directions(40)]
    assert len(tour(many, 5)) == 5
    assert tour(many, 1) == (many[0],)
