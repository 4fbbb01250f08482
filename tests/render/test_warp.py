"""Warps: exact where two views see the same point, silent where one does not, and the same as a pixel-by-pixel twin."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from style3d.camera import Camera, look_at
from style3d.render.warp import warp_between

LEFT, RIGHT = (look_at(np.array([x, 0.3, 3.0]), np.zeros(3), 50, 48) for x in (-0.5, 0.5))


def ball_before_wall(camera: Camera) -> tuple[np.ndarray, torch.Tensor]:
    """Depth and image of a ball of radius 0.6 before the plane z = -1.5; colour is a smooth function of place."""
    rays = camera.directions()
    a, b = (rays * rays).sum(1), rays @ camera.position
    disc = b * b - a * (camera.position @ camera.position - 0.36)
    wall = (-1.5 - camera.position[2]) / rays[:, 2]
    depth = np.where(disc > 0, (-b - np.sqrt(np.maximum(disc, 0))) / a, wall)
    points = camera.position + rays * depth[:, None]
    shape = camera.height, camera.width
    colors = 0.5 + 0.4 * np.sin(points * [2.0, 3.0, 2.5])
    return depth.reshape(shape), torch.from_numpy(colors.T.reshape(1, 3, *shape)).float()


def warped_slowly(camera, depth, other, other_depth, image, tolerance) -> tuple[np.ndarray, np.ndarray]:
    """The slow twin: one pixel after another, by the definition."""
    colors, valid = np.zeros((*depth.shape, 3)), np.zeros(depth.shape, bool)
    for row in range(camera.height):
        for column in range(camera.width):
            point = camera.unproject(np.array([[column + 0.5, row + 0.5]]), depth[row, column].reshape(1))
            place, distance = other.project(point)
            x, y = place[0] - 0.5
            left, top = math.floor(x), math.floor(y)
            if not (0 <= left < other.width - 1 and 0 <= top < other.height - 1):
                continue
            corners = [(top + j, left + i, (y - top if j else 1 - y + top) * (x - left if i else 1 - x + left))
                       for j in (0, 1) for i in (0, 1)]  # fmt: skip
            valid[row, column] = all(abs(other_depth[j, i] - distance[0]) <= tolerance * distance[0]
                                     for j, i, _ in corners)  # fmt: skip
            colors[row, column] = sum(weight * image[0, :, j, i].numpy() for j, i, weight in corners)
    return colors, valid


def test_agrees_with_the_slow_twin() -> None:
    (depth, _), (other_depth, other) = ball_before_wall(LEFT), ball_before_wall(RIGHT)
    warp = warp_between(LEFT, depth, RIGHT, other_depth, 0.05)
    colors, valid = warped_slowly(LEFT, depth, RIGHT, other_depth, other, 0.05)
    assert np.array_equal(warp.valid[0, 0].numpy() > 0, valid)
    assert np.abs(warp.apply(other)[0].permute(1, 2, 0).numpy() - colors)[valid].max() < 1e-4


def test_what_both_see_has_one_colour_and_the_rest_is_silent() -> None:
    (depth, image), (other_depth, other) = ball_before_wall(LEFT), ball_before_wall(RIGHT)
    warp = warp_between(LEFT, depth, RIGHT, other_depth, 0.05)
    share = float(warp.valid.mean())
    assert 0.4 < share < 0.85  # the frames overlap in part, and the ball hides some of the wall
    assert float(warp.disagreement(image, other)) < 2e-4
    everywhere = float((image - warp.apply(other)).square().mean())
    assert everywhere > 50 * float(warp.disagreement(image, other))


def test_hidden_points_fail_the_depth_test() -> None:
    """With the ball gone from the second view's depth, the wall behind it would pass."""
    depth, _ = ball_before_wall(LEFT)
    other_depth, _ = ball_before_wall(RIGHT)
    wall = np.full_like(other_depth, float(RIGHT.position @ RIGHT.camera_to_world[:3, 2]))
    through = warp_between(LEFT, depth, RIGHT, np.where(other_depth < 4, wall, other_depth), 10.0).valid
    assert float((through - warp_between(LEFT, depth, RIGHT, other_depth, 0.05).valid).sum()) > 50


def test_a_view_into_itself_changes_nothing() -> None:
    depth, image = ball_before_wall(LEFT)
    warp = warp_between(LEFT, depth, LEFT, depth, 1.0)
    assert torch.allclose(warp.apply(image), image, atol=1e-4)
    assert float(warp.disagreement(image, image + 0.5)) == pytest.approx(0.25, abs=1e-3)


@pytest.mark.parametrize("nothing", [np.nan, np.inf, 0.0, -1.0])
def test_no_surface_is_not_valid(nothing: float) -> None:
    depth, image = ball_before_wall(LEFT)
    empty = np.full_like(depth, nothing)
    for one, two in ((empty, depth), (depth, empty)):
        warp = warp_between(LEFT, one, RIGHT, two, 0.05)
        assert float(warp.valid.sum()) == 0
        assert float(warp.disagreement(image, image)) == 0


def test_behind_the_other_camera_is_not_valid() -> None:
    depth, _ = ball_before_wall(LEFT)
    away = look_at(np.array([0.0, 0.3, -6.0]), np.array([0.0, 0.3, -9.0]), 50, 48)
    assert float(warp_between(LEFT, depth, away, np.full((48, 48), 3.0), 10.0).valid.sum()) == 0


def test_sizes_may_differ_and_gradients_reach_both_images() -> None:
    depth, image = ball_before_wall(LEFT)
    small = RIGHT.scaled(0.5)
    other_depth, other = ball_before_wall(small)
    warp = warp_between(LEFT, depth, small, other_depth, 0.1)
    image, other = image.requires_grad_(), other.requires_grad_()
    warp.disagreement(image, other).backward()
    assert warp.apply(other).shape == image.shape
    assert image.grad is not None
    assert other.grad is not None
    assert torch.equal(image.grad[0, 0] != 0, warp.valid[0, 0] > 0)
    assert float(other.grad.abs().sum()) > 0
