"""The contact sheet shows the asset before, and below it the asset after, from the same cameras."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from style3d.errors import Style3DError
from style3d.preview.canvas import (
    FAINT,
    INK,
    PAPER,
    Picture,
    Rgb,
    fit_image,
    save_png,
    shorten,
    to_pillow,
    typeface,
    write_text,
)

LONGEST = 6  # views beside one another; more go into further bands


@dataclass(frozen=True)
class Layout:
    """Where things go, in pixels. Concretely: six views of 384 px in one band, the style in a column of 576 px."""

    columns: int  # views in a band
    bands: int  # pairs of rows
    cell: tuple[int, int]  # width and height of a view
    beside: int  # width of the style column, 0: no style image
    gutter: int  # between views
    margin: int  # around the sheet
    label: int  # height of a line of text

    @property
    def band(self) -> int:
        """Height of a band: a label, the originals, a gutter and the stylised views."""
        return self.label + 2 * self.cell[1] + self.gutter

    @property
    def left_edge(self) -> int:
        """Where the views start."""
        return self.margin + (self.beside + 2 * self.gutter if self.beside else 0)

    def size(self, captioned: bool) -> tuple[int, int]:
        """Width and height of the sheet."""
        width = self.left_edge + self.columns * self.cell[0] + (self.columns - 1) * self.gutter + self.margin
        height = 2 * self.margin + self.bands * self.band + (self.bands - 1) * 2 * self.gutter
        return width, height + (self.label if captioned else 0)

    def place(self, index: int) -> tuple[int, int]:
        """Top left corner of the ``index``-th original; its stylised twin is a cell and a gutter lower."""
        row, column = divmod(index, self.columns)
        x = self.left_edge + column * (self.cell[0] + self.gutter)
        return x, self.margin + row * (self.band + 2 * self.gutter) + self.label


def plan(views: int, height: int, width: int, styled: bool, edge: int) -> Layout:
    """Bands of nearly equal length; a view's longer side is at most ``edge`` pixels."""
    bands = ceil(views / LONGEST)
    scale = min(1.0, edge / max(height, width))
    cell = max(1, round(width * scale)), max(1, round(height * scale))
    side = max(cell)
    beside = round(1.5 * side) if styled else 0
    return Layout(ceil(views / bands), bands, cell, beside, max(2, side // 48), max(8, side // 16), max(16, side // 11))


def contact_sheet(
    original: Sequence[Picture],
    stylised: Sequence[Picture],
    path: Path,
    *,
    style: Sequence[Picture] = (),
    caption: str = "",
    rows: str = "original above, stylised below",
    edge: int = 512,
) -> None:
    """Write a PNG: originals above their stylised twins, the style images beside them.

    Args:
        original: views before, each (h, w, 3) in [0, 1], display-referred.
        stylised: the same views after, in the same order.
        path: file to write, through a temporary name in the same folder.
        style: what the asset was painted after: one picture, several for a mixture, none for a text.
        caption: one small line under the views.
        rows: what the two rows are.
        edge: the longer side of a view on the sheet, at most, pixels.

    Raises:
        Style3DError: no views, or not as many after as before.
    """
    if not original or len(original) != len(stylised):
        raise Style3DError(
            "a contact sheet shows views before and after",
            got=f"{len(original)} before and {len(stylised)} after",
            expected="the same number of each, at least one",
        )
    height, width = (max(view.shape[axis] for view in (*original, *stylised)) for axis in (0, 1))
    layout = plan(len(original), height, width, bool(style), edge)
    sheet = Image.new("RGB", layout.size(bool(caption)), PAPER)
    draw, face = ImageDraw.Draw(sheet), typeface(layout.label * 0.55)
    for index, (before, after) in enumerate(zip(original, stylised, strict=True)):
        x, y = layout.place(index)
        _paste(sheet, before, (x, y), layout.cell)
        _paste(sheet, after, (x, y + layout.cell[1] + layout.gutter), layout.cell)
        if index == 0:
            write_text(draw, (x, y - layout.label * 0.55), rows, face, FAINT)
    if style:
        _paste_styles(sheet, style, layout)
        write_text(draw, (layout.margin, layout.margin + layout.label * 0.45), "style", face, FAINT)
    if caption:
        middle = sheet.height - layout.margin - layout.label * 0.2
        line = shorten(caption, face, sheet.width - layout.left_edge - layout.margin)
        write_text(draw, (layout.left_edge, middle), line, face, INK)
    save_png(sheet, path)


def _paste(sheet: Image.Image, view: Picture, at: tuple[int, int], cell: tuple[int, int]) -> None:
    """Centre a view in its cell, the rest of the cell in the colour of the view's border."""
    image = fit_image(to_pillow(view), *cell)
    x, y = at[0] + (cell[0] - image.width) // 2, at[1] + (cell[1] - image.height) // 2
    sheet.paste(_border(view), (*at, at[0] + cell[0], at[1] + cell[1]))
    sheet.paste(image, (x, y))


def _border(view: Picture) -> Rgb:
    """Median colour of a view's outermost pixels: its background, where it has one."""
    ring = np.concatenate([view[0], view[-1], view[:, 0], view[:, -1]])
    red, green, blue = (int(v) for v in np.clip(np.median(ring, 0), 0, 1) * 255 + 0.5)
    return red, green, blue


def _paste_styles(sheet: Image.Image, styles: Sequence[Picture], layout: Layout) -> None:
    """The style images under one another, as wide as their column unless that makes them too tall."""
    top = layout.margin + layout.label
    room = layout.bands * layout.band + (layout.bands - 1) * 2 * layout.gutter - layout.label
    share = (room - (len(styles) - 1) * layout.gutter) // len(styles)
    for style in styles:
        image = fit_image(to_pillow(style), layout.beside, max(1, share))
        sheet.paste(image, (layout.margin, top))
        top += image.height + layout.gutter
