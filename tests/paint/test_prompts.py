"""Prompts and mixtures from the command line to the painted asset."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import style3d
from style3d.cli import main
from style3d.commands.parse import parse_job
from style3d.errors import Style3DError
from style3d.job import MeshJob
from style3d.job.mixture import split_path, split_text
from style3d.paint.prompts import prompt_palette, swatches
from style3d.paint.style_library import default_objective_of
from tests.helpers.models import write_textured_ball


@pytest.fixture
def ball(tmp_path: Path) -> Path:
    return write_textured_ball(tmp_path / "ball.obj")


def quick(ball: Path, **options) -> MeshJob:
    options["style"] = tuple(Path(path) for path in options.get("style", ()))
    settings = {"preset": "draft", "views": 4, "resolution": 48, "texture_size": 32, "steps": 6, "turntable": "none"}
    return MeshJob(ball, features="wavelet", **(settings | options))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a wooden carving:0.2", ("a wooden carving", 0.2)),
        ("wood :3", ("wood", 3.0)),
        ("time 12:30 and", ("time 12:30 and", None)),
        ("wood", ("wood", None)),
        (":3", (":3", None)),
        ("wood:-1", ("wood:-1", None)),
    ],
)
def test_weights_behind_texts(text, expected) -> None:
    assert split_text(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a.jpg:0.7", ("a.jpg", 0.7)),
        ("C:\\a.jpg", ("C:\\a.jpg", None)),
        ("C:\\a.jpg:.5", ("C:\\a.jpg", 0.5)),
        ("C:7", ("C:7", None)),
        ("a:b/c.jpg", ("a:b/c.jpg", None)),
    ],
)
def test_weights_behind_paths(text, expected) -> None:
    path, weight = split_path(Path(text))
    assert (str(path), weight) == expected


def test_a_file_of_the_whole_name_is_that_file(tmp_path) -> None:
    (tmp_path / "a:2").write_bytes(b"x")
    assert split_path(tmp_path / "a:2") == (tmp_path / "a:2", None)


def test_mixtures_on_the_command_line(ball) -> None:
    words = ["--style", "a.jpg:0.6", "--style", "b.jpg:.2", "--prompt", "red dots:0.2", "--prompt", "wood"]
    job, _ = parse_job(MeshJob, [str(ball), *words])
    assert job.mixture == ((Path("a.jpg"), pytest.approx(0.75)), (Path("b.jpg"), pytest.approx(0.25)))
    assert job.prompts == (("red dots", pytest.approx(1 / 6)), ("wood", pytest.approx(5 / 6)))
    assert job.spoken_share == pytest.approx(0.6)
    plain, _ = parse_job(MeshJob, [str(ball), "--style", "a.jpg"])
    assert (plain.style_weights, plain.spoken_share) == ((), 0)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "add --style IMAGE or --prompt TEXT"),
        ({"style": ("a.jpg:0.5",), "style_weights": (1.0,)}, "weights are given twice"),
        ({"style": ("a.jpg:0", "b.jpg:0")}, "all zero"),
        ({"prompt": ("wood:0",)}, "all zero"),
        ({"prompt": (" ",)}, "a prompt is empty"),
        ({"style": ("a.jpg",), "negative_prompt": ("wood",)}, "--negative-prompt needs --prompt"),
        ({"prompt": ("wood",), "clip_model": "ViT-B-32", "optimizer": "lbfgs"}, "its patches are random"),
    ],
)
def test_what_cannot_work_is_refused(ball, options, message) -> None:
    with pytest.raises(Style3DError, match=message):
        quick(ball, **options)


def test_shares_of_the_mixture_are_shares_of_the_objective(ball) -> None:
    """Drawn prompts are pictures among pictures; prompts that a model leads to have terms of their own."""

    def weights(**options):
        return {term.name: term.weight for term in default_objective_of(quick(ball, **options)).terms}

    pictures = weights(style=("a.jpg",))
    assert set(pictures) == {"style", "content", "color", "gamut", "calm", "smoothness"}
    assert weights(style=("a.jpg:3",), prompt=("wood:1",)) == weights(prompt=("wood",)) == pictures


def test_what_a_clip_model_leads_to_has_its_share(ball, monkeypatch) -> None:
    from style3d.losses.text.small import load_small

    monkeypatch.setattr("style3d.paint.prompts.named_encoder", lambda job: load_small())

    def weights(**options):
        job = quick(ball, clip_model="ViT-B-32", **options)
        assert swatches(job) == ()
        return {term.name: term.weight for term in default_objective_of(job).terms}

    both, words = weights(style=("a.jpg:3",), prompt=("wood:1",)), weights(prompt=("wood",))
    pictures = {term.name: term.weight for term in default_objective_of(quick(ball, style=("a.jpg",))).terms}
    assert set(words) == {"prompt", "prompt in patches", "content", "smoothness"}
    for name in ("style", "color", "gamut", "calm"):
        assert both[name] == pytest.approx(0.75 * pictures[name])
    assert both["prompt in patches"] == pytest.approx(0.25 * words["prompt in patches"])
    assert both["content"] == pictures["content"] == words["content"]


def test_unknown_words_are_said_with_the_way_to_more(ball, caplog) -> None:
    with caplog.at_level(logging.WARNING):
        swatches(quick(ball, prompt=("blue porcelain by Klimt",)))
    assert "does not know: klimt" in caplog.text
    assert "--clip-model ViT-B-32" in caplog.text
    with pytest.raises(Style3DError, match="knows none of the words in 'a painting by Klimt'"):
        swatches(quick(ball, prompt=("a painting by Klimt",)))
    with pytest.raises(Style3DError, match="names no colour, material, pattern or technique"):
        swatches(quick(ball, prompt=("dark and glossy",)))


def test_swatches_share_the_mixture(ball) -> None:
    drawn = swatches(quick(ball, style=("a.jpg:2",), prompt=("gold:1", "blue stripes:1")))
    assert [weight for _, weight in drawn] == [pytest.approx(0.25), pytest.approx(0.25)]
    gold, stripes = (image[0].mean((1, 2)) for image, _ in drawn)
    assert gold[0] > gold[2] + 0.3
    assert stripes[2] > stripes[0] + 0.05


def test_a_pattern_without_colours_takes_those_of_the_scene(ball) -> None:
    own = torch.rand(500, 3, generator=torch.Generator().manual_seed(0)) * torch.tensor([1.0, 0.4, 0.1])
    ((image, _),) = swatches(quick(ball, prompt=("swirls",)), own)
    assert torch.allclose(image[0].mean((1, 2)), own.mean(0), atol=0.05)
    ((white, _),) = swatches(quick(ball, prompt=("swirls",)), torch.ones(500, 3))
    assert white.std() > 0.1


def test_the_palette_of_a_prompt(ball) -> None:
    shades = prompt_palette(quick(ball, prompt=("gold",)))
    assert shades.shape == (8, 3)
    assert (shades[:, 0] > shades[:, 2]).all()
    assert prompt_palette(quick(ball, prompt=("swirls",))) is None


def test_words_alone_paint(ball) -> None:
    job = quick(ball, prompt=("red and gold mosaic",), steps=16)
    result = style3d.stylize(style3d.load(job), job)
    color = result.after[torch.from_numpy(result.seen)].mean(0)
    before = result.before[torch.from_numpy(result.seen)].mean(0)
    assert color[0] - color[2] > before[0] - before[2] + 0.2
    losses = [step["style"] for step in result.record["losses"]]
    assert np.mean(losses[-4:]) < losses[0]


def test_a_picture_and_words_repeat_to_the_byte(ball, tmp_path) -> None:
    picture = tmp_path / "style.png"
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (96, 96, 3), dtype=np.uint8)).save(picture)
    job = quick(ball, style=(picture,), prompt=("blue stripes with red dots:0.5",), negative_prompt=("dots",))
    runs = [style3d.stylize(style3d.load(job), job).after for _ in range(2)]
    assert torch.equal(*runs)
    assert not torch.equal(runs[0], style3d.stylize(style3d.load(job), replace(job, negative_prompt=())).after)


def test_the_command_writes_everything_and_replays(ball, tmp_path, capsys) -> None:
    target = tmp_path / "out.glb"
    options = [
        "--features",
        "wavelet",
        "--preset",
        "draft",
        "--views",
        "4",
        "--resolution",
        "48",
        "--texture-size",
        "32",
    ]
    options += ["--steps", "4", "--turntable", "none", "--quiet"]
    assert main(["mesh", str(ball), "--prompt", "green marble:2", *options, "--output", str(target)]) == 0
    again = tmp_path / "again.glb"
    config = ["--config", str(tmp_path / "out.report.json"), "--output", str(again), "--quiet"]
    assert main(["mesh", str(ball), *config]) == 0
    assert target.read_bytes() == again.read_bytes()
    assert (tmp_path / "out.contact-sheet.png").exists()
