"""Splats divided where they are wider than strokes: they look as before, and hold finer paint."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import style3d
from style3d.errors import Style3DError
from style3d.job import FieldJob
from style3d.nerf.splats.files import write_splats
from style3d.nerf.splats.scene import SplatScene
from style3d.nerf.splats.splats import Splats
from style3d.nerf.splats.split import MOST_GROWTH, finer, split_in_halves
from tests.helpers.clouds import cloud, splat_ball
from tests.helpers.nets import tiny_objective

BLACK = torch.zeros(3)


def large_ball() -> Splats:
    ball = splat_ball(300, degree=1)
    ball.log_scales[:] += np.float32(np.log(2))
    return ball


def test_halves_lie_along_the_longest_axis() -> None:
    """Their middle is where the whole was; only that axis is shorter; everything else is the whole's."""
    splats = cloud(20)
    chosen = np.arange(20) % 4 == 0
    parts = split_in_halves(splats, chosen)
    assert parts.count == 25
    one, other = parts.subset(np.arange(15, 20)), parts.subset(np.arange(20, 25))
    whole = splats.subset(chosen)
    np.testing.assert_allclose((one.positions + other.positions) / 2, whole.positions, atol=1e-6)
    shorter = (one.log_scales < whole.log_scales - 0.1).nonzero()
    np.testing.assert_array_equal(shorter[1], whole.log_scales.argmax(1))
    assert len(shorter[0]) == 5
    np.testing.assert_array_equal(one.sh, whole.sh)
    assert (one.opacities < whole.opacities).all()
    np.testing.assert_array_equal(parts.subset(np.arange(15)).positions, splats.subset(~chosen).positions)


@pytest.mark.parametrize(("opacity", "tolerance"), [(0.1, 0.01), (0.5, 0.04), (0.9, 0.09), (0.98, 0.11)])
def test_one_over_the_other_they_look_like_the_whole(opacity: float, tolerance: float) -> None:
    """Composited along a line through both, the coverage is the whole's as nearly as two Gaussians can."""
    whole = Splats(
        positions=np.zeros((1, 3), np.float32), rotations=np.float32([[0.6, 0, 0.8, 0]]),
        log_scales=np.log(np.float32([[1.0, 0.2, 0.1]])),
        logit_opacities=np.float32([np.log(opacity / (1 - opacity))]), sh=np.zeros((1, 1, 3), np.float32),
    )  # fmt: skip
    parts = split_in_halves(whole, np.array([True]))
    x = np.linspace(-4, 4, 200)
    step = parts.positions[1] - parts.positions[0]
    middle, width = np.linalg.norm(step) / 2, parts.scales[0].max()
    left, right = (parts.opacities[0] * np.exp(-((x - side * middle) ** 2) / 2 / width**2) for side in (-1, 1))
    assert np.abs(1 - (1 - left) * (1 - right) - opacity * np.exp(-(x**2) / 2)).max() < tolerance


def test_none_stays_too_wide_and_none_is_divided_in_vain() -> None:
    """Up to a growth; unseen ones (infinite) stay; where there is no room for all the widest go first."""
    ball = large_ball()
    widths = ball.scales.max(1)
    allowed = np.where(np.arange(300) < 100, np.inf, 0.7 * widths)
    parts = finer(ball, allowed)
    assert parts.count > 500
    np.testing.assert_array_equal(parts.positions[:100], ball.positions[:100])
    assert parts.scales[100:].max() <= 0.7 * widths.max() * (1 + 1e-6)
    assert finer(ball, widths * 1.01) is ball
    assert finer(ball, 1e-3 * widths).count == MOST_GROWTH * 300


def test_the_picture_stays() -> None:
    """A ball of divided splats looks like the ball."""
    whole = SplatScene(large_ball(), "ball")
    pixels = whole.pixels(whole.plan(6, 64))
    assert np.isfinite(pixels).mean() > 0.9
    parts = SplatScene(finer(whole.splats, pixels), "ball")
    assert parts.splats.count > 2 * whole.splats.count
    camera = whole.cameras_around(5, 64)[1]
    before, after = (scene.operator(camera, 0).render(scene.initial(), BLACK) for scene in (whole, parts))
    assert -10 * float((before - after).square().mean().log10()) > 30


def test_finer_splats_hold_more_of_the_style(tmp_path: Path) -> None:
    """As many steps on the same views leave a smaller loss; the option is for splats alone."""
    blots = np.random.default_rng(0).integers(0, 255, (24, 32, 3), dtype=np.uint8)
    Image.fromarray(blots).resize((128, 96), Image.Resampling.BICUBIC).save(tmp_path / "style.png")
    write_splats(large_ball(), tmp_path / "ball.ply")
    job = FieldJob(
        tmp_path / "ball.ply", style=(tmp_path / "style.png",), preset="draft", views=6, resolution=64, steps=60,
        style_scale=0.5, turntable="none",
    )  # fmt: skip
    losses = {}
    for geometry in ("frozen", "finetune"):
        given = replace(job, geometry=geometry)
        result = style3d.stylize(style3d.load(given), given, tiny_objective())
        losses[geometry] = np.mean([step["style"] for step in result.record["losses"][-12:]])
    assert losses["finetune"] < 0.95 * losses["frozen"]
    with pytest.raises(Style3DError, match="on splats only"):
        style3d.load(replace(job, model=Path("grid.safetensors"), geometry="finetune", output=Path("out.ply")))
