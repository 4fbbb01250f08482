"""Likeness of results: made manners, made pictures, and a kit of balls painted with one palette and one brush."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from style3d.evaluate.likeness import MOST, Manner, color_gap, likeness, manner_from_json, manner_of

BLUES, REDS = ((30.0, 10.0, -40.0), (60.0, 0.0, -30.0)), ((45.0, 60.0, 40.0), (70.0, 20.0, 30.0))


def manner(colors: tuple = BLUES, stroke: float = -3.0, shares: tuple = (0.5, 0.5)) -> Manner:
    return Manner(colors, shares, stroke)


def painted(width: float, tint: tuple[float, float, float], seed: int) -> np.ndarray:
    """Noise of one wavelength in one colour."""
    noise = gaussian_filter(np.random.default_rng(seed).standard_normal((96, 96)), width)
    return ((0.5 + 0.15 * noise / noise.std())[..., None].clip(0, 1) * np.array(tint)).astype(np.float32)


def test_one_hand_is_one() -> None:
    found = likeness([manner(), manner(), manner(shares=(0.2, 0.8))])
    assert found is not None
    assert (found.value, found.colors, found.strokes, found.count) == (1.0, 0.0, 0.0, 3)


def test_it_falls_with_every_palette_and_every_brush_of_its_own() -> None:
    one = likeness([manner(), manner()])
    palettes = likeness([manner(), manner(REDS)])
    brushes = likeness([manner(), manner(stroke=-2.0)])
    both = likeness([manner(), manner(REDS, -2.0)])
    assert brushes.value == pytest.approx(0.5)
    assert one.value > brushes.value > palettes.value > both.value > 0


def test_a_part_of_the_palette_is_near_the_whole() -> None:
    assert color_gap(manner(), manner(BLUES[:1], shares=(1.0,))) < 0.5 * color_gap(manner(), manner(REDS))
    assert color_gap(manner(), manner(REDS)) == color_gap(manner(REDS), manner())


def test_fewer_than_two_have_none_and_many_are_sampled() -> None:
    assert likeness([]) is None
    assert likeness([manner()]) is None
    assert likeness([manner()] * 1000).count <= MOST


def test_manners_of_pictures() -> None:
    """Pictures in one colour and of one stroke are alike; a pixel that is twice as wide makes strokes twice as wide."""
    whole = np.ones((96, 96), np.float32)
    blue = manner_of([painted(2.0, (0.3, 0.5, 0.9), 0)], [whole], [0.01])
    again = manner_of([painted(2.0, (0.3, 0.5, 0.9), 1)], [whole], [0.01])
    coarse = manner_of([painted(4.0, (0.3, 0.5, 0.9), 2)], [whole], [0.01])
    near = manner_of([painted(4.0, (0.3, 0.5, 0.9), 2)], [whole], [0.005])
    red = manner_of([painted(2.0, (0.9, 0.3, 0.3), 3)], [whole], [0.01])
    assert likeness([blue, again]).value > 0.8
    assert likeness([blue, coarse]).strokes > 0.4
    assert coarse.stroke - near.stroke == pytest.approx(1.0, abs=1e-3)
    assert likeness([blue, red]).value < 0.3
    assert manner_of([painted(2.0, (1, 1, 1), 4)], [0 * whole], [0.01]) is None


def test_manners_survive_json_and_nonsense_is_refused() -> None:
    told = json.loads(json.dumps(asdict(manner())))
    assert manner_from_json(told) == manner()
    for wrong in ({"colors": []}, {"shares": [1.0]}, {"stroke": float("nan")}, {"colors": [[1, 2]] * 2},
                  {"shares": [0.0, 0.0]}):  # fmt: skip
        with pytest.raises((ValueError, TypeError)):
            manner_from_json(told | wrong)


def paint(folder: Path, name: str, brush: float, colors: tuple[str, ...]) -> Manner:
    """The manner of a ball that a worker of a batch paints."""
    from style3d.batch.task import PaintTask, read_receipt
    from style3d.commands.paint_task import paint_task
    from style3d.job import MeshJob
    from style3d.progress import Silent

    job = MeshJob(
        folder / f"{name}.obj", style=(folder / "oil.png",), palette=colors, brush_size=brush, preset="draft", views=4,
        resolution=96, texture_size=128, steps=2, features="wavelet", turntable="none", output=folder / "out/ball.glb",
    )  # fmt: skip
    task = PaintTask("key", name, job, f"{name} {brush}", "", None, folder)
    found = read_receipt(task.receipt) if paint_task(task, Silent()) else None
    assert found is not None
    assert found.manner is not None
    return found.manner


def test_a_kit_of_one_palette_and_one_brush_is_more_alike(tmp_path: Path) -> None:
    """A ball and one of twice its size, painted by real runs: with one palette and one brush, and each with its own."""
    from PIL import Image

    from tests.helpers.models import write_textured_ball

    write_textured_ball(tmp_path / "small.obj")
    Image.new("RGB", (32, 32), (150, 150, 150)).save(tmp_path / "small.png")  # strokes are the paint's alone
    lines = (line.split() for line in (tmp_path / "small.obj").read_text().splitlines())
    large = [["v", *(str(2 * float(number)) for number in line[1:])] if line[:1] == ["v"] else line for line in lines]
    (tmp_path / "large.obj").write_text("\n".join(map(" ".join, large)))
    picture = np.concatenate([painted(4.0, (1.0, 0.8, 0.4), 0), painted(4.0, (0.3, 0.5, 1.0), 1)], 1)
    Image.fromarray((255 * picture).astype(np.uint8)).save(tmp_path / "oil.png")
    blue, red = ("#102050", "#5080c0", "#c0d8f0"), ("#501010", "#c05030", "#f0d0a0")
    small = paint(tmp_path, "small", 1.5, blue)
    one = likeness([small, paint(tmp_path, "large", 1.5, blue)])
    own = likeness([small, paint(tmp_path, "large", 3.0, red)])
    assert one.colors < own.colors
    assert one.strokes < 0.8 * own.strokes
    assert one.value > 2 * own.value
