"""A run in a given time, on a clock that ticks as told: it paints every stage, shortens them, and ends in time."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import style3d
from style3d.paint import course, loop
from style3d.paint.course import Span
from style3d.paint.pace import Line, Pace
from style3d.progress import Watcher
from tests.helpers.models import write_textured_ball
from tests.helpers.nets import tiny_objective

STEP = 0.25  # seconds that a step takes in truth
NOTHING = Line(0.0, 0.0)


class Ticker(Watcher):
    """A clock that a step moves; it counts the steps of each stage."""

    def __init__(self) -> None:
        self.now, self.steps, self.said = 0.0, dict[str, int](), list[str]()

    def __call__(self) -> float:
        return self.now

    def phase(self, name: str, total: int) -> None:
        self.name = name

    def advance(self, count: int, note: str = "") -> None:
        if self.name.startswith("painting"):
            self.now += STEP
            self.steps[self.name] = count

    def say(self, text: str) -> None:
        self.said.append(text)


def test_a_run_ends_in_the_time_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (64, 64, 3), dtype=np.uint8)).save(tmp_path / "s.png")
    model = write_textured_ball(tmp_path / "ball.obj")
    job = style3d.MeshJob(
        model, style=(tmp_path / "s.png",), views=3, resolution=64, texture_size=64, turntable="none", time=10.0
    )
    ticker = Ticker()
    measured = Pace(
        NOTHING, NOTHING, NOTHING, Line(STEP / 3, 0.0), 0.0, NOTHING, NOTHING, NOTHING
    )  # three times as fast
    monkeypatch.setattr(course, "measure_pace", lambda *_: measured)
    lay = loop.lay_course
    monkeypatch.setattr(loop, "lay_course", lambda job, bench, _, more: lay(job, bench, Span(0.0, 0.0, ticker), more))
    result = style3d.stylize(style3d.load(job), job, tiny_objective(), watcher=ticker)
    assert 8 < ticker.now <= 10
    assert len(ticker.steps) == 2
    assert min(ticker.steps.values()) >= 8
    assert len(result.record["losses"]) == sum(ticker.steps.values())
    assert ticker.said[0].startswith("in 10 s: 3 views, 64 pixels")
    assert result.record["estimate"]["seconds"][1] <= 10
