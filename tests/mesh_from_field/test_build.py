"""A field to a mesh: where it was, as large as it was, in its colours, and a file that others take."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from style3d.cli import main
from style3d.errors import Style3DError
from style3d.job import FieldJob
from style3d.mesh.asset import load_asset
from style3d.mesh_from_field.build import FieldMesh, MeshSettings, build_mesh, mesh_settings
from style3d.mesh_from_field.compare import compare, facts
from style3d.mesh_from_field.fields import field_of
from style3d.nerf.grid.file import FittedGrid
from style3d.nerf.grid.scene import GridScene
from style3d.nerf.splats.files import write_splats
from style3d.nerf.splats.harmonics import C0
from style3d.nerf.splats.scene import SplatScene
from style3d.nerf.splats.splats import Splats
from tests.helpers.clouds import splat_ball
from tests.helpers.fields import ball
from tests.helpers.validator import assert_valid

COARSE = MeshSettings(faces=1500, texture_size=128, views=16, view_size=96)


def striped(count: int = 5000) -> Splats:
    """A ball around (0, -3, 0) of a file, so (0, 3, 0) upright: red on top, blue below, green where x is positive."""
    splats = splat_ball(count)
    place = splats.positions - [0, -3, 0]
    colors = np.stack([place[:, 1] < 0, place[:, 0] > 0, place[:, 1] >= 0], 1) * 0.8 + 0.1
    return replace(splats, sh=((colors - 0.5) / C0)[:, None].astype(np.float32))


@pytest.fixture(scope="module")
def scene() -> SplatScene:
    return SplatScene(striped(), "ball.ply")


@pytest.fixture(scope="module")
def mesh(scene: SplatScene) -> FieldMesh:
    return build_mesh(field_of(scene, scene.initial()), COARSE)


def test_it_stands_upright_where_the_field_does(mesh: FieldMesh) -> None:
    positions = mesh.scene.surface.positions
    away = np.linalg.norm(positions - [0, 3, 0], axis=1)
    assert np.abs(away - 1).max() < 0.08
    normals = mesh.scene.surface.normals
    assert ((positions - [0, 3, 0]) * normals).sum(1).min() > 0.7  # outward


def test_it_has_the_fields_colours(mesh: FieldMesh) -> None:
    inside = mesh.scene.inside
    place = mesh.scene.points(0)[inside] - [0, 3, 0]
    colors = mesh.colors.numpy()[inside]
    wanted = np.stack([place[:, 1] > 0, place[:, 0] > 0, place[:, 1] <= 0], 1) * 0.8 + 0.1
    clear = (np.abs(place[:, :2]) > 0.2).all(1)
    assert np.abs(colors - wanted)[clear].mean() < 0.03
    assert mesh.seen > 0.97


def test_it_looks_like_the_field(scene: SplatScene, mesh: FieldMesh) -> None:
    field = field_of(scene, scene.initial())
    comparison = compare(field, mesh, 96)
    assert comparison.psnr > 17  # flat splats stand out over the rim
    flat = compare(field, replace(mesh, colors=torch.full_like(mesh.colors, 0.5)), 96)
    assert flat.psnr < comparison.psnr - 4
    told = facts(mesh, comparison)
    assert told["faces"] <= 1500
    assert np.allclose(told["size"], 2, atol=0.15)


def test_a_grid_becomes_a_mesh_too() -> None:
    scene = GridScene(FittedGrid(ball(32), ()), "ball")
    field = field_of(scene, scene.initial())
    mesh = build_mesh(field, COARSE)
    away = np.linalg.norm(mesh.scene.surface.positions, axis=1)
    assert np.abs(away - 0.7).max() < 0.1
    assert compare(field, mesh, 96).psnr > 18  # every vertex has a colour of its own


def test_the_job_says_how_fine() -> None:
    job = FieldJob(Path("a.ply"), (Path("s.jpg"),), mesh=Path("a.glb"), preset="fine", faces=900)
    assert mesh_settings(job) == MeshSettings(900, 3072, 80, 768)
    assert mesh_settings(replace(job, preset="draft", texture_size=64)).texture_size == 64


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"mesh": Path("a.stl")}, "cannot write a mesh as a.stl"),
        ({"faces": 900}, "add --mesh"),
        ({"mesh": Path("b.glb"), "output": Path("b.glb")}, "another name"),
        ({"mesh": Path("a.glb"), "faces": 5}, "--faces is out of range"),
    ],
)
def test_what_cannot_be_made_is_refused_at_once(options: dict, said: str) -> None:
    with pytest.raises(Style3DError, match=said):
        FieldJob(Path("a.ply"), (Path("s.jpg"),), **options)


def test_the_command_writes_an_asset_with_its_evidence(tmp_path: Path, monkeypatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    write_splats(striped(), tmp_path / "cloud.ply")
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (40, 40, 3), dtype=np.uint8)).save("style.png")
    tiny = ["--style", "style.png", "--features", "wavelet", "--turntable", "none", "--preset", "draft", "--steps", "4",
            "--views", "4", "--resolution", "48", "--texture-size", "64", "--quiet"]  # fmt: skip
    assert main(["nerf", "cloud.ply", "--mesh", "mesh.glb", "--faces", "400", *tiny]) == 0
    assert "mesh.glb" in capsys.readouterr().out
    assert Path("mesh.mesh.png").is_file()
    told = json.loads(Path("mesh.mesh.json").read_text())
    assert told["faces"] <= 400
    assert told["texture"] == [[64, 64]]
    asset = load_asset("mesh.glb")
    assert np.abs(np.linalg.norm(asset.surface.positions - [0, 3, 0], axis=1) - 1).mean() < 0.1
    assert main(["inspect", "mesh.glb"]) == 0
    assert "cloud.ply" in capsys.readouterr().out
    assert_valid(Path("mesh.glb"))


def test_it_can_be_painted_again(mesh: FieldMesh, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    mesh.save(Path("mesh.glb"))
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (40, 40, 3), dtype=np.uint8)).save("style.png")
    tiny = ["--style", "style.png", "--features", "wavelet", "--turntable", "none", "--preset", "draft", "--steps", "4",
            "--views", "4", "--resolution", "48", "--texture-size", "64", "--quiet"]  # fmt: skip
    assert main(["mesh", "mesh.glb", "--output", "again.glb", *tiny]) == 0
    assert main(["diff", "mesh.glb", "again.glb"]) == 0
