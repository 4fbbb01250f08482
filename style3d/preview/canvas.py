"""The previews share this canvas: arrays as Pillow images, one typeface, and a few colours."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from jaxtyping import Float
from PIL import Image, ImageDraw, ImageFont

from style3d.errors import Style3DError
from style3d.files import atomic_path

Picture = Float[np.ndarray, "_ _ 3"]  # (h, w, 3) display-referred RGB in [0, 1]; values outside are clipped
Typeface = ImageFont.FreeTypeFont | ImageFont.ImageFont
Rgb = tuple[int, int, int]

PAPER: Rgb = (250, 249, 247)
INK: Rgb = (58, 56, 54)
FAINT: Rgb = (140, 136, 131)
HAIRLINE: Rgb = (226, 223, 218)


def to_pillow(picture: Picture) -> Image.Image:
    """An 8-bit image, rounded to the nearest level.

    Raises:
        Style3DError: the array is not (h, w, 3) or holds NaN, which would otherwise become arbitrary colours.
    """
    if picture.ndim != 3 or picture.shape[2] != 3 or not picture.size:
        raise Style3DError("not a picture", got=f"shape {picture.shape}", expected="(h, w, 3)")
    if not np.isfinite(picture).all():
        raise Style3DError("the picture holds NaN or infinite values", expected="RGB in [0, 1]")
    return Image.fromarray((np.clip(picture, 0, 1) * 255 + 0.5).astype(np.uint8))


def fit_image(image: Image.Image, width: int, height: int) -> Image.Image:
    """The image scaled, keeping its proportions, to the largest size inside ``width`` x ``height`` pixels."""
    scale = min(width / image.width, height / image.height)
    size = max(1, round(image.width * scale)), max(1, round(image.height * scale))
    return image if size == image.size else image.resize(size, Image.Resampling.LANCZOS)


def typeface(size: float) -> Typeface:
    """Pillow's own sans-serif face at ``size`` pixels (the tiny bitmap face where Pillow lacks FreeType)."""
    return ImageFont.load_default(size=size)


def text_width(text: str, face: Typeface) -> float:
    """How wide a line of text gets, in pixels."""
    return face.getlength(text)


def write_text(draw: ImageDraw.ImageDraw, at: tuple[float, float], text: str, face: Typeface, fill: Rgb = INK) -> None:
    """One line with its left end and vertical middle at ``at``."""
    draw.text(at, text, fill=fill, font=face, anchor="lm")


def shorten(text: str, face: Typeface, width: float) -> str:
    """The text, its end replaced by an ellipsis where it is wider than ``width`` pixels."""
    if text_width(text, face) <= width:
        return text
    while text and text_width(text + "…", face) > width:
        text = text[:-1]
    return text.rstrip() + "…"


def save_png(image: Image.Image, path: Path) -> None:
    """Write a PNG under a temporary name and rename it, so that a reader never meets half a picture."""
    with atomic_path(path) as temporary:
        image.save(temporary, format="PNG", optimize=True)
