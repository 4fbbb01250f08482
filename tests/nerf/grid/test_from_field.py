"""A field sampled on a lattice: what cameras see of the grid is what they see of the field."""

from __future__ import annotations

from typing import final

import numpy as np
import pytest

from style3d.nerf.capture.capture import distance_of, focus_of
from style3d.nerf.grid.from_field import Volumetric, sampled_grid
from style3d.render.grid_field import Contraction, RadianceGrid
from style3d.render.grid_image import render_image
from tests.helpers.capture import cameras, render_ball


@final
class Stage(Volumetric):
    """The ball of the tiny capture before its wall, as a density, with a sheen that moves with the viewer."""

    def __init__(self, sheen: float = 0.0) -> None:
        self.sheen = sheen

    def density(self, points: np.ndarray) -> np.ndarray:
        ball = np.linalg.norm(points, axis=1) < 0.5
        wall = (points[:, 2] < -0.8) & (points[:, 2] > -1.1)
        return 60.0 * (ball | wall)

    def colors(self, points: np.ndarray, directions: np.ndarray) -> np.ndarray:
        plain = 0.5 + 0.4 * np.sin(points * [6.0, 5.0, 7.0] + np.array([0.0, 1.0, 2.0]))
        return np.clip(plain + self.sheen * directions[:, :1], 0, 1)


def grid_of(field: Stage, side: int = 64) -> RadianceGrid:
    views = cameras()
    focus = focus_of(views)
    space = Contraction(tuple(focus), 0.8 * distance_of(views, focus), 0.5)
    return sampled_grid(field, views, space, side, 0.05)


@pytest.fixture(scope="module")
def grid() -> RadianceGrid:
    return grid_of(Stage())


def test_it_shows_what_the_field_shows(grid: RadianceGrid) -> None:
    for camera in cameras(5)[1:4]:
        rgb, alpha, depth = render_image(grid, camera)
        wanted, distance = render_ball(camera)
        assert alpha.min() > 0.95
        assert np.abs(rgb - wanted).mean() < 0.05
        assert np.median(np.abs(depth - distance)) < 0.05


def test_what_no_camera_sees_is_left_out(grid: RadianceGrid) -> None:
    """Of the ball only a skin of a few cells stays."""
    places = grid.space.expand(grid.places)
    away = np.linalg.norm(places, axis=1)
    assert not (away < 0.1).any()
    assert (np.abs(away - 0.5) < 0.05).any()
    assert len(grid.vertices) < 0.2 * grid.side**3


def test_brightness_by_direction_is_kept() -> None:
    plain, shiny = grid_of(Stage(), 40), grid_of(Stage(0.2), 40)
    assert np.abs(plain.shift).max() < 0.02
    solid = np.logaddexp(0, shiny.density) > 1
    assert 0.1 < np.median(shiny.shift[solid, 0]) < 0.25
    assert np.abs(np.median(shiny.shift[solid, 1:], axis=0)).max() < 0.05
