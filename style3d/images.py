"""Images of any common kind become display-referred RGB in [0, 1], and are written as PNG, JPEG or WebP."""

from __future__ import annotations

import io
import warnings
from pathlib import Path
from typing import Any, Literal

import numpy as np
from jaxtyping import Float32
from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

from style3d.errors import Style3DError
from style3d.files import read_bytes

MAX_PIXELS = 64 << 20  # of one image after decoding: 8192 × 8192
MAX_IMAGE_BYTES = 512 << 20
ORIENTATION = 0x0112  # EXIF tag
KINDS = "PNG, JPEG, WebP, TIFF, BMP, GIF, TGA or HDR"
ImageFormat = Literal["png", "jpeg", "webp"]
MIME = {"png": "image/png", "jpeg": "image/jpeg", "webp": "image/webp"}
Array = np.ndarray[Any, Any]


def read_image(
    source: Path | bytes,
    max_pixels: int = MAX_PIXELS,
    name: str = "",
    *,
    use_profile: bool = True,
    upright: bool = True,
) -> Float32[np.ndarray, "h w c"]:
    """Decode an image, upright, as display-referred (sRGB) colour in [0, 1] with 3 channels, or 4 with opacity.

    Grey, palette, CMYK, 16-bit and float images are converted, EXIF rotation is applied, an animation gives its first
    frame. Floats within [0, 1] are taken as display-referred; others as linear light, exposed so that the 99th
    percentile is white.

    Args:
        source: a file or its bytes.
        max_pixels: larger images are refused before they are decoded.
        name: what errors call it; the path by default.
        use_profile: convert from the embedded colour profile to sRGB (glTF says that textures ignore theirs).
        upright: rotate as EXIF says; a photo whose camera was solved for is meant as its pixels are stored.

    Raises:
        Style3DError: missing, empty, truncated, no image, or larger than ``max_pixels``.
    """
    name = name or (str(source) if isinstance(source, Path) else "an image")
    content = source if isinstance(source, bytes) else read_bytes(source, MAX_IMAGE_BYTES)
    if content[:2] == b"#?":
        return _display_referred(_read_radiance(content, name, max_pixels))
    if content[:4] in (b"II*\0", b"MM\0*") and (floats := _read_float_tiff(content, max_pixels)) is not None:
        return _display_referred(floats)
    image = _open(content, name, max_pixels)
    try:
        if not upright:
            image.getexif().pop(ORIENTATION, None)
        if image.mode == "I;16" or image.mode.startswith(("I", "F")):
            return _from_numbers(image)
        return _from_colors(image, use_profile)
    except (OSError, ValueError, SyntaxError, MemoryError, EOFError, IndexError) as error:
        message = f"{name} is damaged and cannot be decoded"
        raise Style3DError(message, got=error or type(error).__name__, hint="save it again as PNG") from None


def read_style(path: Path) -> Float32[np.ndarray, "h w 3"]:
    """A style image's colours; what is transparent shows white, as an image viewer shows it. Errors: `read_image`."""
    rgb, weights = read_masked_style(path)
    return (rgb * weights[..., None] + (1 - weights[..., None])).astype(np.float32)


def read_masked_style(path: Path) -> tuple[Float32[np.ndarray, "h w 3"], Float32[np.ndarray, "h w"]]:
    """A style image's colours, and how much each pixel counts: its opacity.

    Raises:
        Style3DError: as `read_image`, or smaller than 8 × 8, or wholly transparent.
    """
    image = read_image(path)
    if min(image.shape[:2]) < 8:
        size = f"{image.shape[1]} × {image.shape[0]} pixels"
        raise Style3DError(f"{path} is too small to hold a style", got=size, expected="at least 8 × 8")
    weights = image[..., 3] if image.shape[2] == 4 else np.ones(image.shape[:2], np.float32)
    if weights.max() < 1 / 255:
        raise Style3DError(f"{path} is wholly transparent", expected="an image with colours")
    return np.ascontiguousarray(image[..., :3]), np.ascontiguousarray(weights)


def image_size(content: bytes, name: str, max_pixels: int = MAX_PIXELS) -> tuple[int, int]:
    """(width, height) from the header alone; refuses what `read_image` would refuse."""
    return _open(content, name, max_pixels).size


def encode_image(
    rgb: Float32[np.ndarray, "h w 3"], alpha: Float32[np.ndarray, "h w"] | None, kind: ImageFormat
) -> tuple[bytes, ImageFormat]:
    """8-bit file content, and the format used: PNG instead of JPEG where there is opacity to keep."""
    channels = rgb if alpha is None else np.concatenate([rgb, alpha[..., None]], axis=2)
    pixels = np.rint(np.clip(np.nan_to_num(channels), 0, 1) * 255).astype(np.uint8)
    kind = "png" if kind == "jpeg" and alpha is not None else kind
    options: dict[str, Any] = {
        "png": {"compress_level": 6},
        "jpeg": {"quality": 95, "subsampling": 0},
        "webp": {"quality": 95, "method": 4, "exact": True},
    }[kind]
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, format=kind.upper(), **options)
    return stream.getvalue(), kind


def _open(content: bytes, name: str, max_pixels: int) -> Image.Image:
    if not content:
        raise Style3DError(f"{name} is empty", expected=f"an image ({KINDS})")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            image = Image.open(io.BytesIO(content))
    except Image.DecompressionBombError:
        raise _too_large(name, "far more", max_pixels) from None
    except UnidentifiedImageError:
        raise Style3DError(f"{name} is not an image", expected=KINDS, hint="convert it to PNG") from None
    except (OSError, ValueError, SyntaxError, MemoryError, OverflowError, EOFError) as error:
        raise Style3DError(f"{name} is not an image that can be read", got=error, expected=KINDS) from None
    if image.width * image.height > max_pixels:
        raise _too_large(name, f"{image.width} × {image.height} pixels", max_pixels)
    return image


def _too_large(name: str, got: str, max_pixels: int) -> Style3DError:
    limit = f"at most {max_pixels / (1 << 20):g} Mi pixels"
    return Style3DError(f"{name} has too many pixels", got=got, expected=limit, hint="scale it down")


def _from_colors(image: Image.Image, use_profile: bool) -> Float32[np.ndarray, "h w c"]:
    """8-bit modes: RGB, palettes, grey, CMYK, YCbCr, Lab, with or without opacity."""
    profile = image.info.get("icc_profile")
    opaque = image.mode not in ("RGBA", "LA", "PA", "La", "RGBa") and "transparency" not in image.info
    image = ImageOps.exif_transpose(image)
    if profile and use_profile and image.mode in ("RGB", "CMYK", "L"):
        image = _to_srgb(image, profile)
    if image.mode == "RGBa":
        image = image.convert("RGBA")
    pixels = np.asarray(image.convert("RGB" if opaque else "RGBA"), dtype=np.float32) / np.float32(255)
    if not opaque and pixels[..., 3].min() >= 1:
        return np.ascontiguousarray(pixels[..., :3])
    return pixels


def _to_srgb(image: Image.Image, profile: bytes) -> Image.Image:
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        converted = ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, ValueError):  # a broken profile is no reason to refuse the picture
        return image
    return converted if converted is not None else image


def _from_numbers(image: Image.Image) -> Float32[np.ndarray, "h w 3"]:
    """Single-channel 16-bit, 32-bit and float modes."""
    values = np.asarray(ImageOps.exif_transpose(image))
    if values.dtype.kind in "iu":
        top = 65535.0 if values.dtype.itemsize == 2 or values.max(initial=0) <= 65535 else float(values.max())
        grey = np.clip(values / top, 0, 1).astype(np.float32)
    else:
        grey = _display_referred(values.astype(np.float32)[..., None])[..., 0]
    return np.repeat(grey[..., None], 3, axis=2)


def _display_referred(values: Float32[np.ndarray, "h w c"]) -> Float32[np.ndarray, "h w c"]:
    """Numbers beyond 1 are linear light: expose, clip and encode them; others stay as they are."""
    values = np.nan_to_num(values, nan=0.0, posinf=0.0, neginf=0.0)
    top = float(np.percentile(values.max(2), 99)) if values.size else 0.0
    if values.max(initial=0) <= 1 or top <= 0:
        return np.clip(values, 0, 1).astype(np.float32)
    return encode_srgb(values / top)


def _read_float_tiff(content: bytes, max_pixels: int) -> Float32[np.ndarray, "h w c"] | None:
    """Colour TIFFs of floats or 16 bits, which tifffile reads and Pillow does not; None for others."""
    try:
        import tifffile

        with tifffile.TiffFile(io.BytesIO(content)) as file:
            page = file.pages[0]
            channels = page.shape[-1] if len(page.shape) == 3 else 1
            wanted = channels in (3, 4) and page.dtype is not None and page.dtype in ("f2", "f4", "f8", "u2")
            if not wanted or page.size > max_pixels * channels:
                return None
            values = page.asarray()
    except (ValueError, KeyError, IndexError, TypeError, OSError):  # Pillow will say what is wrong
        return None
    return (values / 65535.0 if values.dtype == np.uint16 else values).astype(np.float32)


def _read_radiance(content: bytes, name: str, max_pixels: int) -> Float32[np.ndarray, "h w 3"]:
    """Linear light from a Radiance picture (.hdr): shared-exponent pixels, run-length coded (Ward 1991)."""
    _, _, body = content.partition(b"\n\n")
    size, _, body = body.partition(b"\n")
    parts = size.split()
    if len(parts) != 4 or parts[0] != b"-Y" or parts[2] != b"+X" or not (parts[1] + parts[3]).isdigit():
        raise Style3DError(
            f"{name} is not a Radiance picture that can be read", got=repr(size[:40]), expected="-Y h +X w"
        )
    height, width = int(parts[1]), int(parts[3])
    if not 0 < height * width <= max_pixels:
        raise _too_large(name, f"{width} × {height} pixels", max_pixels)
    try:
        rows, at = np.zeros((height, 4, width), dtype=np.uint8), 0
        for row in rows:
            at = _radiance_row(body, at, row)
    except (IndexError, ValueError):
        raise Style3DError(f"{name} is damaged and cannot be decoded", hint="save it again as PNG") from None
    pixels = rows.transpose(0, 2, 1)
    scale = np.ldexp(np.float32(1), pixels[..., 3].astype(np.int32) - 136)
    return np.where(pixels[..., 3:] > 0, pixels[..., :3] * scale[..., None], 0).astype(np.float32)


def _radiance_row(body: bytes, at: int, row: np.ndarray[Any, Any]) -> int:
    """Decode one scan line into ``row`` (4, w); returns where the next one starts."""
    width = row.shape[1]
    if not (8 <= width < 32768 and body[at] == 2 and body[at + 1] == 2 and body[at + 2] < 128):
        row[:] = np.frombuffer(body, np.uint8, 4 * width, at).reshape(width, 4).T
        return at + 4 * width
    at += 4
    for channel in row:
        filled = 0
        while filled < width:
            count = body[at]
            if count > 128:
                channel[filled : filled + count - 128] = body[at + 1]
                at, filled = at + 2, filled + count - 128
            else:
                channel[filled : filled + count] = np.frombuffer(body, np.uint8, count, at + 1)
                at, filled = at + 1 + count, filled + max(count, 1)
    return at


def encode_srgb(linear: Array) -> Float32[np.ndarray, "..."]:
    """Linear light in [0, 1] to display-referred, by the curve of IEC 61966-2-1; values outside are clipped."""
    value = np.clip(linear, 0, 1)
    low, high = value * 12.92, 1.055 * np.power(np.maximum(value, 0.0031308), 1 / 2.4) - 0.055
    return np.where(value <= 0.0031308, low, high).astype(np.float32)


def decode_srgb(display: Array) -> Float32[np.ndarray, "..."]:
    """Display-referred to linear light, both in [0, 1]: the inverse of `encode_srgb`."""
    value = np.clip(display, 0, 1)
    low, high = value / 12.92, np.power((np.maximum(value, 0.04045) + 0.055) / 1.055, 2.4)
    return np.where(value <= 0.04045, low, high).astype(np.float32)
