"""Pictures of MTL statements are read, told apart, and brought together as glTF has them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

import numpy as np
from jaxtyping import Float32
from PIL import Image

from style3d.color.match import LUMA_709
from style3d.errors import Style3DError
from style3d.files import read_bytes
from style3d.files.find_file import PICTURES, find_file
from style3d.gltf.texture_images import read_texture
from style3d.images import image_size
from style3d.mesh.mtl import MapStatement
from style3d.remarks import remark

MOST_BYTES = 512 << 20  # of a picture
CUT_OUT = 0.95  # share of texels that are opaque or clear, from which a picture cuts out and does not blend
CHANNELS = {"r": 0, "g": 1, "b": 2, "m": 3}
Array = np.ndarray[Any, Any]


@final
@dataclass(frozen=True)
class Picture:
    """What a statement of a map shows. Concretely: wood.png, its 200 kB, and 512 x 512 colours of it."""

    statement: MapStatement
    content: bytes
    pixels: Float32[np.ndarray, "h w c"]  # with the range that the statement gives them


def read_picture(statement: MapStatement, beside: Path, folder: Path) -> Picture | None:
    """The picture that a statement names, looked for from the material file on; None, with a remark."""
    try:
        content = read_bytes(find_file(statement.file, folder, beside=beside, suffixes=PICTURES), MOST_BYTES)
        image_size(content, statement.file)
        pixels = _pixels_of(content, statement)
    except Style3DError as error:
        if "too many pixels" in str(error):
            raise
        remark(f"texture {statement.file!r} could not be read ({error}); the material goes without it")
        return None
    return Picture(statement, content, pixels)


def _pixels_of(content: bytes, statement: MapStatement) -> Float32[np.ndarray, "h w c"]:
    """The picture with the range that ``-mm base gain`` gives it."""
    pixels = read_texture(content, statement.file)
    base, gain = statement.numbers("-mm", (0.0, 1.0))
    if (base, gain) != (0, 1):
        pixels = pixels.copy()
        pixels[..., :3] = np.clip(base + gain * pixels[..., :3], 0, 1)
    return pixels


def channel_of(pixels: Float32[np.ndarray, "h w c"], statement: MapStatement) -> Float32[np.ndarray, "h w"]:
    """The one number a texel that a statement takes: of ``-imfchan``, else its luminance."""
    chosen = CHANNELS.get(statement.options.get("-imfchan", ("l",))[0].lower())
    if chosen is None:
        return np.ascontiguousarray(pixels[..., :3] @ np.array(LUMA_709, np.float32))
    return np.ascontiguousarray(pixels[..., chosen]) if chosen < pixels.shape[2] else np.ones(pixels.shape[:2], "f4")


def opacity_of(pixels: Float32[np.ndarray, "h w c"], statement: MapStatement) -> Float32[np.ndarray, "h w"]:
    """Opacity of an opacity map: its channel, else its alpha if it has any, else its luminance."""
    if "-imfchan" not in statement.options and pixels.shape[2] == 4:
        return np.ascontiguousarray(pixels[..., 3])
    return channel_of(pixels, statement)


def alpha_mode(alpha: Float32[np.ndarray, "h w"]) -> str | None:
    """MASK for cut-outs, BLEND for glass, None for what is opaque."""
    if alpha.min() > 0.99:
        return None
    return "MASK" if float(((alpha < 0.1) | (alpha > 0.9)).mean()) >= CUT_OUT else "BLEND"


def of_size(values: Float32[np.ndarray, "h w"], shape: tuple[int, ...]) -> Float32[np.ndarray, "rows columns"]:
    """A plane of numbers at another picture's size."""
    if values.shape == shape[:2]:
        return values
    return np.asarray(Image.fromarray(values).resize((shape[1], shape[0]), Image.Resampling.BILINEAR))


def holds_normals(pixels: Float32[np.ndarray, "h w c"]) -> bool:
    """Whether a bump map is one of directions in tangent space (bluish, of length one), and not of heights (grey)."""
    rgb = pixels[..., :3]
    length = np.linalg.norm(2 * rgb - 1, axis=2)
    colored = float(np.ptp(rgb, axis=2).mean()) > 0.08
    return colored and float(rgb[..., 2].mean()) > 0.55 and float((np.abs(length - 1) < 0.25).mean()) > 0.6
