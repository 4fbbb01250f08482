"""The grid's operator against its slow twin, its direct image, and closed forms."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from style3d.core.camera import look_at
from style3d.core.depth import surface_depth
from style3d.render.grid import grid_rows, grid_rows_reference
from style3d.render.grid_field import Contraction
from style3d.render.grid_image import render_image
from tests.helpers.fields import ball, grid_view_of, matte
from tests.helpers.surfaces import front


@pytest.mark.parametrize("tail", [0.0, 0.4])
@pytest.mark.parametrize("samples", [1, 2])
def test_rows_agree_with_the_slow_twin(tail: float, samples: int) -> None:
    grid, camera = ball(14, tail), front(12)
    (fast, bright), (slow, exact) = grid_rows(grid, camera, samples), grid_rows_reference(grid, camera, samples)
    assert np.abs(fast.row_sums() - slow.row_sums()).max() < 1e-5
    assert np.abs(bright - exact).max() < 1e-5
    left_out = np.abs(fast.scipy() - slow.scipy()).sum(1)  # what is too small to be seen, and what rows keep for it
    assert left_out.max() < 0.2
    assert np.abs(fast.scipy() @ grid.colors - slow.scipy() @ grid.colors).max() < 0.03


@pytest.mark.parametrize("tail", [0.0, 0.4])
def test_operator_shows_what_the_image_shows(tail: float) -> None:
    grid, camera = ball(20, tail), front(24)
    operator = grid_view_of(grid, camera.at_scale(1.0))
    image, alpha, _ = render_image(grid, camera)
    black = torch.zeros(3)
    shown = operator.render(torch.from_numpy(grid.colors), black)[0].permute(1, 2, 0).numpy()
    smooth = np.abs(operator.alpha.reshape(24, 24) - alpha) < 0.02  # four rays a pixel against one: not at the rim
    assert smooth.mean() > 0.8
    assert np.abs(shown - image)[smooth].mean() < 0.03


def test_operator_keeps_highlights_out_of_the_table() -> None:
    shiny, camera = ball(), front(16)
    matte_view, shiny_view = grid_view_of(matte(shiny), camera), grid_view_of(shiny, camera)
    assert np.array_equal(matte_view.matrix.weights, shiny_view.matrix.weights)
    assert not matte_view.fixed.any()
    assert np.abs(shiny_view.fixed).max() > 1e-3


@pytest.mark.parametrize("tail", [0.0, 0.4])
def test_depth_is_the_ball_s_front(tail: float) -> None:
    grid, camera = ball(40, tail), front(17)
    _, alpha, depth = render_image(grid, camera)
    assert alpha[8, 8] > 0.99
    assert depth[8, 8] == pytest.approx(4 - 0.7, abs=0.12)
    assert np.isinf(depth[0, 0])
    by_rows, share = surface_depth(grid_view_of(grid, camera), camera, grid.space.expand(grid.places))
    assert by_rows[8, 8] == pytest.approx(depth[8, 8], abs=0.05)
    assert 0.5 < share[8, 8] <= 1
    assert np.isinf(by_rows[0, 0])


def test_opacity_follows_beer_and_lambert() -> None:
    """A cube of even density dims light by exp(-depth), from whichever side and through however many cells."""
    grid = ball(16)
    full = np.arange(16**3, dtype=np.int64)
    tau = 0.05  # of a cell's side
    raw = np.full(len(full), np.log(np.expm1(tau)), np.float32)
    cube = type(grid)(
        grid.space, 16, full, raw, np.ones((len(full), 3), np.float32), np.zeros((len(full), 3), np.float32)
    )
    for eye in ([0.0, 0.0, 5.0], [5.0, 0.1, 0.2]):
        _, alpha, _ = render_image(cube, look_at(np.array(eye), np.zeros(3), 2.0, 3))
        assert alpha[1, 1] == pytest.approx(1 - np.exp(-15 * tau), abs=0.02)


def test_contraction_round_trip() -> None:
    space = Contraction((1.0, -2.0, 0.5), 2.5, 0.5)
    points = np.random.default_rng(0).standard_normal((500, 3)) * 8
    inner = space.contract(points)
    assert np.abs(inner).max() < space.half
    assert np.allclose(space.expand(inner), points, rtol=1e-9)
    near = np.abs((points - space.center) / space.radius).max(1) < 1
    assert np.allclose(inner[near], ((points - space.center) / space.radius)[near])


def test_rays_find_the_same_ball_near_and_far() -> None:
    """In contracted space a ball looks the same from within the tail as from beyond it."""
    grid = ball(30, 0.5)
    for distance in (2.0, 6.0, 200.0):
        camera = front(9, fov=float(np.degrees(2 * np.arctan(0.3 / distance))), distance=distance)
        _, alpha, depth = render_image(grid, camera)
        assert alpha[4, 4] > 0.99
        assert depth[4, 4] == pytest.approx(distance - 0.7, abs=0.15)
