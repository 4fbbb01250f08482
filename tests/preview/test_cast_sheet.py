"""The picture of a cast: every part in a row, its colour first, its areas last."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from style3d.errors import Style3DError
from style3d.preview import CastRow, cast_sheet
from style3d.preview.cast_sheet import GUTTER, LABEL, MARGIN


def test_each_row_shows_its_colour_its_part_and_its_pictures(tmp_path: Path) -> None:
    levels = iter(np.linspace(0.1, 0.9, 6))
    flats = [np.full((50, 50, 3), next(levels), np.float32) for _ in range(6)]
    rows = [CastRow("#ff0000>#000000", flats[0], flats[1:3]), CastRow("#00ff00>#000000", flats[3], flats[4:6])]
    cast_sheet(rows, tmp_path / "cast.png", edge=50)
    with Image.open(tmp_path / "cast.png") as image:
        pixels = np.asarray(image.convert("RGB"))
    for number, color in enumerate(([255, 0, 0], [0, 255, 0])):
        middle = MARGIN + number * (50 + LABEL + GUTTER) + LABEL + 25
        assert pixels[middle, MARGIN + 10].tolist() == color
        for column, flat in enumerate(flats[3 * number : 3 * number + 3]):
            left = MARGIN + 25 + GUTTER + column * (50 + GUTTER)
            assert pixels[middle, left + 25].tolist() == [int(flat[0, 0, 0] * 255 + 0.5)] * 3
    assert [file.name for file in tmp_path.iterdir()] == ["cast.png"]


def test_no_parts_are_no_picture(tmp_path: Path) -> None:
    with pytest.raises(Style3DError, match="at least one"):
        cast_sheet([], tmp_path / "cast.png")
