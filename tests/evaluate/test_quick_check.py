"""The sheet beside a painted field: a few views carried onto each other."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from style3d.commands.save_result import save
from style3d.evaluate.quick_check import GAPS, QuickCheck, quick_check, save_sheet
from style3d.job import FieldJob, recipe
from style3d.nerf.grid.scene import GridScene
from style3d.paint.result import Result
from style3d.progress import Silent
from tests.evaluate.footage.test_render import scene

__all__ = ["scene"]


@pytest.fixture
def result(scene: GridScene, tmp_path: Path) -> Result:
    """A ball whose colours were turned round."""
    Image.fromarray(np.zeros((8, 8, 3), np.uint8)).save(tmp_path / "style.png")
    job = FieldJob(tmp_path / "ball.safetensors", style=(tmp_path / "style.png",), resolution=64, turntable="none")
    before = scene.initial()
    record = {"interrupted": False, "cameras": scene.cameras_around(2, 32), "losses": [{"total": 1.0}]}
    record |= {"device": "cpu", "begun": 0.0}
    seen = np.ones(len(before), dtype=bool)
    return Result(scene, job, recipe(job), before, before.flip(1), seen, record)


def test_one_table_of_colours_agrees_like_the_original(result: Result) -> None:
    seen = quick_check(result, Silent())
    assert [check.gap for check in seen.checks] == list(GAPS)
    for check in seen.checks:
        assert check.after.relative == pytest.approx(check.before.relative, rel=0.1)  # channels are only swapped
        assert check.after.rmse > 0
        assert "° of parallax" in str(check)
    assert seen.checks[1].parallax > 4 * seen.checks[0].parallax
    assert seen.to_json()["7"]["over_floor"] == pytest.approx(1, abs=0.1)


def test_the_sheet_lies_beside_the_result(result: Result, tmp_path: Path) -> None:
    written = save(result, tmp_path / "out.safetensors", Silent())
    assert written[-1] == tmp_path / "out.consistency.png"
    with Image.open(written[-1]) as sheet:
        pixels = np.asarray(sheet)
    assert pixels.shape[0] > pixels.shape[1] > 300
    assert pixels.std() > 10
    assert json.loads((tmp_path / "out.report.json").read_text())["consistency"]["1"]["pairs"] >= 3


def test_nothing_to_compare_is_no_sheet(result: Result, tmp_path: Path) -> None:
    assert not save_sheet(QuickCheck(quick_check(result, Silent()).footage, ()), tmp_path / "none.png")
    assert not (tmp_path / "none.png").exists()
