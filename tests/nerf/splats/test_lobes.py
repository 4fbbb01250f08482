"""Paint by direction: means of colours, exact as harmonics, the same in the file as on the canvas."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from style3d.core.camera import Camera
from style3d.core.depth import surface_depth
from style3d.errors import Style3DError
from style3d.nerf.splats.directional_scene import LobeScene
from style3d.nerf.splats.files import read_splats, write_splats
from style3d.nerf.splats.harmonics import basis
from style3d.nerf.splats.lobes import Lobes
from style3d.nerf.splats.scene import SplatScene
from style3d.nerf.splats.splats import Splats
from style3d.paint.regions_by_view import share_of_entries
from style3d.regions.selector import Where
from tests.helpers.clouds import directions, splat_ball
from tests.helpers.surfaces import noise

GREY = torch.full((3,), 0.5)
COUNT = 400


def ball(degree: int) -> LobeScene:
    return LobeScene(SplatScene(splat_ball(COUNT, degree), "ball.ply"))


def painted(scene: LobeScene) -> torch.Tensor:
    return torch.from_numpy(0.3 + 0.4 * noise(1, scene.hierarchy.sizes[0], 4)[0])


def shown(splats: Splats, camera: Camera) -> torch.Tensor:
    scene = SplatScene(splats, "again")
    return scene.operator(camera, 0).render(scene.initial(), GREY)


@pytest.mark.parametrize(("degree", "count"), [(1, 4), (2, 12), (3, 20)])
def test_weights_are_a_mean_that_harmonics_hold(degree: int, count: int) -> None:
    """Positive, one in sum, largest towards their own corner, and harmonics of that degree in every direction."""
    lobes, away = Lobes(degree), directions(200)
    weights = lobes.weights(away)
    assert weights.shape == (200, count)
    assert weights.min() >= 0
    np.testing.assert_allclose(weights.sum(1), 1, atol=1e-6)
    np.testing.assert_allclose(basis(away, degree) @ lobes.harmonics, weights, atol=1e-6)
    np.testing.assert_array_equal(lobes.weights(lobes.corners).argmax(1), np.arange(count))


@pytest.mark.parametrize("degree", [1, 2, 3, 4])
def test_the_original_looks_as_it_did(degree: int) -> None:
    """Before anything is painted, whatever lobes cannot hold is in b_v."""
    scene = ball(degree)
    camera = scene.cameras_around(5, 48)[2]
    own = scene.operator(camera, 0).render(scene.initial(), GREY)
    assert (own - shown(scene.scene.splats, camera)).abs().max() < 1e-4
    start = scene.initial()
    assert start.min() >= 0
    assert start.max() <= 1
    assert start.reshape(COUNT, -1, 3).std(1).mean() > 0.01


@pytest.mark.parametrize(("degree", "suffix", "tolerance"), [
    (1, ".ply", 1e-3), (2, ".ply", 1e-3), (3, ".ply", 1e-3), (4, ".ply", 1e-3), (3, ".glb", 1e-3), (3, ".spz", 0.03),
])  # fmt: skip
def test_what_is_written_shows_what_was_painted(tmp_path: Path, degree: int, suffix: str, tolerance: float) -> None:
    """From several sides, each with colours of its own."""
    scene = ball(degree)
    colors = painted(scene)
    scene.save(colors, tmp_path / f"out{suffix}")
    again = read_splats(tmp_path / f"out{suffix}")
    assert again.degree == degree
    views = [scene.operator(camera, 0).render(colors, GREY) for camera in scene.cameras_around(3, 48)]
    for camera, view in zip(scene.cameras_around(3, 48), views, strict=True):
        assert (shown(again, camera) - view).abs().max() < tolerance
    assert (views[0] - views[1]).abs().max() > 0.05


def test_nothing_painted_changes_no_byte(tmp_path: Path) -> None:
    scene = ball(3)
    scene.save(scene.initial(), tmp_path / "same.ply")
    write_splats(scene.scene.splats, tmp_path / "before.ply")
    assert (tmp_path / "same.ply").read_bytes() == (tmp_path / "before.ply").read_bytes()


def test_coarser_levels_show_every_direction_the_same() -> None:
    """A splat's colour on level 1 is the image that all its lobes give in that colour, highlights beside it."""
    scene = ball(2)
    camera = scene.cameras_around(5, 48)[1]
    table = torch.from_numpy(noise(1, COUNT, 2)[0])
    lobes = table.repeat_interleave(scene.lobes.count, 0)
    one = scene.operator(camera, 1).apply(table[torch.from_numpy(scene.operator(camera, 1).entries)])
    other = scene.operator(camera, 0).apply(lobes[torch.from_numpy(scene.operator(camera, 0).entries)])
    assert (one - other).abs().max() < 1e-5
    assert torch.allclose(scene.hierarchy.restrict(0, lobes), table)
    assert len(scene.points(1)) * scene.lobes.count == len(scene.points(0)) == scene.hierarchy.sizes[0]


def test_what_no_view_has_seen_is_coloured_by_its_neighbours() -> None:
    """Splats with a lobe that was seen keep all of theirs; the others become one colour in every direction."""
    scene = ball(1)
    seen = np.zeros((COUNT, 4), dtype=bool)
    seen[::2, 1] = True
    colors = painted(scene)
    done = scene.completed_colors(colors, seen.ravel()).reshape(COUNT, 4, 3)
    assert torch.equal(done[::2], colors.reshape(COUNT, 4, 3)[::2])
    assert done[1::2].std(1).max() < 1e-6
    facts = scene.facts(colors, seen.ravel(), scene.cameras_around(2, 48))
    assert (facts["entries"], facts["directions"], facts["view_dependence"]) == (4 * COUNT, 4, "style")


def test_depth_is_that_of_the_splats() -> None:
    """However many colours each of them has."""
    scene = ball(3)
    camera = scene.cameras_around(5, 32)[1]
    one, other = (surface_depth(part.operator(camera, 0), camera, part.points(0)) for part in (scene, scene.scene))
    for own, plain in zip(one, other, strict=True):
        np.testing.assert_allclose(own, plain, rtol=1e-5)


def test_a_depth_chooses_whole_splats() -> None:
    """Every lobe of a splat is in a region, or none."""
    scene = ball(2)
    weights = share_of_entries(scene, Where(depth_share=(0.0, 0.4))).reshape(COUNT, -1)
    assert 0.1 < weights[:, 0].mean() < 0.9
    assert (weights == weights[:, :1]).all()


def test_splats_without_harmonics_are_refused() -> None:
    with pytest.raises(Style3DError, match="no colour that changes"):
        ball(0)
