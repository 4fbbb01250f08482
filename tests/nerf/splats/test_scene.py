"""Splats as a scene: where it is looked at from, what is seen, and that what is written is what was painted."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from style3d.core.camera import Camera, look_at
from style3d.core.operator import ViewOperator
from style3d.errors import Style3DError
from style3d.nerf.splats.files import read_splats, write_splats
from style3d.nerf.splats.scene import SplatScene
from style3d.nerf.splats.splats import Splats
from style3d.nerf.splats.vantage import UPRIGHT, contract, expand, find_setting
from style3d.regions.region_weights import part_weights
from style3d.regions.selector import Where
from style3d.render.splats import Gaussians
from tests.helpers.assets import asset
from tests.helpers.clouds import splat_ball
from tests.helpers.surfaces import noise

GREY = torch.full((3,), 0.5)


def joined(*parts: Splats) -> Splats:
    names = ("positions", "rotations", "log_scales", "logit_opacities", "sh")
    return Splats(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))


def geometry(splats: Splats) -> Gaussians:
    return Gaussians(splats.positions, splats.unit_rotations, splats.scales, splats.opacities)


@pytest.fixture(scope="module")
def scene() -> SplatScene:
    return SplatScene(splat_ball(), "ball.ply")


def test_views_frame_the_object_upright(scene: SplatScene) -> None:
    """Every overview holds the ball; pictures have the file's -y on top."""
    views = scene.plan(6, 64)
    assert len(views.overviews) == 6
    for camera in (*views.overviews, *scene.cameras_around(3, 48)):
        operator = scene.operator(camera, 0)
        coverage = operator.coverage.reshape(camera.height, camera.width)
        assert coverage[camera.height // 2, camera.width // 2] > 0.95
        edge = np.concatenate([coverage[0], coverage[-1], coverage[:, 0], coverage[:, -1]])
        assert edge.max() < 0.2
    for camera in scene.cameras_around(3, 48):
        assert camera.camera_to_world[1, 1] > 0.9  # the image's down is the file's +y


def test_far_floaters_move_no_camera() -> None:
    """Faint haze and a handful of distant specks leave the framing as it was."""
    specks, haze = splat_ball(6, seed=1, radius=60.0), splat_ball(300, seed=2, radius=8.0)
    haze.logit_opacities[:] = -4
    specks.log_scales[:] = -3
    alone, among = find_setting(geometry(splat_ball())), find_setting(geometry(joined(splat_ball(), specks, haze)))
    np.testing.assert_allclose(among.center, alone.center, atol=0.05)
    assert among.radius == pytest.approx(alone.radius, rel=0.05)
    assert among.vantage == "outside"
    np.testing.assert_allclose(alone.center, UPRIGHT @ [0, -3, 0], atol=0.1)


def test_surroundings_are_looked_at_from_within() -> None:
    """A ball within a wide sky: cameras stand near, in free places; the caller may say otherwise."""
    splats = joined(splat_ball(), splat_ball(900, seed=3, radius=30.0))
    scene = SplatScene(splats, "room.ply")
    assert scene.setting.vantage == "inside"
    views = scene.plan(6, 48).overviews
    assert len(views) == 6
    for camera in views:
        assert np.linalg.norm(camera.position - [0, -3, 0]) < 10
        assert np.linalg.norm(splats.positions - camera.position, axis=1).min() > 0.2
        assert scene.operator(camera, 0).coverage.mean() > 0.2
    assert scene.distance(views[0]) > 0
    assert SplatScene(splats, "room.ply", vantage="outside").setting.vantage == "outside"
    assert "inside" in scene.facts(scene.initial(), np.ones(2400, dtype=bool), views)["cameras"]


def test_contraction() -> None:
    """Nothing moves within the radius; infinity comes to twice of it; order along a ray stays."""
    center, points = np.array([1.0, 0, 0]), np.array([[1.5, 0.2, 0], [4, 0, 0], [1e9, 0, 0]])
    near = contract(points, center, 2.0)
    np.testing.assert_allclose(near[0], points[0])
    np.testing.assert_allclose(expand(near, center, 2.0)[:2], points[:2])
    np.testing.assert_allclose(near[1:], [[1 + 2 * (2 - 2 / 3), 0, 0], [5, 0, 0]], rtol=1e-8)


def test_capture_cameras_are_looked_from() -> None:
    """All overviews and pictures stand on the path of the given cameras, at the resolution asked for."""
    stops = tuple(look_at(np.array([x, -3.0, 4.0]), np.array([0.0, -3, 0]), 40.0, 200) for x in (-1.0, 0.0, 1.0))
    scene = SplatScene(splat_ball(), "ball.ply", cameras=stops)
    views = scene.plan(5, 40).overviews
    assert [camera.width for camera in views] == [40] * 5
    np.testing.assert_allclose([camera.position[0] for camera in views], [-1, -0.5, 0, 0.5, 1], atol=1e-9)
    assert scene.cameras_around(4, 32)[0].width == 32
    assert scene.key != SplatScene(splat_ball(), "ball.ply").key


def test_what_was_not_seen_is_looked_for(scene: SplatScene) -> None:
    """With one view there is more to see; with the views of the answer there is not."""
    seen = np.zeros(1500, dtype=bool)
    seen[scene.operator(scene.plan(6, 64).overviews[0], 0).entries] = True
    more = scene.further_cameras(seen, 64)
    assert more
    for camera in more:
        seen[scene.operator(camera, 0).entries] = True
    assert scene.further_cameras(seen, 64) == ()
    facts = scene.facts(scene.initial(), seen, more)
    assert facts["coverage_of_visible"] > 0.99
    assert facts["splats"] == 1500


def rendered(splats: Splats, camera: Camera, view_dependence: str = "keep") -> torch.Tensor:
    scene = SplatScene(splats, "again", view_dependence)
    return scene.operator(camera, 0).render(scene.initial(), GREY)


@pytest.mark.parametrize(("degree", "view_dependence"), [(0, "keep"), (2, "keep"), (2, "drop")])
def test_what_is_written_shows_what_was_painted(tmp_path: Path, degree: int, view_dependence: str) -> None:
    """Read again and rendered: equal to 1e-3, highlights included where they are kept."""
    scene = SplatScene(splat_ball(degree=degree), "ball.ply", view_dependence)
    colors = torch.from_numpy(0.2 + 0.6 * noise(1, 1500, 4)[0])
    scene.save(colors, tmp_path / "out.ply")
    again = read_splats(tmp_path / "out.ply")
    assert again.degree == (degree if view_dependence == "keep" else 0)
    camera = scene.cameras_around(5, 64)[1]
    painted = scene.operator(camera, 0).render(colors, GREY)
    assert (rendered(again, camera, view_dependence) - painted).abs().max() < 1e-3


def test_highlights_stay(scene: SplatScene) -> None:
    """Kept, a view of the original has the colours of its harmonics; dropped, base colours alone."""
    splats = splat_ball(degree=2)
    camera = scene.cameras_around(5, 64)[2]
    away = splats.positions - camera.position
    own = splats.sh_colors(away / np.linalg.norm(away, axis=1, keepdims=True))
    kept, dropped = (SplatScene(splats, "ball.ply", which) for which in ("keep", "drop"))
    operator: ViewOperator = kept.operator(camera, 0)
    assert (operator.render(kept.initial(), GREY) - operator_of(dropped, camera, own)).abs().max() < 1e-4
    assert (operator.render(kept.initial(), GREY) - rendered(splats, camera, "drop")).abs().max() > 0.02
    assert np.abs(dropped.operator(camera, 0).fixed).max() == 0


def operator_of(scene: SplatScene, camera: Camera, colors: np.ndarray) -> torch.Tensor:
    return scene.operator(camera, 0).render(torch.from_numpy(colors.astype(np.float32)), GREY)


def test_what_no_view_has_seen_is_coloured_by_its_neighbours(scene: SplatScene) -> None:
    """Seen splats keep their colours; the hidden half takes over that of the seen; nothing seen is left alone."""
    seen = np.arange(1500) % 2 == 0
    colors = torch.where(torch.from_numpy(seen)[:, None], torch.tensor([0.1, 0.6, 0.3]), torch.ones(3))
    completed = scene.completed_colors(colors, seen)
    assert torch.equal(completed[seen], colors[seen])
    np.testing.assert_allclose(completed, np.tile([0.1, 0.6, 0.3], (1500, 1)), atol=1e-6)
    assert scene.completed_colors(colors, ~seen & seen) is colors


def test_parts_are_chosen_by_shape(scene: SplatScene) -> None:
    """A sphere over half of the ball; names and masks mean nothing here."""
    weights = part_weights(scene, Where(sphere=(1.0, -3.0, 0.0, 1.0)))
    near = np.linalg.norm(scene.splats.positions - [1, -3, 0], axis=1) <= 1
    np.testing.assert_array_equal(weights > 0, near)
    assert scene.inside.all()
    with pytest.raises(Style3DError, match="by material"):
        part_weights(scene, Where(material="Leather"))


def test_a_real_scene(tmp_path: Path) -> None:
    """A part of a scanned motorcyclist, painted, written as PLY and SPZ, and read again."""
    splats = read_splats(asset("splats/biker.compressed.ply"))
    head = splats.subset(np.flatnonzero(splats.positions[:, 1] < np.quantile(splats.positions[:, 1], 0.03)))
    scene = SplatScene(head, "head.ply")
    colors = torch.from_numpy(noise(1, head.count)[0])
    camera = scene.cameras_around(4, 96)[1]
    painted = scene.operator(camera, 0).render(colors, GREY)
    assert scene.operator(camera, 0).coverage.max() > 0.99
    for suffix, tolerance in ((".ply", 1e-3), (".spz", 0.05)):
        scene.save(colors, tmp_path / f"head{suffix}")
        again = rendered(read_splats(tmp_path / f"head{suffix}"), camera)
        assert (again - painted).abs().max() < tolerance
    write_splats(head, tmp_path / "same.ply")
    assert (rendered(read_splats(tmp_path / "same.ply"), camera) - rendered(head, camera)).abs().max() == 0
