"""Any image in, within limits; 8-bit files out."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageCms

from style3d.errors import Style3DError
from style3d.images import (
    decode_srgb,
    encode_image,
    encode_srgb,
    image_size,
    read_image,
    read_masked_style,
    read_style,
)


def encoded(image: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    """An image as a file's content."""
    stream = io.BytesIO()
    image.save(stream, format=kind, **options)
    return stream.getvalue()


def noise(*shape: int) -> np.ndarray:
    """Random bytes."""
    return np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)


@pytest.mark.parametrize(
    ("mode", "kind", "channels"),
    [
        ("1", "PNG", 3),
        ("L", "PNG", 3),
        ("LA", "PNG", 4),
        ("P", "GIF", 3),
        ("RGB", "BMP", 3),
        ("RGBA", "WEBP", 4),
        ("CMYK", "JPEG", 3),
        ("CMYK", "TIFF", 3),
        ("YCbCr", "JPEG", 3),
        ("LAB", "TIFF", 3),
        ("I;16", "PNG", 3),
        ("I", "TIFF", 3),
        ("F", "TIFF", 3),
    ],
)
def test_every_mode_becomes_colour(mode: str, kind: str, channels: int) -> None:
    """Float32 in [0, 1], of the right size."""
    source = (
        Image.new(mode, (7, 5)) if mode in ("I;16", "I", "F", "LAB") else Image.fromarray(noise(5, 7, 4)).convert(mode)
    )
    found = read_image(encoded(source, kind))
    assert found.shape == (5, 7, channels)
    assert found.dtype == np.float32
    assert 0 <= found.min() <= found.max() <= 1


def test_colours_are_exact() -> None:
    """RGB and opacity to the bit; palettes, grey, 16 bits as they should be."""
    rgba = noise(5, 7, 4)
    np.testing.assert_array_equal(read_image(encoded(Image.fromarray(rgba))) * 255, rgba)
    grey = np.array([[0, 128, 65535]], np.uint16)
    np.testing.assert_allclose(read_image(encoded(Image.fromarray(grey)))[0, :, 0], [0, 128 / 65535, 1])
    palette = Image.fromarray(rgba[..., :3]).convert("P", palette=Image.Palette.ADAPTIVE)
    found = read_image(encoded(palette, "PNG", transparency=0))
    np.testing.assert_array_equal(found[..., 3] == 0, np.asarray(palette) == 0)


def test_opaque_alpha_is_dropped() -> None:
    """An alpha channel that says nothing."""
    rgba = noise(5, 7, 4)
    rgba[..., 3] = 255
    assert read_image(encoded(Image.fromarray(rgba))).shape == (5, 7, 3)


def test_rotation_of_the_camera() -> None:
    """EXIF orientation 6: the picture is turned upright."""
    exif = Image.Exif()
    exif[0x0112] = 6
    rgb = noise(5, 7, 3)
    found = read_image(encoded(Image.fromarray(rgb), "PNG", exif=exif))
    np.testing.assert_array_equal(found * 255, np.rot90(rgb, -1))


def test_colour_profiles() -> None:
    """A profile is applied for pictures and left alone for textures; a broken one does not matter."""
    image = Image.new("RGB", (4, 4), (200, 30, 90))
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    plain = np.array([200, 30, 90]) / 255
    np.testing.assert_allclose(
        read_image(encoded(image, icc_profile=profile), use_profile=False)[0, 0], plain, atol=1e-6
    )
    np.testing.assert_allclose(read_image(encoded(image, icc_profile=b"broken"))[0, 0], plain, atol=1e-6)
    same = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    np.testing.assert_allclose(read_image(encoded(image, icc_profile=same))[0, 0], plain, atol=2 / 255)


def test_linear_floats_are_exposed() -> None:
    """Numbers beyond 1 are light: the brightest percent is white; those within 1 stay."""
    ramp = np.linspace(0, 1, 256, dtype=np.float32).reshape(16, 16)
    np.testing.assert_allclose(read_image(encoded(Image.fromarray(ramp), "TIFF"))[..., 0], ramp)
    bright = read_image(encoded(Image.fromarray(ramp * 50), "TIFF"))[..., 0]
    np.testing.assert_allclose(bright, encode_srgb(ramp / np.percentile(ramp, 99)), atol=1e-6)
    ramp[0, 0] = np.nan
    assert np.isfinite(read_image(encoded(Image.fromarray(ramp), "TIFF"))).all()


def radiance(rows: bytes, width: int, height: int) -> bytes:
    """A Radiance file."""
    return b"#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n\n-Y %d +X %d\n" % (height, width) + rows


def test_radiance_pictures() -> None:
    """Flat and run-length coded pixels of .hdr files; cut ones are refused."""
    pixel = bytes([128, 64, 32, 129])  # 1, 0.5, 0.25 in linear light
    flat = read_image(radiance(pixel * 12, 4, 3))
    np.testing.assert_allclose(flat[1, 1], [1, 0.5, 0.25], atol=1e-6)
    row = bytes([2, 2, 0, 10]) + b"".join(bytes([128 + 7, value, 3, value, value, value]) for value in pixel)
    coded = read_image(radiance(row * 2, 10, 2))
    np.testing.assert_allclose(coded, np.broadcast_to([1, 0.5, 0.25], (2, 10, 3)), atol=1e-6)
    for content in (radiance(row, 10, 2), radiance(b"", 10, 2), b"#?RADIANCE\n\n+X 3\n", radiance(b"", 10**6, 10**6)):
        with pytest.raises(Style3DError):
            read_image(content)


def bomb(width: int, height: int) -> bytes:
    """A PNG that says it is huge."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunk = b"IHDR" + head
    return (
        b"\x89PNG\r\n\x1a\n"
        + struct.pack(">I", 13)
        + chunk
        + struct.pack(">II", zlib.crc32(chunk), 9)
        + b"IDAT"
        + b"\0" * 13
    )


@pytest.mark.parametrize("size", [(10_000, 10_000), (30_000, 30_000), (2, 40_000_000)])
def test_too_many_pixels(size: tuple[int, int], tmp_path: Path) -> None:
    """Refused by the header, before anything is decoded."""
    (tmp_path / "bomb.png").write_bytes(bomb(*size))
    for read in (lambda: read_image(tmp_path / "bomb.png"), lambda: image_size(bomb(*size), "bomb")):
        with pytest.raises(Style3DError, match=r"pixels.*64 Mi"):
            read()


@pytest.mark.parametrize(
    "content", [b"", b"hello", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"RIFF\0\0\0\0WEBP", b"II*\0\0\0\0\0"]
)
def test_what_is_no_image(content: bytes) -> None:
    """One line, whatever it is."""
    with pytest.raises(Style3DError) as caught:
        read_image(content, name="x.png")
    assert str(caught.value).startswith("x.png")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF", "TIFF", "BMP"])
def test_truncated_and_changed_files(kind: str) -> None:
    """Decoded or refused, never another exception."""
    content = encoded(Image.fromarray(noise(40, 50, 3)), kind)
    with pytest.raises(Style3DError):
        read_image(content[: len(content) // 2])
    random = np.random.default_rng(1)
    for _ in range(30):
        broken = bytearray(content)
        for place in random.integers(0, len(broken), 3):
            broken[place] = random.integers(0, 256)
        try:
            read_image(bytes(broken), max_pixels=1 << 20)
        except Style3DError:
            continue


def test_styles(tmp_path: Path) -> None:
    """Colours over white, and opacity as what a pixel counts; tiny or transparent pictures are refused."""
    rgba = np.dstack([noise(10, 12, 3), np.full((10, 12), 255, np.uint8)])
    rgba[:5, :, 3] = 0
    path = tmp_path / "style.png"
    path.write_bytes(encoded(Image.fromarray(rgba)))
    rgb, weights = read_masked_style(path)
    assert rgb.shape == (10, 12, 3)
    assert weights.mean() == 0.5
    shown = read_style(path)
    assert (shown[:5] == 1).all()
    np.testing.assert_array_equal(shown[5:] * 255, rgba[5:, :, :3])
    path.write_bytes(encoded(Image.fromarray(rgba[:, :, :3])))
    assert (read_masked_style(path)[1] == 1).all()
    for image in (Image.new("RGBA", (20, 20)), Image.new("RGB", (7, 30))):
        path.write_bytes(encoded(image))
        with pytest.raises(Style3DError):
            read_style(path)


def test_encoding() -> None:
    """PNG to the bit, JPEG and WebP nearly; PNG where JPEG cannot hold opacity."""
    rgb = (noise(16, 16, 3) // 64 * 64 / 255).astype(np.float32)
    alpha = rgb[..., 0].copy()
    content, kind = encode_image(rgb, alpha, "jpeg")
    assert kind == "png"
    np.testing.assert_allclose(read_image(content), np.dstack([rgb, alpha]), atol=1e-6)
    smooth = np.broadcast_to(np.linspace(0, 1, 64, dtype=np.float32)[:, None, None], (64, 64, 3)).copy()
    for wanted in ("jpeg", "webp"):
        content, kind = encode_image(smooth, None, wanted)
        assert kind == wanted
        assert np.abs(read_image(content) - smooth).mean() < 0.01
    assert read_image(encode_image(np.full((4, 4, 3), np.nan, np.float32), None, "png")[0]).max() == 0


def test_the_curve_of_srgb() -> None:
    """Known values, and its inverse."""
    values = np.linspace(0, 1, 1001)
    np.testing.assert_allclose(decode_srgb(encode_srgb(values)), values, atol=1e-6)
    np.testing.assert_allclose(encode_srgb(np.array([0.0, 0.0031308, 0.2140411, 1.0])), [0, 0.04045, 0.5, 1], atol=1e-5)
    assert encode_srgb(np.array([-1.0, 2.0])).tolist() == [0, pytest.approx(1)]
