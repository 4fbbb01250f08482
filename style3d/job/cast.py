"""`--cast` pairs parts of the scene with areas of a picture. People write the pairs as colours."""

from __future__ import annotations

import re

from style3d.errors import Style3DError

COLOR = "#[0-9a-fA-F]{6}"
PAIR = re.compile(f"({COLOR})>({COLOR})")
RGB = tuple[float, float, float]


def check_cast(words: tuple[str, ...]) -> None:
    """Refuse what is neither auto, nor off, nor pairs of colours.

    Raises:
        Style3DError: names the first word that is not understood.
    """
    if words in (("auto",), ("off",)):
        return
    wrong = next((word for word in words if not PAIR.fullmatch(word)), None)
    if wrong is not None or not words:
        raise Style3DError("--cast is not understood", got=repr(wrong or ""), expected="auto, off, or #2b1d14>#0d1533")


def cast_pairs(words: tuple[str, ...]) -> tuple[tuple[RGB, RGB], ...]:
    """The colours of a part and of its area, in [0, 1]; () for auto and off."""
    found = (PAIR.fullmatch(word) for word in words)
    return tuple((_rgb(pair[1]), _rgb(pair[2])) for pair in found if pair)


def cast_word(part: RGB, area: RGB) -> str:
    """A pair as it is written."""
    return f"{_hex(part)}>{_hex(area)}"


def _rgb(text: str) -> RGB:
    red, green, blue = (int(text[k : k + 2], 16) / 255 for k in (1, 3, 5))
    return red, green, blue


def _hex(color: RGB) -> str:
    return "#" + "".join(f"{round(min(max(channel, 0.0), 1.0) * 255):02x}" for channel in color)
