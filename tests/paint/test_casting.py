"""Casting: parts and areas are found, and each part gets the area that is like it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
import trimesh
from PIL import Image

import style3d
from style3d.cli import main
from style3d.color.lab import lab
from style3d.paint.casting import Portion, picture_areas, roles, scene_parts, transport
from style3d.paint.form import Drawing
from tests.helpers.nets import tiny_objective

BLUE, GREEN, DARK, LIGHT, BROWN = (
    (0.2, 0.3, 0.8), (0.2, 0.5, 0.15), (0.05, 0.05, 0.06), (0.95, 0.93, 0.9), (0.4, 0.25, 0.1),
)  # fmt: skip


def portion(rgb: tuple[float, float, float], tone: float, height: float = 0.5, size: float = 0.3) -> Portion:
    return Portion(lab(np.array([rgb]))[0], rgb, tone, 0.5, height, size)


def halves(size: int = 96) -> torch.Tensor:
    """Calm blue above, busy green below."""
    image = np.empty((size, size, 3))
    image[: size // 2], image[size // 2 :] = BLUE, GREEN
    speckle = np.random.default_rng(0).choice([-0.15, 0.15], (size // 2, size, 1))
    image[size // 2 :] += speckle
    return torch.from_numpy(image.clip(0, 1)).permute(2, 0, 1)[None].float()


def painted_ball(path: Path) -> Path:
    """A ball whose upper half is dark and whose lower half is green."""
    mesh = trimesh.creation.icosphere(subdivisions=3)
    colors = np.where(mesh.vertices[:, 1:2] > 0, np.array([DARK]), np.array([GREEN]))
    mesh.visual.vertex_colors = np.concatenate([colors * 255, np.full((len(colors), 1), 255)], 1).astype(np.uint8)
    mesh.export(path)
    return path


@pytest.fixture
def job(tmp_path: Path) -> style3d.MeshJob:
    pixels = (halves()[0].permute(1, 2, 0).numpy() * 255).astype(np.uint8)
    pixels[:20] = (13, 13, 16)  # a dark strip
    Image.fromarray(pixels).save(tmp_path / "s.png")
    return style3d.MeshJob(
        painted_ball(tmp_path / "ball.ply"), style=(tmp_path / "s.png",), preset="draft", views=4, resolution=48,
        paint="vertices", steps=2, turntable="none",
    )  # fmt: skip


def test_a_calm_and_a_busy_half_are_two_areas() -> None:
    areas, (rows, columns) = picture_areas(halves())
    blue = min(range(len(areas.portions)), key=lambda k: np.linalg.norm(np.array(areas.portions[k].rgb) - BLUE))
    shares = areas.share.reshape(rows, columns, -1)
    assert shares.sum(2) == pytest.approx(np.ones((rows, columns)), abs=1e-4)
    assert shares[: rows // 3, :, blue].mean() > 0.9
    assert shares[-rows // 3 :, :, blue].mean() < 0.1
    others = [area for k, area in enumerate(areas.portions) if k != blue]
    assert others
    assert all(area.busy > areas.portions[blue].busy for area in others)
    assert all(area.height < areas.portions[blue].height for area in others)
    assert sum(area.size for area in areas.portions) == pytest.approx(1, abs=1e-4)


def test_a_picture_of_one_colour_is_one_area() -> None:
    areas, _ = picture_areas(torch.full((1, 3, 20, 8), 0.4))
    assert all(np.allclose(area.rgb, 0.4, atol=0.01) for area in areas.portions)


def test_the_parts_of_a_scene_in_two_colours(job: style3d.MeshJob) -> None:
    scene = style3d.load(job)
    parts = scene_parts(scene, Drawing(scene.initial(), 0.0, 0.2))
    assert 2 <= len(parts.portions) <= 3  # the border may be one
    assert parts.share.sum(1) == pytest.approx(np.ones(len(parts.share)), abs=1e-5)
    dark = int(np.argmin([part.tone for part in parts.portions]))
    height = scene.points(0)[:, 1]
    assert parts.share[height > 0.6, dark].min() > 0.8
    assert parts.share[height < -0.3, dark].max() < 0.1
    assert all(parts.portions[dark].height > part.height for k, part in enumerate(parts.portions) if k != dark)


def test_light_and_height_part_what_is_plain(job: style3d.MeshJob) -> None:
    scene = style3d.load(job)
    grey = torch.full_like(scene.initial(), 0.6)
    assert len(scene_parts(scene, Drawing(grey, 0.0, 0.2)).portions) == 1
    lit = grey * torch.from_numpy(0.6 + 0.4 * scene.points(0)[:, 1:2]).float()
    assert len(scene_parts(scene, Drawing(lit, 1.0, 0.2)).portions) >= 2


def test_dark_after_dark_and_green_after_green() -> None:
    parts = [portion(DARK, 0.1), portion(GREEN, 0.4), portion(LIGHT, 0.9)]
    areas = [portion(LIGHT, 0.9, size=0.1), portion(GREEN, 0.45, size=0.7), portion(BROWN, 0.3), portion(DARK, 0.05)]
    plan = transport(parts, areas, plain=0.0)
    assert plan.argmax(1).tolist() == [3, 1, 0]
    assert plan.sum(1) == pytest.approx(np.ones(3))
    assert (plan >= 0).all()


def test_height_matters_where_there_is_no_colour() -> None:
    grey = (0.5, 0.5, 0.5)
    areas = [portion(grey, 0.5, height=1.0), portion(grey, 0.5, height=0.0)]
    parts = [portion(grey, 0.5, height=0.0), portion(grey, 0.5, height=1.0)]
    assert transport(parts, areas, plain=1.0).argmax(1).tolist() == [1, 0]


@pytest.mark.parametrize("seed", range(4))
def test_extreme_costs_give_no_nan(seed: int) -> None:
    random = np.random.default_rng(seed)
    parts, areas = (
        [
            Portion(random.normal(0, 500, 3), (0.0, 0.0, 0.0), float(random.random()), 0.5, 0.5, size)
            for size in (1.0, 0.0, 1e-9, 0.3)
        ]
        for _ in range(2)
    )
    plan = transport(parts, areas, plain=1.0)
    assert np.isfinite(plan).all()
    assert plan.sum(1) == pytest.approx(np.ones(4))


def test_told_pairs_are_followed(job: style3d.MeshJob) -> None:
    """The dark part is asked to be green and the green part blue, against what anyone would find."""
    scene, image = style3d.load(job), halves()
    dark, green = roles(scene, Drawing(scene.initial(), 0.0, 0.2), [image], [(DARK, GREEN), (GREEN, BLUE)])
    height = scene.points(0)[:, 1]
    assert dark.share[height > 0.3].min() > 0.9
    assert green.share[height < -0.3].min() > 0.9
    rows = dark.masks[0].shape[2]
    assert float(dark.masks[0][:, :, : rows // 3].mean()) < 0.1
    assert float(green.masks[0][:, :, : rows // 3].mean()) > 0.9
    assert len(dark.words) == 1


def test_a_run_shows_its_cast_and_off_is_one_layer(job: style3d.MeshJob, tmp_path: Path) -> None:
    result = style3d.stylize(style3d.load(job), job, tiny_objective())
    cast = result.report()
    assert len(cast["cast"]) >= 2
    assert tmp_path / "out.cast.png" in result.save(tmp_path / "out.glb")
    with Image.open(tmp_path / "out.cast.png") as image:
        assert image.height > image.width / 2
    off = replace(job, cast=("off",))
    painted = style3d.stylize(style3d.load(off), off, tiny_objective())
    whole = painted.report()
    assert whole["cast"] == []
    assert painted.cast == ()
    assert len(whole["style_scale"]) == 1 < len(cast["style_scale"])


def test_what_was_found_can_be_told(job: style3d.MeshJob) -> None:
    """The words of a report are words that `--cast` takes, and lead to the same pairs again."""
    first = style3d.stylize(style3d.load(job), job, tiny_objective()).report()["cast"]
    told = replace(job, cast=tuple(first))
    again = style3d.stylize(style3d.load(told), told, tiny_objective()).report()["cast"]
    assert len(again) >= 2
    assert {word.split(">")[1] for word in again} <= {word.split(">")[1] for word in first}


def test_a_job_file_with_its_cast_edited_is_followed(job: style3d.MeshJob, tmp_path: Path, monkeypatch) -> None:
    """Replayed as written it gives the same bytes; uncommented and turned round it gives another picture."""
    monkeypatch.chdir(tmp_path)
    options = ["--features", "wavelet", "--turntable", "none", "--quiet", "--paint", "vertices", "--preset", "draft"]
    sizes = ["--views", "4", "--resolution", "48", "--steps", "4", "--output", "out.glb"]
    assert main(["mesh", "ball.ply", "--style", "s.png", *options, *sizes]) == 0
    first, written = Path("out.glb").read_bytes(), Path("out.job.yaml").read_text()
    assert main(["run", "out.job.yaml"]) == 0
    assert Path("out.glb").read_bytes() == first
    settings, comment, pairs = written.partition("# cast:")
    assert comment
    assert len(pairs.splitlines()) >= 3
    Path("edited.job.yaml").write_text(settings + "cast:\n- '#0d0d10>#33803f'\n- '#338026>#334dcc'\n")
    assert main(["run", "edited.job.yaml"]) == 0
    assert Path("out.glb").read_bytes() != first
    assert json.loads(Path("out.report.json").read_text())["job"]["cast"] == ["#0d0d10>#33803f", "#338026>#334dcc"]
