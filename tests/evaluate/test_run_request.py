"""What a request is measured with."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from style3d.evaluate.accept import job_yardstick
from style3d.evaluate.request import EvaluationRequest
from style3d.evaluate.run_request import request_yardstick
from style3d.job import MeshJob
from style3d.paint.style_library import brush_scale, read_styles


@pytest.fixture
def request_of(tmp_path: Path):
    """A request on two models, of which the second has a report that says this of its brush."""
    Image.effect_noise((64, 48), 80).convert("RGB").save(tmp_path / "style.png")

    def made(**report) -> EvaluationRequest:
        (tmp_path / "b.report.json").write_text(json.dumps(report), encoding="utf-8")
        return EvaluationRequest((tmp_path / "a.glb", tmp_path / "b.glb"), style=tmp_path / "style.png")

    return made


@pytest.mark.parametrize(
    ("report", "scale"),
    [({"style_scale": [1.5]}, 1.5), ({"style_scale": [0.5, 2.0]}, 1.0), ({}, 1.0), ({"style_scale": ["x", -1.0]}, 1.0)],
)
def test_strokes_are_expected_as_large_as_the_run_made_them(request_of, report, scale) -> None:
    assert request_yardstick(request_of(**report)).style_scale == pytest.approx(scale)
    assert request_yardstick(replace(request_of(**report), style_scale=0.7)).style_scale == 0.7


def test_a_run_accepts_strokes_as_large_as_it_makes_them(tmp_path: Path) -> None:
    Image.effect_noise((256, 192), 80).convert("RGB").save(tmp_path / "fine.png")
    job = MeshJob(tmp_path / "a.glb", (tmp_path / "fine.png",))
    assert job_yardstick(job).style_scale == brush_scale(read_styles([(tmp_path / "fine.png", 1.0)])) > 1
    assert job_yardstick(replace(job, style_scale=0.5)).style_scale == 0.5
