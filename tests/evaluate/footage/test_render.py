"""Footage of fields: along a capture's path, and of a grid beside the splats that were written of it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from style3d.cli import main
from style3d.core.camera import look_at, orbit_directions
from style3d.errors import Style3DError
from style3d.evaluate.footage.render import burst_steps, is_closed, render_footage, same_geometry
from style3d.job import FieldJob, MeshJob
from style3d.nerf.grid.file import FittedGrid, save_grid
from style3d.nerf.grid.fit import FitSettings, Level
from style3d.nerf.grid.fit_cache import fitted_grid
from style3d.nerf.grid.scene import GridScene
from style3d.nerf.splats.files import read_splats
from style3d.nerf.splats.scene import SplatScene
from style3d.scene_kinds.registry import kind_at
from tests.helpers.fields import ball
from tests.nerf.grid.test_fit import pictures_of_a_ball


@pytest.fixture(scope="module")
def scene() -> GridScene:
    """A ball with bands, on an arc of cameras as a capture has them."""
    grid = ball(28)
    bands = 0.5 + 0.4 * np.sin(9 * grid.places)
    turns = np.linspace(-0.6, 0.6, 7)
    places = [4 * np.array([np.sin(turn), 0.3, np.cos(turn)]) for turn in turns]
    cameras = tuple(look_at(place, np.zeros(3), 26.0, 48) for place in places)
    solid = replace(grid, density=grid.density * 3, colors=bands.astype(np.float32))
    return GridScene(FittedGrid(solid, cameras), "ball")


def painted(scene: GridScene) -> GridScene:
    return GridScene(scene.fitted.with_colors(1 - scene.grid.colors), "painted")


def test_bursts_hold_every_gap() -> None:
    steps = burst_steps(36, (1, 7))
    assert list(steps) == sorted(set(steps))
    assert (steps[0], steps[-1]) == (0, 119)
    for gap in (1, 7):
        assert sum(step + gap in steps for step in steps) >= 12
    with pytest.raises(Style3DError, match="gaps"):
        burst_steps(12, (1, 119))


def test_a_turntable_closes_and_a_path_does_not(scene: GridScene) -> None:
    ring = [look_at(4 * way, np.zeros(3), 30.0, 8) for way in orbit_directions(12)]
    assert is_closed(ring, 2.0)
    assert not is_closed(scene.cameras_around(12, 8), scene.extent)
    eye = np.array([0.1, 0.2, 0.3])
    assert is_closed([look_at(eye, eye + way, 60.0, 8) for way in orbit_directions(12, elevation=0.0)], 2.0)


def test_one_operator_shows_two_states_of_a_grid(scene: GridScene) -> None:
    assert same_geometry(scene, painted(scene))
    other = GridScene(replace(scene.fitted, grid=ball(20)), "other")
    assert not same_geometry(scene, other)
    views = render_footage(scene, painted(scene), 4, 32, (1,), lambda _: None).footage.views
    assert len(views) == 4
    for view in views:
        inner = view.mask > 0.999
        assert inner.any()
        assert np.abs(view.before + view.after - 1)[inner].mean() < 0.1  # highlights are not painted


def test_splats_of_a_grid_stand_where_the_grid_is(scene: GridScene, tmp_path: Path) -> None:
    """Splat files have other axes: cameras go with them."""
    scene.save(scene.initial(), tmp_path / "ball.ply")
    camera = scene.cameras_around(5, 48)[1]
    before = scene.as_splats()
    twin = before.cameras_around(5, 48)[1]
    shown = [
        one.operator(at, 0).render(one.initial(), torch.full((3,), 0.5))[0]
        for one, at in ((scene, camera), (before, twin), (SplatScene(read_splats(tmp_path / "ball.ply"), "b"), twin))
    ]
    assert (shown[0] - shown[1]).abs().mean() < 0.04
    assert (shown[1] - shown[2]).abs().max() < 1e-4
    assert (shown[0] - shown[1].flip(1)).abs().mean() > 0.05


def test_what_shows_something_else_is_refused(scene: GridScene) -> None:
    far = replace(scene.grid, space=replace(scene.grid.space, center=(0.0, 0.0, -2.0)))
    with pytest.raises(Style3DError, match="does not show"):
        render_footage(scene, GridScene(FittedGrid(far, scene.fitted.cameras), "far"), 4, 32, (1,), lambda _: None)


@pytest.mark.parametrize("suffix", [".safetensors", ".ply"])
def test_the_command_measures_a_painted_grid(
    scene: GridScene, suffix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.chdir(tmp_path)
    save_grid(scene.fitted, Path("ball.safetensors"))
    painted(scene).save(1 - scene.initial(), Path(f"styled{suffix}"))
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (40, 40, 3)).astype(np.uint8)).save("style.png")
    few = ["--views", "4", "--resolution", "64", "--ceiling-steps", "1", "--features", "wavelet", "--quiet"]
    assert main(["evaluate", "ball.safetensors", f"styled{suffix}", "--style", "style.png", *few]) == 0
    said = capsys.readouterr().out
    figures = json.loads(Path("styled.evaluation.json").read_text())["figures"]
    values = {figure["name"]: figure["value"] for figure in figures}
    assert 0.7 < values["consistency.1.over_floor"] < 1.4
    assert values["consistency.7.rmse.independent"] > 0
    assert values["style.gram.flat"] > 0
    assert values["content.silhouette"] > 0.97
    assert "° of parallax" in next(f["mask"] for f in figures if f["name"] == "consistency.7.rmse")
    for word in ("rmse", "ssim", "perceptual", "unstylised", "flat colour", "each alone", "over_independent"):
        assert word in said


def test_a_capture_is_compared_with_what_was_painted_on_its_fit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fitted as the run did that lies beside the result; inputs are named with their hashes."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("STYLE3D_CACHE", str(tmp_path / "kept"))
    few = FitSettings(levels=(Level(8, 40), Level(12, 20)), rays=128)
    monkeypatch.setattr("style3d.nerf.grid.fit.FitSettings", lambda **given: replace(few, **given))
    pictures_of_a_ball(tmp_path / "ball", 9, 12)
    fitted = fitted_grid(tmp_path / "ball", replace(few, seed=3, downscale=1))
    save_grid(fitted.with_colors(1 - fitted.grid.colors), Path("styled.safetensors"))
    Path("styled.report.json").write_text(json.dumps({"job": {"seed": 3, "downscale": 1}}))
    quick = ["--views", "4", "--resolution", "48", "--gaps", "1", "--features", "wavelet", "--quiet"]
    assert main(["evaluate", "ball", "styled.safetensors", *quick]) == 0
    report = json.loads(Path("styled.evaluation.json").read_text())
    values = {figure["name"]: figure["value"] for figure in report["figures"]}
    assert values["content.silhouette"] == 1  # the very same geometry
    assert values["consistency.1.over_floor"] is None  # so coarse a grid is haze: there is nothing to compare, and said
    assert "no view shares a pixel" in Path("styled.evaluation.html").read_text()
    assert len(report["settings"]["inputs"]["ball"]) == 64
    assert len(list((tmp_path / "kept/grids").iterdir())) == 1


def test_captures_are_fields(tmp_path: Path) -> None:
    assert kind_at(tmp_path).job is FieldJob
    assert kind_at(tmp_path / "transforms.json").name == "radiance grids"
    assert kind_at(tmp_path / "cow.glb").job is MeshJob
