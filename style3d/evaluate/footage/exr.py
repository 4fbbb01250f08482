"""This reader takes depth from OpenEXR files, as Blender and other renderers write them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from style3d.files import check_readable
from style3d.optional.libraries import need

NAMES = (
    "z",
    "depth",
    "v",
    "y",
    "r",
)  # of channels that hold depth, the likeliest first
FLAT = ("scanlineimage", "tiledimage")  # kinds with one value a pixel


def read_exr(path: Path, size: tuple[int, int]) -> Float[np.ndarray, "h w"]:
    """The depth channel of a file, (h, w), in the file's unit.

    A channel called Z or depth is taken, in whatever layer or part; else V, Y or R, which is what grey pictures have.

    Raises:
        ValueError: no such file, of another size, with several samples a pixel, or without a channel of depth.
        Style3DError: OpenEXR is not installed.
    """
    OpenEXR = need("OpenEXR", what=str(path))
    check_readable(path)
    try:
        number, name = _depth_channel(OpenEXR.File(str(path), header_only=True).parts, size)
        with OpenEXR.File(str(path), separate_channels=True, num_threads=1) as file:
            return np.asarray(file.parts[number].channels[name].pixels, dtype=np.float64)
    except (RuntimeError, IndexError) as error:  # a part that cannot be read is not there
        raise ValueError(f"damaged pixels ({error})") from None


def _depth_channel(parts: list[Any], size: tuple[int, int]) -> tuple[int, str]:
    """The part and the channel that hold depth; every part's size is checked before anything is read."""
    known = list[tuple[int, int, str]]()
    for number, part in enumerate(parts):
        low, high = part.header["dataWindow"]
        width, height = (int(end) - int(start) + 1 for start, end in zip(low, high, strict=True))
        if (height, width) != size:
            raise ValueError(f"{width} × {height} pixels")
        if part.header["type"].name not in FLAT:
            raise ValueError(f"a file of the kind {part.header['type'].name}")
        for channel in part.header["channels"]:
            words = channel.name.lower().split(".")
            ranks = [NAMES.index(word) for word in words if word in NAMES]
            known += [(min(ranks), number, channel.name)] if ranks else []
    if not known:
        raise ValueError("no channel Z, depth, V, Y or R")
    _, number, name = min(known)
    return number, name
