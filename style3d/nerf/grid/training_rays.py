"""Training rays hold the colours of all training photos in one table, and the ray through each pixel."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import final

import numpy as np
from jaxtyping import Float32, Float64, Int32, Int64, UInt8, UInt16

from style3d.core.camera import Camera
from style3d.errors import Style3DError
from style3d.nerf.capture.capture import Capture
from style3d.nerf.capture.photos import LoadedPhoto, load_photo

PATCH = 2  # pixels along a side
MOST_PIXELS = 400_000_000  # of all photos together, after scaling down


@final
@dataclass(frozen=True)
class Batch:
    """Rays drawn for one step."""

    origin: Float32[np.ndarray, "rays 3"]  # scene units
    direction: Float32[np.ndarray, "rays 3"]  # of unit depth
    rgb: Float32[np.ndarray, "rays 3"]  # display-referred
    alpha: Float32[np.ndarray, "rays"]
    exposure: Int64[np.ndarray, "rays"]


@final
@dataclass(frozen=True)
class PixelTable:
    """Every pixel that counts, of all photos. Concretely: 5.5 million of 43 photos of a fox."""

    rgba: UInt8[np.ndarray, "n 4"]
    photo: Int32[np.ndarray, "n"]
    place: UInt16[np.ndarray, "n 2"]  # column and row
    poses: Float64[np.ndarray, "photos 4 4"]
    frames: Float64[np.ndarray, "photos 3"]  # focal length, cx, cy
    exposures: Int64[np.ndarray, "photos"]
    translucent: bool  # whether any pixel is

    def draw(self, generator: np.random.Generator, count: int) -> Int64[np.ndarray, "rays"]:
        """Random pixels, in small patches: rays side by side read the same part of the grid."""
        first = generator.integers(0, len(self.rgba), count // (PATCH * PATCH))
        width = (2 * self.frames[self.photo[first], 1]).astype(np.int64)
        along = np.arange(PATCH)
        which = first[:, None, None] + along[:, None] * width[:, None, None] + along
        return np.minimum(which.ravel(), len(self.rgba) - 1)

    def batch(self, which: Int64[np.ndarray, "rays"]) -> Batch:
        """The rays and colours of some pixels."""
        photo = self.photo[which]
        frame, pose = self.frames[photo], self.poses[photo]
        local = np.ones((len(which), 3))
        local[:, :2] = (self.place[which] + 0.5 - frame[:, 1:]) / frame[:, :1]
        direction = np.einsum("nij,nj->ni", pose[:, :3, :3], local)
        colors = self.rgba[which].astype(np.float32) / np.float32(255)
        origin = pose[:, :3, 3].astype(np.float32)
        return Batch(origin, direction.astype(np.float32), colors[:, :3], colors[:, 3], self.exposures[photo])


def camera_rays(camera: Camera) -> tuple[Float32[np.ndarray, "rays 3"], Float32[np.ndarray, "rays 3"]]:
    """Origins and directions (unit depth) of a camera's pixels, row by row."""
    direction = camera.directions().astype(np.float32)
    return np.broadcast_to(camera.position.astype(np.float32), direction.shape).copy(), direction


def pixel_table(
    capture: Capture, which: Sequence[int], downscale: float, progress: Callable[[int], None]
) -> PixelTable:
    """Read the given photos.

    Raises:
        Style3DError: a photo cannot be read, all pixels are masked, or there are too many.
    """
    size = sum(capture.photos[i].camera.width * capture.photos[i].camera.height for i in which) / downscale**2
    if size > MOST_PIXELS:
        hint = f"use --downscale {np.ceil(downscale * np.sqrt(size / MOST_PIXELS)):g}"
        raise Style3DError("the photos have too many pixels", got=f"{size:,.0f}", hint=hint)
    parts, cameras = [], []
    for number, index in enumerate(which):
        loaded = load_photo(capture.photos[index], downscale)
        parts.append(_pixels(loaded, number))
        cameras.append(loaded.camera)
        progress(number + 1)
    rgba, photo, place = (np.concatenate(group) for group in zip(*parts, strict=True))
    if not len(rgba):
        raise Style3DError(f"{capture.source}: every pixel is masked", hint="check the masks: black is left out")
    frames = np.array([[camera.focal, camera.cx, camera.cy] for camera in cameras])
    poses = np.stack([camera.camera_to_world for camera in cameras])
    exposures = np.array([capture.photos[i].exposure for i in which], np.int64)
    return PixelTable(rgba, photo, place, poses, frames, exposures, bool((rgba[:, 3] < 250).mean() > 1e-3))


def _pixels(
    photo: LoadedPhoto, number: int
) -> tuple[UInt8[np.ndarray, "n 4"], Int32[np.ndarray, "n"], UInt16[np.ndarray, "n 2"]]:
    row, column = np.nonzero(photo.weight > 0)
    colors = np.concatenate([photo.rgb, photo.alpha[..., None]], 2)[row, column]
    rgba = np.rint(colors * 255).astype(np.uint8)
    return rgba, np.full(len(row), number, np.int32), np.stack([column, row], 1).astype(np.uint16)
