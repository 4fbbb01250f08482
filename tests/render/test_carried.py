"""What points on a surface know is carried to the entries of its pyramid."""

from __future__ import annotations

import numpy as np
import pytest

from style3d.render.daylight import sample_points
from style3d.render.pyramid import SpacePyramid
from style3d.render.surface import Surface
from tests.helpers.surfaces import pyramid_of, sphere


@pytest.fixture(scope="module", params=["texture", "vertices"])
def scene(request: pytest.FixtureRequest) -> tuple[Surface, SpacePyramid]:
    surface = sphere(request.param)
    return surface, pyramid_of(surface)


def on_sphere(pyramid: SpacePyramid) -> np.ndarray:
    """Entries that are on the surface, and not only beyond the edge of an island."""
    places = pyramid.points + pyramid.origin
    return np.abs(np.linalg.norm(places, axis=1) - 1) < 0.05


def test_a_constant_stays_one(scene) -> None:
    surface, pyramid = scene
    points, _ = sample_points(surface, 5000)
    assert pyramid.entry_means(points, np.full(5000, 0.3)) == pytest.approx(np.full(pyramid.sizes[0], 0.3), abs=1e-6)


def test_a_function_of_the_place_is_reproduced(scene) -> None:
    surface, pyramid = scene
    points, _ = sample_points(surface, 20_000)
    wanted = pyramid.points + pyramid.origin
    found = pyramid.entry_means(points, 0.5 + 0.4 * points[:, 1] * points[:, 0])
    inside = on_sphere(pyramid)
    assert np.abs(found - (0.5 + 0.4 * wanted[:, 1] * wanted[:, 0]))[inside].max() < 0.05


@pytest.mark.parametrize("count", [1, 7, 300])
def test_few_points_leave_no_hole(scene, count: int) -> None:
    surface, pyramid = scene
    points, normals = sample_points(surface, count)
    values = np.linspace(0, 1, count)
    carried = pyramid.entry_means(points, values)
    assert np.isfinite(carried).all()
    assert values.min() - 1e-9 <= carried.min() <= carried.max() <= values.max() + 1e-9
    for level in range(pyramid.levels):
        facing = pyramid.mean_normals(level, points, normals)
        assert facing.shape == (pyramid.sizes[level], 3)
        assert np.linalg.norm(facing, axis=1) == pytest.approx(np.ones(len(facing)), abs=1e-6)


def test_directions_of_a_ball_point_away_from_its_middle(scene) -> None:
    surface, pyramid = scene
    points, normals = sample_points(surface, 20_000)
    places = pyramid.points + pyramid.origin
    facing = pyramid.mean_normals(0, points, normals)
    inside = on_sphere(pyramid)
    assert (facing * places)[inside].sum(1).min() > 0.9
    corners = pyramid.corners(1)
    outward = corners / np.linalg.norm(corners, axis=1, keepdims=True)
    assert np.median((pyramid.mean_normals(1, points, normals) * outward).sum(1)) > 0.95


def test_directions_that_cancel_are_still_unit(scene) -> None:
    surface, pyramid = scene
    points, normals = sample_points(surface, 400)
    both = pyramid.mean_normals(0, np.concatenate([points, points]), np.concatenate([normals, -normals]))
    assert np.linalg.norm(both, axis=1) == pytest.approx(np.ones(len(both)), abs=1e-6)
