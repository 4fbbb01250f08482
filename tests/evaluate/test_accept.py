"""Painting until it is good enough: with a painter whose answer is known, and once for real."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from style3d.cli import main
from style3d.errors import Style3DError
from style3d.evaluate.accept import adjusted_job, best_try, parse_accept, refuse_unmeasurable, try_until_kept
from style3d.evaluate.metrics.figure import Figure, absent, parse_limit
from style3d.evaluate.metrics.image_figures import image_figures
from style3d.evaluate.metrics.registry import IMAGE_METRICS, acceptable, figure_names
from style3d.evaluate.metrics.yardstick import Yardstick
from style3d.evaluate.suggest_settings import Character, suggest_settings
from style3d.job import Job, MeshJob
from style3d.job.preset import PRESETS
from tests.helpers.footage import arc
from tests.helpers.models import write_textured_ball
from tests.helpers.nets import Tiny, tiny_clips

JOB = MeshJob(Path("a.obj"), style=(Path("s.png"),), preset="draft")


def measured(weight: float) -> list[Figure]:
    """A painter that keeps more content and less style with more content weight."""
    content, style = weight / (1 + weight), 0.2 + 0.2 * weight
    return [Figure("content.features", content, "higher"), Figure("style.gram", style, "lower"),
            absent("content.lpips", "lower", "no weights")]  # fmt: skip


def run(accept: str, retries: int = 6) -> list:
    return try_until_kept(JOB, parse_accept(accept), retries, lambda job: job.content_weight, measured)


def test_stops_as_soon_as_thresholds_hold() -> None:
    assert len(run("content>=0.5")) == 1
    done = run("content>=0.7")
    assert [bool(one.missed) for one in done] == [True] * (len(done) - 1) + [False]
    assert best_try(done) is done[-1]
    assert done[-1].job.content_weight > JOB.content_weight
    assert run("style<=0.3")[-1].job.content_weight < JOB.content_weight


def test_keeps_the_best_of_what_cannot_be_met() -> None:
    done = run("content>=0.99", retries=2)
    assert len(done) == 3
    assert best_try(done).shortfall == min(one.shortfall for one in done)
    assert best_try(done).missed
    contradiction = run("content>=0.9,style<=0.25", retries=2)
    assert contradiction[-1].job.steps > sum(PRESETS[JOB.preset].steps)  # both are missed: more steps, the same weight
    assert contradiction[-1].job.content_weight == JOB.content_weight
    assert contradiction[-1].to_json()["missed"]


def test_an_absent_figure_keeps_no_threshold() -> None:
    done = run("content.lpips<=0.9", retries=1)
    assert "absent" in done[0].missed[0]
    assert parse_limit("content.lpips<=0.9").shortfall(measured(1)) == 1


def test_adjusting_stays_in_range() -> None:
    job: Job = JOB
    for _ in range(40):
        job = adjusted_job(job, parse_accept("content>=2"), measured(1))
    assert job.content_weight == 20
    assert len(run("content>=2", retries=40)) < 12  # nothing left to change: no more tries


def test_ctrl_c_ends_the_trying() -> None:
    limits = parse_accept("content>=0.99")
    done = try_until_kept(JOB, limits, 6, lambda job: job.content_weight, measured, lambda made: made > 1.5)
    assert len(done) == 2


def test_clip_means_words_where_there_are_words() -> None:
    assert parse_accept("clip>=0.2")[0].name == "style.clip"
    assert parse_accept("clip>=0.2", prompt=True)[0].name == "style.clip_text"


def test_what_cannot_be_measured_is_refused_before_painting() -> None:
    spoken = MeshJob(Path("a.obj"), prompt=("blue marble",), features="wavelet")
    for job, text, said in (
        (spoken, "style.gram<=0.5", "add --style IMAGE"),
        (
            spoken,
            "style.clip_text>=0.2",
            "add --clip-weights FILE",
        ),  # the small model reads it and judges none
        (JOB, "style.clip_text>=0.2", "no --prompt"),
        (JOB, "style.clip>=0.2", "add --clip-weights FILE"),
        (JOB, "style.fid_views<=9", "style3d evaluate --inception"),
        (JOB, "content.silhouette>=0.9", "outline"),
    ):
        with pytest.raises(Style3DError, match=said):
            refuse_unmeasurable(job, parse_accept(text))


def test_names_are_those_of_the_figures() -> None:
    """What --accept knows is what is measured."""
    style = torch.rand(1, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    figures = image_figures(arc(2, 32), Yardstick(style, Tiny(), "absent", "absent"))
    assert {figure.name for figure in figures} <= set(figure_names([1]))
    names = {figure.name for figure in figures if not figure.name.endswith(".before")}
    assert names == {row.name for row in IMAGE_METRICS} == {*(row.name for row in acceptable()), "composite.artfid"}


@pytest.mark.parametrize("text", ["", "content", "content>0.5", "content>=x", "content>=nan", "mesh.seams<=1", ">=1"])
def test_thresholds_that_cannot_be_understood(text: str) -> None:
    with pytest.raises(Style3DError):
        parse_accept(text)


def test_settings_suit_the_asset() -> None:
    plain, why = suggest_settings(JOB, Character(0.001, 0.9, 0.01, 0.5))
    assert plain.content_weight < 1
    assert "plain" in why
    faint, why = suggest_settings(JOB, Character(0.02, 0.1, 0.01, 0.5))
    assert faint.content_weight > 1
    assert "faint" in why
    rugged, why = suggest_settings(JOB, Character(0.02, 0.8, 0.2, 0.5))
    assert rugged.resolution == 320
    assert "intricate" in why
    assert suggest_settings(JOB, Character(0.02, 0.8, 0.01, 0.5))[0] == JOB


def test_for_real(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> None:
    monkeypatch.chdir(tmp_path)
    write_textured_ball(tmp_path / "ball.obj")
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (40, 40, 3), dtype=np.uint8)).save("style.png")
    command = ["mesh", "ball.obj", "--style", "style.png", "--preset", "draft", "--views", "3", "--resolution", "48",
               "--texture-size", "32", "--steps", "2", "--features", "wavelet", "--turntable", "none",
               "--quiet"]  # fmt: skip
    assert main([*command, "--auto", "--accept", "content>=1.5", "--retries", "1"]) == 1
    said = capsys.readouterr()
    assert "chosen for ball.obj: content weight" in said.out
    assert "content.features>=1.5 is not kept" in said.err
    told = json.loads((tmp_path / "ball.styled.report.json").read_text())["acceptance"]
    assert len(told["tries"]) == 2
    assert not told["accepted"]
    assert told["tries"][1]["content_weight"] > told["tries"][0]["content_weight"]
    assert (tmp_path / "ball.styled.glb").exists()
    assert main([*command, "--accept", "beauty>=1"]) == 2
    assert main([*command, "--accept", "clip>=0.2"]) == 2
    assert "add --clip-weights FILE" in capsys.readouterr().err


def test_with_a_real_clip(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    """A picture and words, judged by open_clip's model that the job names; the report holds both scores."""
    ball = write_textured_ball(tmp_path / "ball.obj")
    style, out = tmp_path / "style.png", tmp_path / "out.glb"
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (40, 40, 3), dtype=np.uint8)).save(style)
    clip = ["--clip-model", "tiny-vit", "--clip-weights", str(tiny_clips(tmp_path)["tiny-vit"])]
    command = ["mesh", str(ball), "--output", str(out), "--style", str(style), "--prompt", "blue marble",
               "--preset", "draft", "--views", "3", "--resolution", "48", "--texture-size", "32", "--steps", "2",
               "--features", "wavelet", "--turntable", "none", "--quiet", *clip]  # fmt: skip
    assert main([*command, "--accept", "clip>=1.5,style.clip>=-1", "--retries", "0"]) == 1
    told = json.loads((tmp_path / "out.report.json").read_text())["acceptance"]
    (figures,) = [one["figures"] for one in told["tries"]]
    assert -1 <= figures["style.clip"] <= 1
    assert told["tries"][0]["missed"] == [
        f"style.clip_text>=1.5 is not kept: style.clip_text is {figures['style.clip_text']:.4g}"
    ]
    assert "style.clip_text>=1.5 is not kept" in capsys.readouterr().err


def test_variants_take_no_thresholds(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    """They are painted with the settings given; a threshold that nobody looks at would be taken for one that holds."""
    style = tmp_path / "style.png"
    Image.fromarray(np.zeros((8, 8, 3), np.uint8)).save(style)
    command = ["mesh", str(write_textured_ball(tmp_path / "ball.obj")), "--style", str(style), "--variants",
               "--output", str(tmp_path / "out.glb"), "--quiet"]  # fmt: skip
    for more in (["--accept", "content>=0.5"], ["--auto"]):
        assert main([*command, *more]) == 2
        assert "--variants" in capsys.readouterr().err
