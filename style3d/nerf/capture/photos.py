"""A capture's photos are scaled down, resampled to pinhole views, and masked."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import final

import numpy as np
from jaxtyping import Float32, Float64
from PIL import Image
from scipy.ndimage import map_coordinates

from style3d.core.camera import Camera
from style3d.errors import Style3DError
from style3d.images import MAX_PIXELS, ORIENTATION, read_image
from style3d.nerf.capture.capture import Photo
from style3d.nerf.capture.lens import Lens

LEAST = 4  # pixels along a side


@final
@dataclass(frozen=True)
class LoadedPhoto:
    """A photo as the fit sees it."""

    camera: Camera
    rgb: Float32[np.ndarray, "h w 3"]  # display-referred, [0, 1]
    alpha: Float32[np.ndarray, "h w"]  # opacity of what is shown, [0, 1]
    weight: Float32[np.ndarray, "h w"]  # 1 where the pixel says something of the scene


def load_photo(photo: Photo, downscale: float = 1.0) -> LoadedPhoto:
    """Read, scale down by averaging, and resample to the photo's pinhole camera.

    Raises:
        Style3DError: the file is no image (`read_image`), or too small to be scaled down so far.
    """
    lens = photo.lens
    size = max(1, round(lens.width / downscale)), max(1, round(lens.height / downscale))
    if min(size) < LEAST:
        raise Style3DError("--downscale leaves too few pixels", got=f"{size[0]} × {size[1]} of {photo.path.name}")
    layers = resize_photo(_layers(photo), *size)
    small = lens.with_size(*size)
    camera = _scale_camera(photo.camera, lens, small)
    if not lens.rectilinear:
        layers = resample_photo(layers, small, photo.turn, camera)
    weight, alpha = layers[..., 4], layers[..., 3]
    rgb = layers[..., :3] / np.maximum(alpha, 1e-6)[..., None]
    return LoadedPhoto(camera, np.clip(rgb, 0, 1), np.clip(alpha, 0, 1), (weight > 0.999).astype(np.float32))


def _layers(photo: Photo) -> Float32[np.ndarray, "h w 5"]:
    """Premultiplied colour, opacity and weight, as the file's pixels lie."""
    lens = photo.lens
    size, turned = stored_size(photo.path)
    pixels = read_image(photo.path, upright=turned and _same_shape(size[::-1], lens) and not _same_shape(size, lens))
    if not _same_shape((pixels.shape[1], pixels.shape[0]), lens):
        got, expected = f"{pixels.shape[1]} × {pixels.shape[0]}", f"the shape of {lens.width} × {lens.height}"
        raise Style3DError(f"{photo.path} has another size than its camera says", got=got, expected=expected)
    alpha = pixels[..., 3:] if pixels.shape[2] == 4 else np.ones((*pixels.shape[:2], 1), np.float32)
    weight = np.ones_like(alpha)
    if photo.mask is not None:
        mask = read_image(photo.mask, upright=False)[..., :1]
        weight = (resize_photo(mask, pixels.shape[1], pixels.shape[0]) > 0.5).astype(np.float32)
    return np.concatenate([pixels[..., :3] * alpha, alpha, weight], 2)


def _same_shape(size: tuple[int, int], lens: Lens) -> bool:
    return abs(size[0] * lens.height - size[1] * lens.width) <= 2 * max(lens.width, lens.height, *size)


def _scale_camera(camera: Camera, lens: Lens, small: Lens) -> Camera:
    x, y = small.width / lens.width, small.height / lens.height
    size = max(1, round(camera.width * x)), max(1, round(camera.height * y))
    return Camera(camera.camera_to_world, camera.focal * x, camera.cx * x, camera.cy * y, *size)


def undistort_drawing(
    photo: Photo, drawn: Float32[np.ndarray, "h w c"], camera: Camera
) -> Float32[np.ndarray, "rows columns c"]:
    """What was drawn over a photo, as a camera that stands where the photo's does shows it.

    Raises:
        Style3DError: the drawing has other proportions than the photo.
    """
    height, width = drawn.shape[:2]
    if not _same_shape((width, height), photo.lens):
        raise Style3DError(f"a mask does not fit the photo {photo.path.name}", got=f"{width} × {height}",
                           expected=f"the shape of {photo.lens.width} × {photo.lens.height}")  # fmt: skip
    return (
        drawn
        if photo.lens.rectilinear
        else resample_photo(drawn, photo.lens.with_size(width, height), photo.turn, camera)
    )


def resize_photo(
    layers: Float32[np.ndarray, "h w c"], width: int, height: int
) -> Float32[np.ndarray, "rows columns c"]:
    """Averaged down (or interpolated up) to a size."""
    if layers.shape[:2] == (height, width):
        return layers
    bands = [Image.fromarray(np.ascontiguousarray(layers[..., c])) for c in range(layers.shape[2])]
    return np.stack([np.asarray(band.resize((width, height), Image.Resampling.BOX)) for band in bands], 2)


def resample_photo(
    layers: Float32[np.ndarray, "h w c"], lens: Lens, turn: Float64[np.ndarray, "3 3"], camera: Camera
) -> Float32[np.ndarray, "rows columns c"]:
    """The pinhole view of a photo, bilinear; zero (last layer: no weight) where the lens sees nothing."""
    local = camera.directions() @ camera.camera_to_world[:3, :3]
    place = lens.pixels(local @ turn.T) - 0.5
    height, width = layers.shape[:2]
    known = np.all(np.isfinite(place) & (place > -0.75) & (place < [width - 0.25, height - 0.25]), axis=1)
    where = np.where(known[:, None], place, 0).T[::-1]
    out = [map_coordinates(layers[..., c], where, order=1, mode="nearest") * known for c in range(layers.shape[2])]
    return np.stack(out, 1).reshape(camera.height, camera.width, -1).astype(np.float32)


def stored_size(path: Path) -> tuple[tuple[int, int], bool]:
    """(width, height) as the pixels are stored, and whether EXIF asks for them to be turned.

    Raises:
        Style3DError: no image, or too many pixels.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(path) as image:
                size, turned = image.size, image.getexif().get(ORIENTATION, 1) not in (0, 1)
    except (OSError, ValueError, SyntaxError, MemoryError, EOFError, Image.DecompressionBombError) as error:
        raise Style3DError(f"{path} is not an image that can be read", got=error, hint="convert it to PNG") from None
    if size[0] * size[1] > MAX_PIXELS:
        raise Style3DError(f"{path} has too many pixels", got=f"{size[0]} × {size[1]}", hint="scale the photos down")
    return size, turned
