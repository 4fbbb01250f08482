"""UDIM tiles divide a material's pictures by unit squares of UV space: ten squares a row, numbered from 1001."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from jaxtyping import Float64, Int64

from style3d.errors import Style3DError
from style3d.files.find_file import PICTURES, find_file

FIRST, ACROSS = 1001, 10
TOKEN = re.compile(r"<UDIM>|%\(UDIM\)d|<UVTILE>|<u>_<v>|u<U>_v<V>", re.IGNORECASE)
NUMBER = re.compile(r"(?<!\d)1(?:00[1-9]|0[1-9]\d|[1-9]\d\d)(?!\d)(?=[^/\\]*$)")  # 1001 to 1999, in the last part
UVTILE = re.compile(r"(?<![A-Za-z])u([01])_v\1(?!\d)(?=[^/\\]*$)", re.IGNORECASE)  # Mudbox counts from 1, ZBrush from 0


def has_token(name: str) -> bool:
    """Whether a file's name says by a token that it stands for tiles."""
    return TOKEN.search(name) is not None


def may_be_tiled(name: str) -> bool:
    """Whether a file's name may be that of one tile among others."""
    return has_token(name) or NUMBER.search(name) is not None or UVTILE.search(name) is not None


def tile_name(name: str, tile: int) -> str:
    """The name of a tile's picture, after that of the set or of another tile."""
    row, column = divmod(tile - FIRST, ACROSS)
    token = TOKEN.search(name)
    if token is not None:
        written = str(tile) if "UDIM" in token[0].upper() else f"u{column + 1}_v{row + 1}"
        return TOKEN.sub(written, name)
    counted = UVTILE.search(name)
    if counted is not None:
        start = int(counted[1])
        return UVTILE.sub(f"u{column + start}_v{row + start}", name)
    return NUMBER.sub(str(tile), name, count=1)


def tiles_of(uvs: Float64[np.ndarray, "faces 3 2"]) -> Int64[np.ndarray, "faces"]:
    """The tile of each triangle, by its middle; v runs upwards. What lies outside all tiles is in the first."""
    cell = np.floor(np.nan_to_num(uvs).mean(1)).astype(np.int64)
    cell = np.where(((cell >= 0) & (cell < [ACROSS, 100])).all(1, keepdims=True), cell, 0)
    return FIRST + cell[:, 0] + ACROSS * cell[:, 1]


def is_set(name: str, tiles: Iterable[int], folder: Path, beside: Path) -> bool:
    """Whether the picture of one tile has others beside it that faces use."""
    if has_token(name):
        return True
    for tile in tiles:
        other = tile_name(name, tile)
        if other == name:
            continue
        try:
            find_file(other, folder, beside=beside, suffixes=PICTURES)
        except Style3DError:
            continue
        return True
    return False
