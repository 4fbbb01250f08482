"""Textures start from images with their factors multiplied in, at the size they are written in."""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Float32, Float64
from PIL import Image

from style3d.images import decode_srgb, encode_srgb
from style3d.render.surface import Wrap

LEAST = 1024  # texels on the longer side of what is written, unless asked otherwise
BORDER = 8  # texels around an image that its wrap mode fills in before it is resized
PADS = {"repeat": "wrap", "clamp": "edge", "mirror": "symmetric"}
Array = np.ndarray[Any, Any]
Rgb = Float32[np.ndarray, "_ _ 3"]
Opacity = Float32[np.ndarray, "_ _"]


def tinted(rgb: Rgb, factor: tuple[float, ...]) -> Rgb:
    """Multiply by a linear-light factor; white changes nothing, to the bit."""
    if tuple(factor[:3]) == (1.0, 1.0, 1.0):
        return rgb
    return encode_srgb(decode_srgb(rgb) * np.array(factor[:3], dtype=np.float32))


def flat(factor: tuple[float, ...], size: int) -> Rgb:
    """A square of one colour, given in linear light."""
    return np.broadcast_to(encode_srgb(np.array(factor[:3])), (size, size, 3)).astype(np.float32)


def target_size(width: int, height: int, texture_size: int | None) -> tuple[int, int]:
    """(width, height) to write: the longer side as asked, else at least `LEAST`; the aspect is kept."""
    longer = max(width, height)
    scale = (texture_size or max(longer, LEAST)) / longer
    return max(1, round(width * scale)), max(1, round(height * scale))


def resized(channel_image: Float32[np.ndarray, "h w c"], size: tuple[int, int], wrap: tuple[Wrap, Wrap]) -> Array:
    """Lanczos-resampled to ``size`` (width, height), as if the image went on past its edges; clipped to [0, 1]."""
    height, width = channel_image.shape[:2]
    if (width, height) == size:
        return channel_image
    border = min(BORDER * max(1, -(-max(width, height) // max(size))), 64)
    padded = np.pad(channel_image, ((0, 0), (border, border), (0, 0)), mode=PADS[wrap[0]])  # type: ignore[call-overload]
    padded = np.pad(padded, ((border, border), (0, 0), (0, 0)), mode=PADS[wrap[1]])  # type: ignore[call-overload]
    box = (border, border, border + width, border + height)
    channels = [
        np.asarray(Image.fromarray(np.ascontiguousarray(padded[..., k])).resize(size, Image.Resampling.LANCZOS, box))
        for k in range(channel_image.shape[2])
    ]
    return np.clip(np.stack(channels, 2), 0, 1).astype(np.float32)


def sampled(
    image: Float32[np.ndarray, "h w c"], uvs: Float64[np.ndarray, "n 2"], wrap: tuple[Wrap, Wrap]
) -> Float64[np.ndarray, "n c"]:
    """Bilinear look-ups; texel centres lie at half-integers."""
    place = np.nan_to_num(uvs) * [image.shape[1], image.shape[0]] - 0.5
    low = np.floor(place)
    share = place - low
    result = np.zeros((len(uvs), image.shape[2]))
    for down in (0, 1):
        for right in (0, 1):
            column = wrapped(low[:, 0] + right, image.shape[1], wrap[0])
            row = wrapped(low[:, 1] + down, image.shape[0], wrap[1])
            weight = np.abs(1 - right - share[:, 0]) * np.abs(1 - down - share[:, 1])
            result += weight[:, None] * image[row, column]
    return result


def wrapped(index: Array, size: int, mode: Wrap) -> Array:
    """Texel numbers brought into [0, size)."""
    if mode == "clamp":
        return np.clip(index, 0, size - 1).astype(np.int64)
    if mode == "repeat":
        return np.mod(index, size).astype(np.int64)
    folded = np.mod(index, 2 * size)
    return np.minimum(folded, 2 * size - 1 - folded).astype(np.int64)
