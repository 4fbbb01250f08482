"""A grid as a scene: files, splats, plan, and a run of the loop on it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file, save_file

from style3d.core.camera import Camera, look_at, orbit_directions
from style3d.errors import Style3DError
from style3d.nerf.grid.file import FittedGrid, read_grid, save_grid
from style3d.nerf.grid.scene import GridScene
from style3d.nerf.grid.score import psnr
from style3d.nerf.grid.to_splats import FILE_AXES
from style3d.nerf.splats.files import read_splats
from style3d.nerf.splats.scene import SplatScene
from style3d.regions.region_weights import part_weights
from style3d.regions.selector import Where
from style3d.render.grid_image import render_image
from tests.helpers.fields import ball, matte


def around(count: int = 6, size: int = 32) -> tuple[Camera, ...]:
    return tuple(look_at(way * 4, np.zeros(3), 30.0, size) for way in orbit_directions(count))


@pytest.fixture
def fitted() -> FittedGrid:
    grid = ball(24)
    smooth = (grid.places * 0.6 + 0.5).clip(0, 1).astype(np.float32)
    return FittedGrid(replace(grid, colors=smooth), around(), 25.5)


def test_files_come_back_bit_for_bit(fitted: FittedGrid, tmp_path: Path) -> None:
    save_grid(fitted, tmp_path / "a.safetensors")
    again = read_grid(tmp_path / "a.safetensors")
    assert again.grid.key == fitted.grid.key
    assert [c.key() for c in again.cameras] == [c.key() for c in fitted.cameras]
    assert again.psnr == 25.5
    save_grid(again, tmp_path / "again.safetensors")
    assert (tmp_path / "again.safetensors").read_bytes() == (tmp_path / "a.safetensors").read_bytes()


BROKEN = {
    "order": {"vertices": lambda a: a[::-1].copy()},
    "range": {"vertices": lambda a: a + 10**9},
    "nan": {"density": lambda a: a * np.nan},
    "shape": {"colors": lambda a: a[:-1]},
    "dtype": {"shift": lambda a: a.astype(np.float64)},
    "camera": {"cameras": lambda a: a * -1},
    "absent": {"cameras": lambda a: None},
}


@pytest.mark.parametrize("case", sorted(BROKEN))
def test_broken_files_are_refused(fitted: FittedGrid, tmp_path: Path, case: str) -> None:
    path = tmp_path / "a.safetensors"
    save_grid(fitted, path)
    arrays = load_file(path)
    for name, change in BROKEN[case].items():
        changed = change(arrays[name])
        arrays = {**arrays, name: changed} if changed is not None else {k: v for k, v in arrays.items() if k != name}
    save_file(arrays, path, metadata=_metadata(fitted, tmp_path))
    with pytest.raises(Style3DError, match="not a radiance grid") as caught:
        read_grid(path)
    assert "\n" not in str(caught.value)


def _metadata(fitted: FittedGrid, folder: Path) -> dict[str, str]:
    from safetensors import safe_open

    save_grid(fitted, folder / "whole.safetensors")
    with safe_open(folder / "whole.safetensors", framework="numpy") as file:
        return file.metadata()


@pytest.mark.parametrize("content", [b"", b"ply\n", b"\xff" * 64])
def test_other_files_are_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.safetensors").write_bytes(content)
    with pytest.raises(Style3DError):
        read_grid(tmp_path / "a.safetensors")


def test_the_scene_shows_the_grid(fitted: FittedGrid) -> None:
    scene = GridScene(fitted, "ball")
    camera = fitted.cameras[0]
    operator = scene.operator(camera, 0)
    image = operator.render(scene.initial(), torch.zeros(3))[0].permute(1, 2, 0).numpy()
    assert psnr(image, render_image(fitted.grid, camera)[0]) > 28


def test_coarse_levels_show_flat_colour_alike(fitted: FittedGrid) -> None:
    """A table of one colour looks the same on every level of the pyramid."""
    scene = GridScene(FittedGrid(matte(fitted.grid), fitted.cameras), "ball")
    color = torch.tensor([0.2, 0.4, 0.8])
    images = []
    for level in range(scene.hierarchy.levels):
        operator = scene.operator(fitted.cameras[1], level)
        images.append(operator.render(color.expand(scene.hierarchy.sizes[level], 3), torch.zeros(3)))
    assert all(torch.allclose(image, images[0], atol=1e-4) for image in images)


def test_views_follow_the_capture(fitted: FittedGrid) -> None:
    scene = GridScene(fitted, "ball")
    views = scene.plan(11, 128)
    assert (len(views.overviews), views.closeups) == (11, ())
    assert {max(camera.width, camera.height) for camera in views.overviews} == {128}
    nothing = np.zeros(len(fitted.grid.vertices), bool)
    chosen = scene.further_cameras(nothing, 128)
    seen = nothing.copy()
    for camera in chosen:
        seen[scene.operator(camera, 0).entries] = True
    assert scene.further_cameras(seen, 128) == ()
    assert scene.further_cameras(np.ones_like(nothing), 64) == ()
    assert all((c.width, c.height) == (40, 40) for c in scene.cameras_around(5, 40))


def test_a_grid_without_cameras_is_looked_at_from_around(fitted: FittedGrid) -> None:
    scene = GridScene(FittedGrid(fitted.grid, ()), "ball")
    operator = scene.operator(scene.plan(4, 48).overviews[0], 0)
    assert 0.2 < operator.alpha.mean() < 0.9


def test_regions_are_shapes(fitted: FittedGrid) -> None:
    scene = GridScene(fitted, "ball")
    weights = part_weights(scene, Where(box=(-1.0, -1.0, -1.0, 0.0, 1.0, 1.0)))
    assert np.array_equal(weights > 0, scene.points(0)[:, 0] <= 0)
    with pytest.raises(Style3DError, match="material"):
        part_weights(scene, Where(material="fur"))


def test_what_no_view_saw_takes_the_colour_beside_it(fitted: FittedGrid) -> None:
    scene = GridScene(fitted, "ball")
    seen = np.arange(len(fitted.grid.vertices)) % 5 > 0
    hidden = torch.where(torch.from_numpy(seen)[:, None], scene.initial(), torch.zeros(3))
    assert (scene.completed_colors(hidden, seen) - scene.initial())[torch.from_numpy(~seen)].abs().max() < 0.12


@pytest.mark.parametrize("suffix", [".safetensors", ".ply"])
def test_saved_scenes_look_alike(fitted: FittedGrid, tmp_path: Path, suffix: str) -> None:
    scene = GridScene(fitted, "ball")
    colors = (1 - scene.initial()).contiguous()
    (path,) = scene.save(colors, tmp_path / f"out{suffix}")
    camera, black = fitted.cameras[2].at_scale(3), torch.zeros(3)
    wanted = scene.operator(camera, 0).render(colors, black)
    if suffix == ".ply":
        again, turn = SplatScene(read_splats(path), "out"), np.eye(4)
        turn[:3, :3] = FILE_AXES
        camera = replace(camera, camera_to_world=turn @ camera.camera_to_world)
        least = 22.0  # silhouettes are a little wider, by the dilation of splats
    else:
        again, least = GridScene(read_grid(path), "out"), 60.0
    shown = again.operator(camera, 0).render(again.initial(), black)
    assert psnr(shown.numpy(), wanted.numpy()) > least


def test_highlights_can_be_dropped(fitted: FittedGrid, tmp_path: Path) -> None:
    scene = GridScene(fitted, "ball", "drop")
    assert not scene.operator(fitted.cameras[0], 0).fixed.any()
    (path,) = scene.save(scene.initial(), tmp_path / "out.ply")
    assert read_splats(path).degree == 0
