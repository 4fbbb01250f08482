"""The picture of a cast shows every part of an asset beside the areas that it is painted after."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageColor, ImageDraw

from style3d.errors import Style3DError
from style3d.preview.canvas import FAINT, PAPER, Picture, fit_image, save_png, to_pillow, typeface, write_text

MARGIN, GUTTER, LABEL = 20, 12, 24  # pixels


@dataclass(frozen=True)
class CastRow:
    """A part and its areas. Concretely: '#2b1d14>#0d1533', a view with dark hair in colour, a picture's night sky."""

    word: str  # the colours of the part and of its first area, as `--cast` takes them
    view: Picture  # the asset, all but the part in grey
    pictures: Sequence[Picture]  # all but the areas in grey; as many in every row


def cast_sheet(rows: Sequence[CastRow], path: Path, edge: int = 200) -> None:
    """Write a PNG: by row the part's colour, the asset, the pictures.

    Args:
        rows: at least one.
        path: file to write, through a temporary name in the same folder.
        edge: pixels along a cell's side.

    Raises:
        Style3DError: there are no rows.
    """
    if not rows:
        raise Style3DError("a picture of the cast shows parts", got="none", expected="at least one")
    columns = 1 + max(len(row.pictures) for row in rows)
    swatch = edge // 2
    width = 2 * MARGIN + swatch + columns * (edge + GUTTER)
    sheet = Image.new("RGB", (width, 2 * MARGIN + len(rows) * (edge + LABEL + GUTTER) - GUTTER), PAPER)
    draw, face = ImageDraw.Draw(sheet), typeface(LABEL * 0.55)
    for number, row in enumerate(rows):
        top = MARGIN + number * (edge + LABEL + GUTTER)
        write_text(draw, (MARGIN, top + LABEL / 2), row.word, face, FAINT)
        color = ImageColor.getrgb(row.word.partition(">")[0])
        draw.rectangle((MARGIN, top + LABEL, MARGIN + swatch - 1, top + LABEL + edge - 1), fill=color)
        for column, picture in enumerate((row.view, *row.pictures)):
            image = fit_image(to_pillow(picture), edge, edge)
            left = MARGIN + swatch + GUTTER + column * (edge + GUTTER)
            sheet.paste(image, (left + (edge - image.width) // 2, top + LABEL + (edge - image.height) // 2))
    save_png(sheet, path)
