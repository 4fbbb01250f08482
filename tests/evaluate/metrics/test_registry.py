"""A metric is a row: figures, thresholds, the page and the documentation follow it."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

import numpy as np
import pytest
import torch

from style3d.cli import main
from style3d.evaluate.accept import parse_accept
from style3d.evaluate.metrics import registry
from style3d.evaluate.metrics.image_figures import image_figures
from style3d.evaluate.metrics.metric import SUBJECTS, Metric, Reading, mean_of
from style3d.evaluate.metrics.needs import NEEDS, Need
from style3d.evaluate.metrics.painted_views import PaintedViews
from style3d.evaluate.metrics.registry import figure_names, row_of, rows, table_lines
from style3d.evaluate.metrics.yardstick import Yardstick
from tests.evaluate.test_command import call
from tests.helpers.footage import arc
from tests.helpers.nets import Tiny

DOCS = Path(__file__).resolve().parents[3] / "docs" / "metrics.md"
UNABLE = Yardstick(None, Tiny(), "absent", "absent")


def warmth(views: PaintedViews) -> Reading:
    """A metric of somebody else: how much more red than blue the views are."""
    return Reading(mean_of([float((image[..., 0] - image[..., 2]).mean()) for image in views.images]))


WARMTH: Metric[PaintedViews] = Metric(
    "style.warmth", "neither", "how much more red than blue the views are", warmth, "shades", also_on=(".before",)
)


def test_a_metric_of_ones_own(frames: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> None:
    """One row is all that the JSON, the CSV, the page and every threshold need."""
    assert main(call(frames, "--fail-under", "style.warmth=0.5")) == 2  # before there is such a row
    monkeypatch.setattr(registry, "IMAGE_METRICS", (*registry.IMAGE_METRICS, WARMTH))
    assert main(call(frames, "--fail-over", "style.warmth=9")) == 0
    told = {figure["name"]: figure for figure in json.loads((frames / "page.json").read_text())["figures"]}
    assert told["style.warmth"]["better"] == "neither"
    assert told["style.warmth"]["value"] == pytest.approx(-0.7 * told["style.warmth.before"]["value"], abs=0.02)
    table = {row["name"]: row for row in csv.DictReader((frames / "page.csv").read_text().splitlines())}
    assert float(table["style.warmth"]["value"]) == told["style.warmth"]["value"]
    page = (frames / "page.html").read_text()
    assert "style.<wbr>warmth" in page
    assert "how much more red than blue the views are, shades" in page
    capsys.readouterr()
    assert main(call(frames, "--fail-under", "style.warmth=9")) == 1
    assert "style.warmth>=9 is not kept" in capsys.readouterr().err
    assert parse_accept("style.warmth>=0.1")[0].name == "style.warmth"
    assert any("| `style.warmth` |  | shades | how much more red" in line for line in table_lines("style"))


def test_the_metric_that_the_page_shows_is_one() -> None:
    told = DOCS.read_text(encoding="utf-8").partition("### A metric of your own")[2].partition("\n## ")[0]
    found: dict[str, object] = {}
    exec("\n".join(line[4:] for line in told.splitlines() if line.startswith("    ")), found)
    shown, views = found["WARMTH"], PaintedViews(arc(2, 32), (np.ones((32, 32, 3), np.float32),) * 2, UNABLE)
    assert isinstance(shown, Metric)
    assert (shown.name, shown.measure(views).value) == ("style.warmth", 0.0)


def test_no_metric_is_documented_that_is_none() -> None:
    first = re.findall(r"^\| `(\w[^`]*)`", DOCS.read_text(encoding="utf-8"), re.MULTILINE)
    named = [name for name in first if name.split(".")[0] in SUBJECTS]
    assert sorted(named) == sorted(row.name for row in rows())


def test_every_name_leads_to_its_row() -> None:
    names = figure_names([1, 17])
    assert len(set(names)) == len(names)
    assert all(row_of(name) for name in names)
    row, suffix = row_of("consistency.17.relative.flat") or (None, "")
    assert (row.name if row else "", suffix) == ("consistency.GAP.relative", ".flat")
    assert row_of("style.grammar") is row_of("style.gram.relief") is row_of("beauty") is None


def test_a_name_that_no_table_would_show_is_refused() -> None:
    with pytest.raises(ValueError, match="begins with none of"):
        Metric("beauty.real", "higher", "how true it is", warmth)


def test_what_is_needed_and_lacking_makes_a_figure_absent(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its measure is not asked; geometry and networks of one's own are needs like the others."""
    shape: Metric[PaintedViews] = Metric(
        "content.shape", "higher", "depth kept", lambda views: Reading(float(views.scene is not None)), needs=("scene",)
    )
    monkeypatch.setattr(registry, "IMAGE_METRICS", (shape,))
    yardstick = Yardstick(torch.rand(1, 3, 32, 32), Tiny(), "absent", "absent")
    (figure,) = image_figures(arc(2, 32), yardstick)
    assert (figure.value, figure.note) == (None, "absent: frames alone say nothing of the geometry")
    monkeypatch.setitem(NEEDS, "scene", Need(lambda _: "", lambda by: NEEDS["features"].judge(by)))
    (figure,) = image_figures(arc(2, 32), yardstick)
    assert (figure.value, figure.network, figure.views) == (0.0, "tiny", 2)


def test_every_row_needs_what_there_is() -> None:
    for row in registry.IMAGE_METRICS:
        assert set(row.needs) <= set(NEEDS), row.name


def test_what_two_metrics_share_is_computed_once() -> None:
    footage, asked = arc(2, 32), []
    views = PaintedViews(footage, tuple(footage.after), UNABLE)

    def costly(seen: PaintedViews) -> np.ndarray:
        asked.append(seen)
        return np.zeros(1)

    assert views.once(costly) is views.once(costly)
    assert len(asked) == 1
