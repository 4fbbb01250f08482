"""The image of a texture is read as renderers take it: its pixels as they lie, without a colour profile; KTX2 too."""

from __future__ import annotations

import struct

import numpy as np
from jaxtyping import Float32

from style3d.errors import Style3DError
from style3d.images import MAX_PIXELS, image_size, read_image
from style3d.optional.libraries import need

KTX2 = b"\xabKTX 20\xbb\r\n\x1a\n"
CONVERT = "or convert it with: gltf-transform ktxdecompress IN OUT"


def read_texture(content: bytes, name: str) -> Float32[np.ndarray, "h w c"]:
    """The colours of a texture, in [0, 1], 3 channels or 4 with opacity.

    glTF, OBJ and PLY give no meaning to an EXIF rotation: UVs are meant for the pixels as they are stored.

    Raises:
        Style3DError: no image, damaged, too large, or KTX2 whose decoder is not installed.
    """
    if content.startswith(KTX2):
        return _read_ktx2(content, name)
    return read_image(content, name=name, use_profile=False, upright=False)


def texture_size(content: bytes, name: str) -> tuple[int, int]:
    """(width, height) from the header alone.

    Raises:
        Style3DError: no image, or too large.
    """
    if not content.startswith(KTX2):
        return image_size(content, name)
    if len(content) < 80:
        raise Style3DError(f"{name} is a truncated KTX2 texture", got=f"{len(content)} bytes", hint="export it again")
    width, height = struct.unpack_from("<II", content, 20)
    if not 0 < width * max(height, 1) <= MAX_PIXELS:
        limit = f"at most {MAX_PIXELS / (1 << 20):g} Mi pixels"
        raise Style3DError(f"{name} has too many pixels", got=f"{width} × {height}", expected=limit, hint=CONVERT)
    return width, max(height, 1)


def _read_ktx2(content: bytes, name: str) -> Float32[np.ndarray, "h w c"]:
    """ETC1S or UASTC, the largest level."""
    width, height = texture_size(content, name)
    basis = need("opengl_basisu", what=f"{name}, a KTX2 texture,")
    try:
        texture = basis.open(content)
        if (texture.width, texture.height) != (width, height):
            raise ValueError(f"{texture.width} × {texture.height} pixels")
        pixels = np.asarray(texture.transcode("rgba8").data, dtype=np.float32) / np.float32(255)
    except (ValueError, IndexError, MemoryError) as error:
        hint = "convert it with: gltf-transform ktxdecompress IN OUT"
        raise Style3DError(f"{name} is a KTX2 texture that cannot be decoded", got=error, hint=hint) from None
    return pixels if texture.has_alpha else np.ascontiguousarray(pixels[..., :3])
