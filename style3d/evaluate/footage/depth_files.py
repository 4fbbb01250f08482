"""Depth maps are read from files that other renderers wrote."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any, Literal

import numpy as np
from jaxtyping import Float, Float32
from numpy.lib import format as npy
from PIL import Image

from style3d.core.camera import Camera
from style3d.errors import Style3DError
from style3d.evaluate.footage.exr import read_exr
from style3d.files import read_bytes

DepthKind = Literal["z", "ray"]
LIMIT = 1 << 30  # bytes of a file


def read_depth(path: Path, camera: Camera, scale: float, kind: DepthKind) -> Float32[np.ndarray, "h w"]:
    """Depth along the camera's z, scene units, of the camera's size; infinite where the file says nothing (0, NaN).

    Args:
        path: .npy, .npz (its first array), 16-bit .png, or .exr (`read_exr`).
        scale: scene units of one unit in the file.
        kind: "ray" for distances along the ray.

    Raises:
        Style3DError: the file is missing, damaged, or of another size than the camera's images.
    """
    size = camera.height, camera.width
    readers = {".npy": _read_npy, ".npz": _read_npz, ".png": _read_png, ".exr": read_exr}
    try:
        values = readers[path.suffix.lower()](path, size)
    except (OSError, ValueError, KeyError, EOFError, SyntaxError, zipfile.BadZipFile) as error:
        raise Style3DError(
            f"{path} holds no depth", got=str(error)[:120], expected=f"numbers {size[1]} × {size[0]}"
        ) from None
    depth = values.reshape(size).astype(np.float64) * scale
    if kind == "ray":
        depth = depth / np.linalg.norm(camera.directions(), axis=1).reshape(size)
    return np.where(np.isfinite(depth) & (depth > 0), depth, np.inf).astype(np.float32)


def _check_shape(shape: tuple[int, ...], size: tuple[int, int]) -> None:
    if shape not in (size, (*size, 1), (1, *size)):
        raise ValueError(f"shape {shape}")


def _read_npy(path: Path, size: tuple[int, int]) -> Float[np.ndarray, "..."]:
    return _array(read_bytes(path, LIMIT), size)


def _read_npz(path: Path, size: tuple[int, int]) -> Float[np.ndarray, "..."]:
    with zipfile.ZipFile(io.BytesIO(read_bytes(path, LIMIT))) as archive:
        name = next(name for name in archive.namelist() if name.endswith(".npy"))
        with archive.open(name) as stream:
            return _array(stream.read(16 * size[0] * size[1] + (1 << 16)), size)  # more cannot be meant


def _array(content: bytes, size: tuple[int, int]) -> Float[np.ndarray, "..."]:
    """An array whose shape is checked before anything is allocated; objects are never unpickled."""
    stream = io.BytesIO(content)
    version = npy.read_magic(stream)
    readers: dict[tuple[int, int], Any] = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}
    if version not in readers:
        raise ValueError(f"version {version}")
    shape, fortran, dtype = readers[version](stream)
    _check_shape(shape, size)
    if dtype.kind not in "fui":
        raise ValueError(f"{dtype} is no number")
    count = size[0] * size[1]
    values = np.frombuffer(stream.read(count * dtype.itemsize), dtype, count).astype(np.float64)
    return values.reshape(shape, order="F" if fortran else "C")


def _read_png(path: Path, size: tuple[int, int]) -> Float[np.ndarray, "..."]:
    with Image.open(io.BytesIO(read_bytes(path, LIMIT))) as image:
        _check_shape((image.height, image.width), size)
        if not image.mode.startswith("I"):
            raise ValueError(f"mode {image.mode}; depth needs 16 bits")
        return np.asarray(image).astype(np.float64)
