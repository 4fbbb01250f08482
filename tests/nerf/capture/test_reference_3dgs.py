"""The reference code's output folder: its cameras are looked from, its antialiasing drawn, odd files left alone."""

from __future__ import annotations

import json
import logging
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import style3d
from style3d.cli import main
from style3d.commands.blend import blend
from style3d.core.camera import Camera, look_at
from style3d.errors import Style3DError
from style3d.job import FieldJob
from style3d.nerf.capture.read import is_capture
from style3d.nerf.capture.reference_3dgs import newest_splats, read_training
from style3d.nerf.splats.files import read_splats, write_splats
from style3d.nerf.splats.scene import SplatScene
from tests.helpers.clouds import splat_ball

PAINT = (Path("paint.png"),)


def as_trainer(camera: Camera, number: int) -> dict:
    """What `camera_to_JSON` of the reference code writes."""
    to_camera = np.linalg.inv(camera.camera_to_world)
    pose = np.linalg.inv(to_camera)
    return {
        "id": number, "img_name": f"{number:04}", "width": camera.width, "height": camera.height,
        "position": pose[:3, 3].tolist(), "rotation": [row.tolist() for row in pose[:3, :3]],
        "fy": camera.focal, "fx": camera.focal,
    }  # fmt: skip


@pytest.fixture
def stops() -> list[Camera]:
    return [look_at(np.array([x, -3.0, 4.0]), np.array([0.0, -3, 0]), 40.0, 200) for x in (-1.0, 0.0, 1.0)]


@pytest.fixture
def folder(tmp_path: Path, stops: list[Camera]) -> Path:
    for iteration, count in (("7000", 100), ("30000", 300)):
        place = tmp_path / "out" / "point_cloud" / f"iteration_{iteration}"
        place.mkdir(parents=True)
        write_splats(splat_ball(count), place / "point_cloud.ply")
    listed = [as_trainer(camera, number) for number, camera in enumerate(stops)]
    (tmp_path / "out" / "cameras.json").write_text(json.dumps(listed))
    (tmp_path / "out" / "cfg_args").write_text("Namespace(sh_degree=3, antialiasing=True, data_device='cuda')")
    return tmp_path / "out"


def test_the_folder_is_a_scene(folder: Path, stops: list[Camera]) -> None:
    """The last iteration, looked at from where the photos were taken, as it was trained."""
    assert not is_capture(folder)
    scene = style3d.load(FieldJob(folder, style=PAINT))
    assert isinstance(scene, SplatScene)
    assert scene.splats.count == 300
    assert scene.splats.antialiased
    assert len(scene.cameras) == 3
    for own, given in zip(scene.cameras, stops, strict=True):
        np.testing.assert_allclose(own.camera_to_world, given.camera_to_world, atol=1e-9)
        assert (own.width, own.height, own.cx) == (200, 200, 100)
        assert own.focal == pytest.approx(given.focal)
    assert scene.plan(3, 64).overviews[0].position[0] == pytest.approx(-1)
    assert all(camera.position[2] == pytest.approx(4) for camera in scene.cameras_around(4, 32))
    around = style3d.load(FieldJob(folder, style=PAINT, path="orbit")).cameras_around(4, 32)
    assert min(camera.position[2] for camera in around) < 0


def test_the_file_itself_finds_its_cameras(folder: Path) -> None:
    """Three folders up, or beside it; any other place is none."""
    path = newest_splats(folder)
    assert path.parent.name == "iteration_30000"
    assert len(read_training(path).cameras) == 3
    assert read_training(path.with_name("other.ply")).cameras == ()
    assert len(read_training(folder / "copy.ply").cameras) == 3


def entry(size: int, turn: list) -> str:
    values = {"width": size, "height": size, "fx": 1, "fy": 1, "position": [0] * 3, "rotation": turn}
    return json.dumps([values])


@pytest.mark.parametrize("text", [
    "{}", "[]", "[1]", '[{"width": 4}]', "[" * 2000, "NaN", '[{"position": [0, 0, 0], "rotation": [[1]], "fx": 1}]',
    entry(10**9, np.eye(3).tolist()), entry(9, [[0] * 3] * 3),
])  # fmt: skip
def test_other_files_of_that_name_are_left_alone(folder: Path, text: str, caplog: pytest.LogCaptureFixture) -> None:
    (folder / "cameras.json").write_text(text)
    with caplog.at_level(logging.WARNING):
        assert read_training(newest_splats(folder)).cameras == ()
    assert "cameras.json" in caplog.text


def test_antialiased_splats_are_told_and_drawn(tmp_path: Path) -> None:
    """SPZ says so and says it again; the option says it for files that cannot; small splats are fainter then."""
    ball = splat_ball(200)
    ball.log_scales[:] -= 2
    write_splats(replace(ball, antialiased=True), tmp_path / "fair.spz")
    write_splats(ball, tmp_path / "plain.ply")
    fair = style3d.load(FieldJob(tmp_path / "fair.spz", style=PAINT))
    told = style3d.load(FieldJob(tmp_path / "plain.ply", style=PAINT, antialiased=True))
    plain = style3d.load(FieldJob(tmp_path / "plain.ply", style=PAINT))
    assert read_splats(tmp_path / "fair.spz").antialiased
    camera = plain.cameras_around(5, 32)[0]
    alphas = [scene.operator(camera, 0).alpha.sum() for scene in (fair, told, plain)]
    assert alphas[0] == pytest.approx(alphas[1], rel=0.05)
    assert alphas[1] < 0.6 * alphas[2]
    assert told.key != plain.key
    fair.save(torch.rand(200, 3), tmp_path / "again.spz")
    assert read_splats(tmp_path / "again.spz").antialiased


def test_a_run_on_a_folder_can_be_blended(folder: Path, tmp_path: Path) -> None:
    """By way of the folder, which must hold as many splats as it did."""
    paint, out = tmp_path / "paint.png", tmp_path / "out.ply"
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (64, 64, 3), dtype=np.uint8)).save(paint)
    quick = ["--steps", "2", "--views", "3", "--resolution", "64", "--features", "wavelet", "--turntable", "none"]
    assert main(["nerf", str(folder), "--style", str(paint), "--output", str(out), *quick, "--quiet"]) == 0
    blend(out, 0.0, tmp_path / "before.ply")
    before = read_splats(tmp_path / "before.ply").base_colors
    assert np.abs(before - read_splats(newest_splats(folder)).base_colors).max() < 1 / 255
    write_splats(splat_ball(200), newest_splats(folder))
    with pytest.raises(Style3DError, match="now holds another scene"):
        blend(out, 0.5, tmp_path / "half.ply")


def test_blending_a_folder_says_what_was_got(folder: Path) -> None:
    with pytest.raises(Style3DError, match=r"is a folder.*the file that a run wrote"):
        blend(folder, 0.5)
