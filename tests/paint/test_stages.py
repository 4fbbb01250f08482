"""Every stage ends no worse than it began, on views that it did not step on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import style3d
from style3d.paint.layers import judge_layers, target_of
from style3d.paint.loop import PaintRun
from style3d.progress import Silent
from tests.helpers.models import write_textured_ball
from tests.helpers.nets import tiny_objective


def held_out(run: PaintRun, scale: float) -> float:
    """Mean style loss of three views around the scene that no stage looks at, at a stage's size of view."""
    colors, total = run.pyramid.full_table().clamp(0, 1), 0.0
    for camera in run.scene.cameras_around(3, round(run.recipe.resolution * scale)):
        view = run.cache.get(camera, 0)
        with torch.no_grad():
            image = view.operator.image(colors[torch.from_numpy(view.operator.entries)], run.layers.backdrop)
            target = target_of(run.objective, image, run.layers.layer_views(view))
            total += float(judge_layers(run.objective, image, target, run.scene.pixel_extent(camera))["style"]) / 3
    return total


@pytest.mark.parametrize("plain", [False, True])
def test_no_stage_undoes_the_picture(plain: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blots = np.random.default_rng(0).integers(0, 255, (12, 16, 3), dtype=np.uint8)
    Image.fromarray(blots).resize((256, 192), Image.Resampling.BICUBIC).save(tmp_path / "style.png")
    model = write_textured_ball(tmp_path / "ball.obj")
    if plain:
        Image.new("RGB", (32, 32), (240, 240, 240)).save(model.with_suffix(".png"))
    job = style3d.MeshJob(
        model, style=(tmp_path / "style.png",), preset="draft", views=6, resolution=64, texture_size=64, steps=120,
        turntable="none",
    )  # fmt: skip
    run, found = PaintRun(style3d.load(job), job, tiny_objective(), None, Silent()), []
    stage = PaintRun._stage

    def measured(self: PaintRun, number: int, *rest) -> None:
        scale = self.recipe.stages[number].scale
        before = held_out(self, scale)
        stage(self, number, *rest)
        found.append((before, held_out(self, scale)))

    monkeypatch.setattr(PaintRun, "_stage", measured)
    run.finish(resume=False)
    assert len(found) == 2
    for before, after in found:
        assert after <= 1.05 * before  # the content and the gamut may take a little of it
    assert found[-1][1] < 0.9 * found[0][0]
