"""Kinds of scenes are rows: nobody asks of what kind one is, and one more takes a page of code."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import style3d
from style3d.core.operator import apply_reference
from style3d.core.scene import Scene
from style3d.errors import Style3DError
from style3d.evaluate.kind_figures import KIND_FIGURES
from style3d.job import FieldJob, Job, MeshJob
from style3d.mesh_from_field.fields import FIELDS, field_of
from style3d.scene_kinds import registry
from style3d.scene_kinds.registry import KINDS, kind_at, kind_of_job
from tests.helpers import picture_scene
from tests.helpers.nets import tiny_objective
from tests.helpers.picture_scene import PICTURES, PictureJob, PictureScene

PACKAGE = Path(__file__).resolve().parents[2] / "style3d"
STYLE = (Path("style.png"),)


def names_of_kinds() -> set[str]:
    """Classes of scenes and of jobs that the rows name."""
    scenes = {kind.__name__ for kind in (*FIELDS, *KIND_FIGURES)}
    return scenes | {row.job.__name__ for row in KINDS} | {"Field", "SplatField", "GridField"}


def test_nobody_asks_for_the_kind() -> None:
    """No `isinstance` on a class that has a row, anywhere in the package."""
    names, wrong = names_of_kinds(), []
    assert names >= {"MeshScene", "SplatScene", "LobeScene", "GridScene", "MeshJob", "FieldJob"}
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "isinstance":
                asked = {inner.id for inner in ast.walk(node.args[1]) if isinstance(inner, ast.Name)}
                wrong += [f"{path}:{node.lineno} {name}" for name in asked & names]
    assert not wrong, "\n".join(wrong)


def test_a_kind_needs_ten_members() -> None:
    assert len(Scene.__abstractmethods__) == 10


def test_jobs_and_files_find_their_rows(tmp_path: Path) -> None:
    cloud = tmp_path / "cloud.ply"
    cloud.write_bytes(b"ply\nformat binary_little_endian 1.0\nproperty float f_dc_0\nend_header\n")
    assert kind_of_job(MeshJob(tmp_path / "cow.glb", STYLE)).name == "meshes"
    assert kind_of_job(FieldJob(tmp_path, STYLE)).name == "radiance grids"
    assert kind_of_job(FieldJob(tmp_path / "fox.safetensors", STYLE)).name == "radiance grids"
    assert kind_of_job(FieldJob(cloud, STYLE)).name == "Gaussian splats"
    assert kind_of_job(FieldJob(tmp_path / "absent.ply", STYLE)).name == "Gaussian splats"
    assert [kind_at(path).name for path in (cloud, tmp_path / "cow.glb")] == ["Gaussian splats", "meshes"]


def picture(path: Path, seed: int) -> Path:
    blots = np.random.default_rng(seed).integers(0, 255, (6, 6, 3), dtype=np.uint8)
    Image.fromarray(blots).resize((96, 96), Image.Resampling.BICUBIC).save(path)
    return path


@pytest.fixture
def job(tmp_path: Path) -> Job:
    return PictureJob(
        picture(tmp_path / "a.png", 0), (picture(tmp_path / "style.png", 1),), preset="draft", views=3, resolution=48,
        steps=12, turntable="none", output=tmp_path / "out.png",
    )  # fmt: skip


def test_without_a_row_a_job_is_refused(job: Job) -> None:
    with pytest.raises(Style3DError, match="'picture' cannot be painted; expected a MeshJob or a FieldJob"):
        style3d.load(job)


def test_a_new_kind_is_a_page(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    """A class and a row, in under 60 lines: loaded, painted and saved like any other."""
    lines = Path(picture_scene.__file__).read_text(encoding="utf-8").partition("\n@dataclass")[2].splitlines()
    assert len(lines) < 60
    monkeypatch.setattr(registry, "KINDS", (PICTURES, *KINDS))
    scene = style3d.load(job)
    result = style3d.stylize(scene, job, tiny_objective())
    files = result.save(job.destination)
    painted = np.asarray(Image.open(files[0]), np.float32) / 255
    assert np.abs(painted.reshape(-1, 3) - scene.initial().numpy()).mean() > 0.02
    told = json.loads(job.destination.with_name("out.report.json").read_text())
    assert told["scene"]["entries"] == 48 * 48
    assert told["scene"]["entries_seen"] > 0.8


def test_its_views_obey_the_law(job: Job) -> None:
    scene = PictureScene(job.model)
    camera = scene.cameras_around(3, 64)[1]
    operator = scene.operator(camera, 0)
    values = torch.rand(len(operator.entries), 3)
    assert torch.allclose(operator.matrix.apply(values), apply_reference(operator.matrix, values))
    depth = scene.view_depth(camera, operator)
    seen = np.isfinite(depth)
    assert 0.3 < seen.mean() < 0.9
    assert np.abs(depth[seen] - scene.distance(camera)).max() < 0.3
    assert scene.inside.all()
    assert not scene.switchable
    assert scene.geometry is None


def test_what_a_kind_cannot_do_is_said(job: Job, tmp_path: Path) -> None:
    scene = PictureScene(job.model)
    with pytest.raises(Style3DError, match=r"no mesh can be made of a\.png"):
        field_of(scene, scene.initial())
    with pytest.raises(Style3DError, match="cannot hold several variants"):
        scene.save_variants((), tmp_path / "b.png")
