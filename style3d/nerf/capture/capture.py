"""A capture is a frozen value: photos of a still scene with a camera for each, whatever file they came from."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import final

import numpy as np
from jaxtyping import Float64

from style3d.core.camera import Camera
from style3d.errors import Style3DError
from style3d.nerf.capture.lens import Lens, Panorama, pinhole_view
from style3d.remarks import remark
from style3d.types import Matrix4, Points, Vector

MAX_PHOTOS = 20_000
EVERY = 8  # one photo in so many is held out, where the file does not say which
FLIP = np.diag([1.0, -1.0, -1.0, 1.0])  # OpenGL's camera axes (y up, z backward) <-> OpenCV's
Z_UP = np.array([[1.0, 0, 0, 0], [0, 0, 1, 0], [0, -1, 0, 0], [0, 0, 0, 1]])  # a +Z-up world turned to +Y up


@final
@dataclass(frozen=True)
class Photo:
    """One posed photo. Concretely: images/0001.jpg, taken 5 units from a fox with a slightly barrel-shaped lens."""

    path: Path
    camera: Camera  # the pinhole view that the photo is resampled to, at its full size
    lens: Lens  # of the file's pixels
    exposure: int  # which gain of the fit it takes part in: photos cut from one file share it
    turn: Float64[np.ndarray, "3 3"] = field(default_factory=lambda: np.eye(3))  # camera axes -> lens axes
    mask: Path | None = None  # its black pixels say nothing of the scene


@final
@dataclass(frozen=True)
class Capture:
    """Posed photos in the project's world (+Y up, OpenCV camera axes), scene units as in the file."""

    source: Path  # the file or folder it was read from
    photos: tuple[Photo, ...]
    held_out: tuple[int, ...]  # photos that a fit does not see, ascending
    points: Points  # on the scene's surface, if the file has any
    missing: tuple[str, ...] = ()  # frames whose photo is not there

    @property
    def training_photos(self) -> tuple[int, ...]:
        """Photos that a fit sees."""
        hidden = set(self.held_out)
        return tuple(index for index in range(len(self.photos)) if index not in hidden)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The photos'; views cut from one file, and namesakes, from the second on with a number behind."""
        count, found = Counter[str](), list[str]()
        for name in (photo.path.name for photo in self.photos):
            count[name] += 1
            found.append(name if count[name] == 1 else f"{name}#{count[name]}")
        return tuple(found)

    @cached_property
    def focus(self) -> Vector:
        """The point that the cameras look at: nearest to all optical axes in the least-squares sense."""
        return focus_of([photo.camera for photo in self.photos])

    @cached_property
    def distance(self) -> float:
        """Median distance of the cameras from the focus, scene units."""
        return distance_of([photo.camera for photo in self.photos], self.focus)

    @cached_property
    def key(self) -> str:
        """Content hash of photos, cameras and split."""
        digest = hashlib.sha256(repr((self.held_out, [p.lens for p in self.photos])).encode())
        for photo in self.photos:
            digest.update(photo.camera.key().encode() + photo.turn.tobytes())
        for path in dict.fromkeys(path for p in self.photos for path in (p.path, p.mask) if path):
            digest.update(hashlib.sha256(path.read_bytes()).digest())
        return digest.hexdigest()


def focus_of(cameras: Sequence[Camera]) -> Vector:
    """The point nearest to the optical axes of cameras, in the least-squares sense."""
    position = np.stack([camera.position for camera in cameras])
    forward = np.stack([camera.camera_to_world[:3, 2] for camera in cameras])
    across = np.eye(3) - forward[:, :, None] * forward[:, None, :]
    ahead = position.mean(0) + forward.mean(0) * max(float(np.ptp(position, axis=0).max()), 1e-6)
    weak = 1e-3 * len(position)  # parallel axes meet nowhere: then a point ahead of the cameras
    right = (across @ position[:, :, None]).sum(0)[:, 0] + weak * ahead
    return np.linalg.solve(across.sum(0) + weak * np.eye(3), right)


def distance_of(cameras: Sequence[Camera], focus: Vector) -> float:
    """Median distance of cameras from a point, scene units."""
    position = np.stack([camera.position for camera in cameras])
    return max(float(np.median(np.linalg.norm(position - focus, axis=1))), 1e-9)


@dataclass(frozen=True)
class FoundPhoto:
    """A photo as a reader finds it, before anything is checked against the others."""

    path: Path
    lens: Lens
    pose: Matrix4  # camera to world, OpenCV axes, any world
    mask: Path | None = None


def assemble_capture(
    source: Path,
    frames: Sequence[FoundPhoto],
    world: Matrix4,
    *,
    held_out: Sequence[int] | None = None,
    missing: Sequence[str] = (),
    points: Points | None = None,
) -> Capture:
    """The capture of the frames found, turned by ``world``; says once which photos are missing.

    Raises:
        Style3DError: there are no photos.
    """
    if missing and frames:
        count = f"{len(missing)} of {len(missing) + len(frames)} photos"
        remark(f"{source}: {count} are missing: {', '.join(missing)}")
    if not frames:
        got = f"{len(missing)} frames whose photos are missing ({', '.join(missing[:3])} …)" if missing else "no frames"
        raise Style3DError(f"{source} has no photos", got=got, expected="posed photos beside it")
    if held_out is None:
        held_out = range(0, len(frames), EVERY) if len(frames) > EVERY else ()
    photos, hidden = list[Photo](), list[int]()
    for exposure, frame in enumerate(frames):
        cut = _photos(replace(frame, pose=world @ frame.pose), exposure)
        hidden += range(len(photos), len(photos) + len(cut)) if exposure in held_out else ()
        photos += cut
    turned = np.zeros((0, 3)) if points is None else points @ world[:3, :3].T + world[:3, 3]
    return Capture(source, tuple(photos), tuple(hidden), turned, tuple(missing))


def _photos(frame: FoundPhoto, exposure: int) -> list[Photo]:
    """A frame as pinhole views: one, or the six sides of a cube for a panorama."""
    focal, cx, cy, width, height = pinhole_view(frame.lens)
    views = []
    for turn in _sides() if isinstance(frame.lens.distortion, Panorama) else [np.eye(3)]:
        pose = frame.pose.copy()
        pose[:3, :3] = pose[:3, :3] @ turn
        views.append(
            Photo(frame.path, Camera(pose, focal, cx, cy, width, height), frame.lens, exposure, turn, frame.mask)
        )
    return views


def _sides() -> list[Float64[np.ndarray, "3 3"]]:
    around = [np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]], np.float64) for c, s in ((1, 0), (0, 1), (-1, 0), (0, -1))]
    return around + [np.array([[1, 0, 0], [0, 0, s], [0, -s, 0]], np.float64) for s in (1, -1)]


def rigid(matrix: Float64[np.ndarray, "r 4"], name: str) -> Matrix4:
    """A pose with its rotation made exact; a common scale is dropped.

    Raises:
        Style3DError: it is not finite, singular, or mirrors.
    """
    rotation = matrix[:3, :3]
    if not np.isfinite(matrix).all() or np.abs(matrix).max() > 1e9:
        raise Style3DError(f"the pose of {name} is not a rigid motion", got="NaN, infinite or absurd numbers")
    sizes = np.linalg.svd(rotation, compute_uv=False)
    if sizes[2] < 0.5 * sizes[0] or sizes[0] < 1e-9 or np.linalg.det(rotation) <= 0:
        raise Style3DError(f"the pose of {name} is not a rigid motion", got="a singular or mirroring matrix")
    left, _, right = np.linalg.svd(rotation)
    pose = np.eye(4)
    pose[:3, :3], pose[:3, 3] = left @ right, matrix[:3, 3]
    return pose


def inside(root: Path, name: str) -> Path:
    """The file ``name`` of a capture; it may lie in the capture's folder or in one beside it.

    Raises:
        Style3DError: the name leads further out.
    """
    try:
        path = (root / name).resolve()
    except (OSError, ValueError, RuntimeError):  # a null byte, a name too long, links in a circle
        raise Style3DError("a photo's name cannot be a path", got=repr(name[:80])) from None
    if not path.is_relative_to(root.resolve().parent):
        raise Style3DError("a photo lies outside the capture", got=repr(name[:120]), expected=f"a file beside {root}")
    return path
