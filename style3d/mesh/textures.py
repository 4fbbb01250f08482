"""Textures start from images with their factors multiplied in, at the size in which they are written."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from jaxtyping import Float32, Float64
from PIL import Image

from style3d.images import decode_srgb, encode_srgb
from style3d.render.surface import Wrap

LEAST = 1024  # texels, about, on the longer side of what is written, unless asked otherwise
BORDER = 8  # texels around an image that its wrap mode fills in before it is resized
Magnified = Literal["blended", "squares"]  # how a sampler shows texels that are larger than pixels
PADS = {"repeat": "wrap", "clamp": "edge", "mirror": "symmetric"}
Array = np.ndarray[Any, Any]
Rgb = Float32[np.ndarray, "_ _ 3"]
Opacity = Float32[np.ndarray, "_ _"]


def tint(rgb: Rgb, factor: tuple[float, ...]) -> Rgb:
    """Multiply by a linear-light factor; white changes nothing, to the bit."""
    if tuple(factor[:3]) == (1.0, 1.0, 1.0):
        return rgb
    return encode_srgb(decode_srgb(rgb) * np.array(factor[:3], dtype=np.float32))


def flat(factor: tuple[float, ...], size: int) -> Rgb:
    """A square of one colour, given in linear light."""
    return np.broadcast_to(encode_srgb(np.array(factor[:3])), (size, size, 3)).astype(np.float32)


def target_size(width: int, height: int, texture_size: int | None) -> tuple[int, int]:
    """(width, height) to write: the longer side as asked, else the source's, or the multiple of it nearest `LEAST`."""
    longer = max(width, height)
    if texture_size is None:
        factor = max(1, round(LEAST / longer))
        return width * factor, height * factor
    scale = texture_size / longer
    return max(1, round(width * scale)), max(1, round(height * scale))


def resize_image(
    image: Float32[np.ndarray, "h w c"],
    size: tuple[int, int],
    wrap: tuple[Wrap, Wrap],
    magnified: Magnified = "blended",
) -> Array:
    """The image at another size (width, height), as if it went on past its edges; no colour overshoots.

    By a whole factor every texel of the source stands unchanged in the middle of those that take its place; between
    them lies what a sampler shows: squares of one colour, or a blend of neighbours.
    """
    height, width = image.shape[:2]
    if (width, height) == size:
        return image
    if size[0] % width == 0 and size[1] % height == 0:
        across = _multiply_rows(image, 1, size[0] // width, wrap[0], magnified)
        return _multiply_rows(across, 0, size[1] // height, wrap[1], magnified)
    return _resample(image, size, wrap, magnified)


def _multiply_rows(image: Array, axis: int, factor: int, wrap: Wrap, magnified: Magnified) -> Array:
    """Each row (axis 0) or column (axis 1) ``factor`` times: repeated, or blended but for those next to its middle."""
    if magnified == "squares" or factor <= 2:
        return np.repeat(image, factor, axis)
    place = (np.arange(image.shape[axis] * factor) + 0.5) / factor - 0.5
    near = np.abs(place - np.rint(place)) <= 0.5 / factor + 1e-9
    place = np.where(near, np.rint(place), place)
    low = np.floor(place)
    share = (place - low).astype(np.float32).reshape((-1, 1, 1) if axis == 0 else (1, -1, 1))
    first, second = (np.take(image, wrap_numbers(low + step, image.shape[axis], wrap), axis) for step in (0, 1))
    return (first + (second - first) * share).astype(np.float32)


def _resample(image: Array, size: tuple[int, int], wrap: tuple[Wrap, Wrap], magnified: Magnified) -> Array:
    """By the nearest texel, or by filters without negative weights."""
    height, width = image.shape[:2]
    larger = max(size) > max(width, height)
    if larger and magnified == "squares":
        row, column = ((np.arange(new) + 0.5) * old // new for new, old in ((size[1], height), (size[0], width)))
        return image[row.astype(np.int64)][:, column.astype(np.int64)]
    border = min(BORDER * max(1, -(-max(width, height) // max(size))), 64)
    padded = np.pad(image, ((0, 0), (border, border), (0, 0)), mode=PADS[wrap[0]])  # type: ignore[call-overload]
    padded = np.pad(padded, ((border, border), (0, 0), (0, 0)), mode=PADS[wrap[1]])  # type: ignore[call-overload]
    box = (border, border, border + width, border + height)
    how = Image.Resampling.BILINEAR if larger else Image.Resampling.HAMMING
    channels = [
        np.asarray(Image.fromarray(np.ascontiguousarray(padded[..., k])).resize(size, how, box))
        for k in range(image.shape[2])
    ]
    return np.clip(np.stack(channels, 2), 0, 1).astype(np.float32)


def sample_image(
    image: Float32[np.ndarray, "h w c"], uvs: Float64[np.ndarray, "n 2"], wrap: tuple[Wrap, Wrap]
) -> Float64[np.ndarray, "n c"]:
    """Bilinear look-ups; texel centres lie at half-integers."""
    place = np.nan_to_num(uvs) * [image.shape[1], image.shape[0]] - 0.5
    low = np.floor(place)
    share = place - low
    result = np.zeros((len(uvs), image.shape[2]))
    for down in (0, 1):
        for right in (0, 1):
            column = wrap_numbers(low[:, 0] + right, image.shape[1], wrap[0])
            row = wrap_numbers(low[:, 1] + down, image.shape[0], wrap[1])
            weight = np.abs(1 - right - share[:, 0]) * np.abs(1 - down - share[:, 1])
            result += weight[:, None] * image[row, column]
    return result


def wrap_numbers(index: Array, size: int, mode: Wrap) -> Array:
    """Texel numbers brought into [0, size)."""
    if mode == "clamp":
        return np.clip(index, 0, size - 1).astype(np.int64)
    if mode == "repeat":
        return np.mod(index, size).astype(np.int64)
    folded = np.mod(index, 2 * size)
    return np.minimum(folded, 2 * size - 1 - folded).astype(np.int64)
