"""Loss plots: values land where the axes say, whatever the values are."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from style3d.preview import loss_plot
from style3d.preview.axes import Axis, log_axis, tick_text
from style3d.preview.plot import COLORS, HEIGHT, WIDTH, running_median


def pixels(path: Path) -> np.ndarray:
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"), np.int16)


def colored(image: np.ndarray, color: tuple[int, int, int]) -> np.ndarray:
    """Rows and columns of the plot area (not the legend) drawn in a curve's colour."""
    near = (np.abs(image - np.array(color)) <= 24).all(-1)
    return np.argwhere(near[:, : WIDTH - 250])


def test_falling_curve_falls(tmp_path: Path) -> None:
    path = tmp_path / "loss.png"
    loss_plot({"style": list(np.geomspace(10, 0.01, 200))}, path)
    image = pixels(path)
    assert image.shape == (HEIGHT, WIDTH, 3)
    found = colored(image, COLORS[0])
    first, last = found[found[:, 1] < 120], found[found[:, 1] > WIDTH - 280]
    assert first[:, 0].mean() < 100
    assert last[:, 0].mean() > HEIGHT - 120
    middle = found[np.abs(found[:, 1] - (84 + WIDTH - 250) / 2) < 5]
    assert abs(middle[:, 0].mean() - (first[:, 0].mean() + last[:, 0].mean()) / 2) < 20  # straight: the scale is log


@pytest.mark.parametrize(
    "curves",
    [
        {},
        {"nothing": []},
        {"one": [1.0]},
        {"zeros": [0.0, 0.0]},
        {"negative": [-3.0, -1.0]},
        {"broken": [float("nan"), float("inf"), 2.0, 1.0]},
        {f"a rather long name for term number {n}": [1.0 / (n + 1), 0.5 / (n + 1)] for n in range(20)},
    ],
)
def test_any_curves_make_a_plot(tmp_path: Path, curves: dict[str, list[float]]) -> None:
    path = tmp_path / "loss.png"
    loss_plot(curves, path)
    assert pixels(path).shape == (HEIGHT, WIDTH, 3)
    assert [file.name for file in tmp_path.iterdir()] == ["loss.png"]


def test_same_curves_give_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a.png", "b.png"):
        loss_plot({"style": [3.0, 2.0, 1.0]}, tmp_path / name)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


@given(st.lists(st.floats(1e-6, 1e6), min_size=1, max_size=30))
def test_ticks_lie_inside_and_values_between_the_ends(values: list[float]) -> None:
    axis = log_axis(np.array(values), 0, 100)
    ticks = axis.ticks()
    assert 2 <= len(ticks) <= 12
    assert all(axis.low <= tick <= axis.high for tick in ticks)
    at = axis.at(np.array(values))
    assert ((at >= 0) & (at <= 100)).all()


def test_axis_maps_ends_to_ends() -> None:
    axis = Axis(0.01, 100, 400, 0, True)
    assert axis.at(np.array([0.01, 1, 100])) == pytest.approx([400, 200, 0])
    assert np.isnan(axis.at(np.array([0.0, -1.0]))).all()
    assert Axis(0, 10, 0, 50, False).ticks() == [0, 2, 4, 6, 8, 10]


def test_running_median_ignores_outliers_and_keeps_gaps() -> None:
    values = np.full(300, 2.0)
    values[150] = 1e9
    values[40] = np.nan
    trend = running_median(values)
    assert trend[150] == 2.0
    assert np.isnan(trend[40])
    assert np.nanmax(trend) == np.nanmin(trend) == 2.0
    assert running_median(np.array([1.0, 3.0, 2.0])) == pytest.approx([2.0, 2.0, 2.5])


def test_tick_text_is_short() -> None:
    assert [tick_text(value) for value in (0.05, 1500.0, 0.0, 2e-6)] == ["0.05", "1500", "0", "2e-06"]
