"""Form: light painted into what is plain, a little into what is not, and none where nobody wants it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
import trimesh
from PIL import Image

import style3d
from style3d.paint.form import LEAST, drawing_of
from tests.helpers.models import write_textured_ball
from tests.helpers.nets import tiny_objective


@pytest.fixture
def job(tmp_path: Path) -> style3d.MeshJob:
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (40, 40, 3), dtype=np.uint8)).save(tmp_path / "s.png")
    trimesh.creation.icosphere(subdivisions=2).export(tmp_path / "white.obj")
    return style3d.MeshJob(
        tmp_path / "white.obj", style=(tmp_path / "s.png",), preset="draft", views=4, resolution=48, texture_size=32,
        steps=2, turntable="none",
    )  # fmt: skip


def test_form_0_leaves_colours_untouched(job: style3d.MeshJob) -> None:
    scene = style3d.load(job)
    drawing = drawing_of(scene, 0.0)
    assert drawing.form == drawing.plain == 0
    assert torch.equal(drawing.colors, scene.initial())


def test_light_comes_from_above(job: style3d.MeshJob) -> None:
    scene = style3d.load(job)
    drawing = drawing_of(scene, 1.0)
    height = torch.from_numpy(scene.points(0)[:, 1])
    shade = (drawing.colors / scene.initial().clamp_min(1e-3)).mean(1)
    inside = torch.from_numpy(scene.inside)
    assert float(shade[inside & (height > 0.7)].mean()) > float(shade[inside & (height < -0.7)].mean()) + 0.2
    assert float(shade.max()) <= 1 + 1e-5
    assert float(shade.min()) >= 0


def test_plain_gets_more_than_textured(job: style3d.MeshJob, tmp_path: Path) -> None:
    plain = drawing_of(style3d.load(job), None)
    textured = drawing_of(style3d.load(replace(job, model=write_textured_ball(tmp_path / "ball.obj"))), None)
    assert LEAST <= textured.form < plain.form <= 1
    assert plain.form > 0.95
    assert textured.plain < plain.plain


def test_black_speaks_as_white_does(job: style3d.MeshJob, tmp_path: Path) -> None:
    """Of light; and a colour all over says nothing without it."""
    contrasts = []
    for level, form in ((240, 1.0), (20, 1.0), (20, 0.0)):
        model = write_textured_ball(tmp_path / "ball.obj")
        Image.new("RGB", (32, 32), (level, level, level)).save(model.with_suffix(".png"))
        contrasts.append(drawing_of(style3d.load(replace(job, model=model)), form).contrast)
    white, black, flat = contrasts
    assert black == pytest.approx(white, rel=0.1)
    assert flat < 0.01 < white


@pytest.mark.parametrize("form", [0.0, 0.7])
def test_the_report_says_how_much(job: style3d.MeshJob, form: float) -> None:
    job = replace(job, form=form)
    assert style3d.stylize(style3d.load(job), job, tiny_objective()).report()["form"] == form
