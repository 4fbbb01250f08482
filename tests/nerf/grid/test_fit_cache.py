"""From photos to a painted scene: fitted once, kept, and found by `load`."""

from __future__ import annotations

import ast
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from style3d import load_scene as scenes
from style3d.core.camera import look_at
from style3d.errors import Style3DError
from style3d.files.source_digest import FOLDER, source_digest, sources
from style3d.job import FieldJob
from style3d.nerf.capture.read import is_capture
from style3d.nerf.grid import fit_cache as capture_scene
from style3d.nerf.grid.file import FittedGrid, save_grid
from style3d.nerf.grid.fit import FitSettings, Level
from style3d.nerf.grid.fit_cache import FIT, ROOMS, fitted_grid
from style3d.nerf.grid.scene import GridScene
from tests.helpers.fields import ball
from tests.nerf.grid.test_fit import pictures_of_a_ball

SMALL = FitSettings(levels=(Level(8, 40), Level(12, 20)), rays=128)


def test_a_fit_is_kept_until_something_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STYLE3D_CACHE", str(tmp_path / "kept"))
    fits = []
    monkeypatch.setattr(capture_scene, "fit_grid", lambda *a, fit=capture_scene.fit_grid: fits.append(1) or fit(*a))
    pictures_of_a_ball(tmp_path / "ball", 9, 12)
    first, again = (fitted_grid(tmp_path / "ball", SMALL) for _ in range(2))
    assert len(fits) == 1
    assert first.grid.key == again.grid.key
    assert len(first.cameras) == 9
    fitted_grid(tmp_path / "ball", replace(SMALL, seed=1))
    Image.fromarray(np.full((12, 12, 3), 90, np.uint8)).save(tmp_path / "ball/3.png")
    fitted_grid(tmp_path / "ball", SMALL)
    assert len(fits) == 3
    for path in (tmp_path / "kept/grids").iterdir():
        path.write_bytes(b"damaged")
    assert len(fitted_grid(tmp_path / "ball", SMALL).grid.vertices) > 0


@pytest.mark.parametrize(
    "name", ["nerf/capture/capture.py", "images.py", "nerf/grid/kernels.py", "render/grid_march.py"]
)
def test_the_key_follows_the_code(tmp_path: Path, name: str) -> None:
    """A source that decides the grid, changed or renamed with its imports, gives another key; any other does not."""
    shutil.copytree(FOLDER / "style3d", tmp_path / "style3d", ignore=shutil.ignore_patterns("__pycache__", "weights"))
    first, path = source_digest(FIT, ROOMS, tmp_path), tmp_path / "style3d" / name
    assert first == source_digest(FIT, ROOMS)
    (tmp_path / "style3d/paint/loop.py").write_text("# other code", encoding="utf-8")
    assert source_digest(FIT, ROOMS, tmp_path) == first
    path.write_bytes(path.read_bytes() + b"\n# changed\n")
    changed = source_digest(FIT, ROOMS, tmp_path)
    path.write_bytes((FOLDER / "style3d" / name).read_bytes())
    path.rename(path.with_stem("renamed"))
    old = f"style3d.{name[:-3].replace('/', '.')}"
    room, _, stem = old.rpartition(".")
    for file in (tmp_path / "style3d").rglob("*.py"):
        text = file.read_text(encoding="utf-8")
        text = text.replace(old, f"{room}.renamed").replace(f"from {room} import {stem}", f"from {room} import renamed")
        file.write_text(text, encoding="utf-8")
    renamed = sources(FIT, ("style3d.renamed", *ROOMS), tmp_path)
    assert f"{room}.renamed" in renamed
    assert len({first, changed, source_digest(FIT, ("style3d.renamed", *ROOMS), tmp_path)}) == 3


def test_no_import_of_a_fit_is_left_out_of_its_key() -> None:
    found = sources(FIT, ROOMS)
    trees = [ast.parse(path.read_bytes()) for path in found.values()]
    nodes = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    wanted = {node.module for node in nodes if (node.module or "").startswith("style3d")}
    assert wanted - {"style3d.nerf"} <= set(found)
    assert {"style3d.images", "style3d.nerf.capture.capture", "style3d.nerf.grid.kernels"} <= set(found)


def test_load_finds_grids(tmp_path: Path) -> None:
    save_grid(FittedGrid(ball(), ()), tmp_path / "ball.safetensors")
    for output in ("out.ply", "out.safetensors"):
        job = FieldJob(tmp_path / "ball.safetensors", style=(Path("style.png"),), output=tmp_path / output)
        assert isinstance(scenes.load(job), GridScene)


def test_pictures_are_taken_on_the_path_asked_for(tmp_path: Path) -> None:
    cameras = tuple(look_at(np.array([x, 0.5, 4.0]), np.zeros(3), 30.0, 32) for x in (-1.0, 0.0, 1.0))
    save_grid(FittedGrid(ball(), cameras), tmp_path / "walked.safetensors")
    save_grid(FittedGrid(ball(), ()), tmp_path / "unknown.safetensors")

    def around(name: str, path: str) -> bool:
        job = FieldJob(tmp_path / f"{name}.safetensors", style=(Path("style.png"),), path=path)
        return bool(scenes.load(job).cameras_around(8, 16)[4].position[2] < 0)

    assert [around("walked", path) for path in ("auto", "capture", "orbit")] == [False, False, True]
    assert around("unknown", "orbit")
    with pytest.raises(Style3DError, match="--path orbit"):
        around("unknown", "capture")


def test_load_fits_captures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pictures_of_a_ball(tmp_path, 9, 12)
    monkeypatch.setattr("style3d.nerf.grid.fit.FitSettings", lambda **given: replace(SMALL, **given))
    scene = scenes.load(FieldJob(tmp_path, style=(Path("style.png"),), output=tmp_path / "out.ply", downscale=1))
    assert isinstance(scene, GridScene)
    assert scene.name == tmp_path.name


def test_folders_without_poses_are_refused_by_load(tmp_path: Path) -> None:
    with pytest.raises(Style3DError, match="no camera poses"):
        scenes.load(FieldJob(tmp_path, style=(Path("style.png"),), output=tmp_path / "out.ply"))


def test_an_unpacked_sog_folder_is_no_capture(tmp_path: Path) -> None:
    assert is_capture(tmp_path)
    assert is_capture(tmp_path / "transforms_train.json")
    (tmp_path / "meta.json").write_text("{}")
    assert not is_capture(tmp_path)
    assert not is_capture(tmp_path / "scene.ply")
