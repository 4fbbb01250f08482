"""Contact sheets: every view is where the layout says, unscaled where it fits, beside its style."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from style3d.errors import Style3DError
from style3d.preview import contact_sheet
from style3d.preview.sheet import plan


def flat(level: float, height: int = 48, width: int = 64) -> np.ndarray:
    return np.full((height, width, 3), level, np.float32)


def opened(path: Path) -> np.ndarray:
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"))


def test_views_stand_above_their_twins(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    before = [rng.random((48, 64, 3), np.float32) for _ in range(8)]
    after = [1 - view for view in before]
    path = tmp_path / "sheet.png"
    contact_sheet(before, after, path)
    image, layout = opened(path), plan(8, 48, 64, False, 512)
    assert (layout.columns, layout.bands) == (4, 2)
    for index in range(8):
        x, y = layout.place(index)
        for view, top in ((before[index], y), (after[index], y + 48 + layout.gutter)):
            shown = image[top : top + 48, x : x + 64]
            assert np.array_equal(shown, (view * 255 + 0.5).astype(np.uint8))
    assert [file.name for file in tmp_path.iterdir()] == ["sheet.png"]


def test_style_stands_beside_with_its_proportions(tmp_path: Path) -> None:
    red = np.zeros((100, 50, 3), np.float32)
    red[..., 0] = 1
    contact_sheet([flat(0.5)], [flat(0.2)], tmp_path / "sheet.png", style=[red], caption="a cow")
    image = opened(tmp_path / "sheet.png").astype(int)
    layout = plan(1, 48, 64, True, 512)
    rows, columns = np.nonzero((np.abs(image - np.array([255, 0, 0])) < 3).all(-1))
    assert columns.max() < layout.left_edge
    assert (np.ptp(rows) + 1) / (np.ptp(columns) + 1) == pytest.approx(2, rel=0.05)
    assert image.shape[0] > plan(1, 48, 64, True, 512).size(False)[1]


def test_several_styles_share_the_column(tmp_path: Path) -> None:
    styles = [flat(level, 40, 40) for level in (0.1, 0.3, 0.6)]
    contact_sheet([flat(0.9)] * 3, [flat(0.8)] * 3, tmp_path / "sheet.png", style=styles)
    column = opened(tmp_path / "sheet.png")[:, plan(3, 48, 64, True, 512).margin + 5, 0]
    assert all((column == int(255 * level + 0.5)).any() for level in (0.1, 0.3, 0.6))


def test_large_views_are_scaled_down(tmp_path: Path) -> None:
    contact_sheet([flat(0.5, 300, 100)], [flat(0.5, 300, 100)], tmp_path / "sheet.png", edge=60)
    assert plan(1, 300, 100, False, 60).cell == (20, 60)
    assert opened(tmp_path / "sheet.png").shape[0] < 250


@pytest.mark.parametrize(("before", "after"), [(0, 0), (2, 1)])
def test_views_must_come_in_pairs(tmp_path: Path, before: int, after: int) -> None:
    with pytest.raises(Style3DError, match="before"):
        contact_sheet([flat(0)] * before, [flat(0)] * after, tmp_path / "sheet.png")


@pytest.mark.parametrize("bad", [np.full((4, 4, 3), np.nan, np.float32), np.zeros((0, 4, 3), np.float32)])
def test_bad_picture_leaves_the_old_sheet(tmp_path: Path, bad: np.ndarray) -> None:
    path = tmp_path / "sheet.png"
    path.write_bytes(b"old")
    with pytest.raises(Style3DError):
        contact_sheet([flat(0.5, 4, 4)], [bad], path)
    assert path.read_bytes() == b"old"
    assert [file.name for file in tmp_path.iterdir()] == ["sheet.png"]
