"""COLMAP's sparse models, binary or text, become captures. Every camera model that maps directions is read."""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from style3d.errors import Style3DError
from style3d.files import read_bytes
from style3d.nerf.capture.capture import MAX_PHOTOS, Capture, FoundPhoto, assemble_capture, rigid
from style3d.nerf.capture.find_photos import PhotoFinder
from style3d.nerf.capture.lens import Brown, Distortion, FieldOfView, Fisheye, Lens
from style3d.remarks import remark
from style3d.types import Matrix4, Points

MAX_POINTS = 20_000_000
PLACES = (  # under the folder that is given, also in numbered folders there; a star stands for any folder
    *("", "sparse", "colmap/sparse", "colmap", "dense/sparse", "dense", "dense/*/sparse", "undistorted/sparse"),
    *("colmap/dense/*/sparse", "distorted/sparse", "sparse_text", "colmap_text", "colmap/sparse_text"),
)
PHOTOS = ("images", "input", "image", "photos", "rgb", "")  # where photos lie, under the capture's folder
NEEDED = ("cameras", "images")  # files of a model
Numbers = tuple[float, ...]
Model = tuple[str, int, int, Callable[[Numbers], Distortion]]  # name, numbers, focal lengths, distortion
MODELS: tuple[Model, ...] = (
    ("SIMPLE_PINHOLE", 3, 1, lambda d: Brown()),
    ("PINHOLE", 4, 2, lambda d: Brown()),
    ("SIMPLE_RADIAL", 4, 1, lambda d: Brown(d)),
    ("RADIAL", 5, 1, lambda d: Brown(d)),
    ("OPENCV", 8, 2, lambda d: Brown(d[:2], (d[2], d[3]))),
    ("OPENCV_FISHEYE", 8, 2, lambda d: Fisheye(d)),
    ("FULL_OPENCV", 12, 2, lambda d: Brown((*d[:2], *d[4:]), (d[2], d[3]))),
    ("FOV", 5, 2, lambda d: FieldOfView(d[0])),
    ("SIMPLE_RADIAL_FISHEYE", 4, 1, lambda d: Fisheye(d)),
    ("RADIAL_FISHEYE", 5, 1, lambda d: Fisheye(d)),
    ("THIN_PRISM_FISHEYE", 12, 2, lambda d: Fisheye((*d[:2], *d[4:6]), (d[2], d[3]), (d[6], 0.0, d[7], 0.0))),
    ("RAD_TAN_THIN_PRISM_FISHEYE", 16, 2, lambda d: Fisheye(d[:6], (d[6], d[7]), (d[8], d[9], d[10], d[11]), True)),
)


@dataclass(frozen=True)
class RegisteredImage:
    """A registered image. Concretely: IMG_0001.jpg by camera 1."""

    name: str
    camera: int
    quaternion: Numbers  # world to camera, w x y z
    translation: Numbers


def sparse_model(folder: Path) -> Path | None:
    """Where under a folder a sparse model lies, of several numbered ones the largest; None if there is none."""
    for place in PLACES:
        found = [
            path
            for path in sorted(folder.glob(place) if "*" in place else _model_folders(folder / place))
            if _parts(path)
        ]
        if found:
            largest = max(found, key=_size)
            if len(found) > 1:
                remark(
                    f"{folder} holds {len(found)} sparse models: {largest.relative_to(folder)}, the largest, is read"
                )
            return largest
    return None


def _model_folders(folder: Path) -> list[Path]:
    """The folder, and the numbered ones in it, as COLMAP numbers the models that it could not join."""
    return [folder, *(path for path in folder.glob("*") if path.name.isdecimal())]


def _parts(model: Path) -> str | None:
    """The suffix of a model's files; None where there is none."""
    return next((s for s in (".bin", ".txt") if all((model / f"{part}{s}").is_file() for part in NEEDED)), None)


def _size(model: Path) -> int:
    return (model / f"images{_parts(model)}").stat().st_size


def read_colmap(folder: Path) -> Capture:
    """A capture from a folder with a sparse model (itself, or in one of `PLACES`) and its photos.

    The world is turned so that the cameras' mean up direction is +Y: COLMAP's own is arbitrary.

    Raises:
        Style3DError: no model, no images in it, no photo found, a damaged file, a photo outside the capture.
    """
    model = sparse_model(folder)
    if model is None:
        raise Style3DError(f"{folder} has no COLMAP model", expected="sparse/0/cameras.bin and images.bin (or .txt)")
    suffix = _parts(model)
    binary = suffix == ".bin"
    try:
        lenses = dict(_cameras_bin(model) if binary else _cameras_txt(model))
        images = sorted(_images_bin(model) if binary else _images_txt(model), key=lambda image: image.name)
        points = _points(model, binary)
    except (struct.error, ValueError, IndexError, OverflowError) as error:
        raise Style3DError(f"{model} is damaged", got=error, expected=f"COLMAP's {suffix} files") from None
    finder = PhotoFinder(_root(folder, model), PHOTOS)
    frames, missing = list[FoundPhoto](), list[str]()
    for image in images:
        photo = finder.find(image.name)
        if photo is None:
            missing.append(image.name)
        elif image.camera not in lenses:
            raise Style3DError(f"{model}: {image.name} is by camera {image.camera}", expected="a camera that is listed")
        else:
            frames.append(FoundPhoto(photo, finder.lens(lenses[image.camera], photo), _pose(image)))
    if finder.remark():
        remark(finder.remark())
    world = _upright(frames) if frames else np.eye(4)
    return assemble_capture(folder, frames, world, missing=missing, points=points)


def _root(folder: Path, model: Path) -> Path:
    """The folder that holds the photos' folder: the nearest above the model, as photos are undistorted into dense/0."""
    for place in (*model.parents[:3], folder):
        if any(path.is_dir() and path.name.partition("_")[0] in PHOTOS[:-1] for path in place.glob("*")):
            return place
        if place == folder:
            break
    return folder


def _pose(image: RegisteredImage) -> Matrix4:
    w, x, y, z = np.array(image.quaternion) / max(float(np.linalg.norm(image.quaternion)), 1e-12)
    turn = np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
            [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
            [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
        ]
    )
    if not any(image.quaternion):
        turn = np.zeros((3, 3))
    pose = np.eye(4)
    pose[:3, :3], pose[:3, 3] = turn.T, -turn.T @ np.array(image.translation)
    return rigid(pose, image.name)


def _upright(frames: list[FoundPhoto]) -> Matrix4:
    """The rotation that brings the cameras' mean up direction to +Y by the shortest way."""
    up = -np.mean([frame.pose[:3, 1] for frame in frames], axis=0)
    length = float(np.linalg.norm(up))
    world = np.eye(4)
    if length < 1e-3:
        return world
    axis, y = up / length, np.array([0.0, 1.0, 0.0])
    if axis[1] < -0.9999:
        return np.diag([1.0, -1.0, -1.0, 1.0])
    cross = np.cross(axis, y)
    skew = np.array([[0, -cross[2], cross[1]], [cross[2], 0, -cross[0]], [-cross[1], cross[0], 0]])
    world[:3, :3] = np.eye(3) + skew + skew @ skew / (1 + axis[1])
    return world


def _lens(number: int | str, width: int, height: int, values: Numbers) -> Lens:
    """The lens of a model's number (binary) or name (text)."""
    index = next((i for i, model in enumerate(MODELS) if number in (i, model[0])), None)
    if index is None:
        raise Style3DError("a COLMAP camera model is not known", got=number, expected=", ".join(m[0] for m in MODELS))
    name, count, focals, distortion = MODELS[index]
    if len(values) != count or not all(math.isfinite(value) for value in values):
        raise Style3DError(f"a COLMAP camera of model {name} is damaged", got=values, expected=f"{count} numbers")
    if not (0 < width <= 1 << 16 and 0 < height <= 1 << 16 and min(values[:focals]) > 0):
        raise Style3DError(f"a COLMAP camera of model {name} is damaged", got=f"{width} × {height}, {values[:focals]}")
    fx, fy = values[0], values[focals - 1]
    return Lens(fx, fy, values[focals], values[focals + 1], width, height, distortion(values[focals + 2 :]))


@dataclass
class _Cursor:
    """Reads little-endian numbers one after another, never past the end."""

    content: bytes
    at: int = 0

    def take(self, form: str) -> tuple[Any, ...]:
        values = struct.unpack_from("<" + form, self.content, self.at)
        self.at += struct.calcsize("<" + form)
        return values

    def count(self, least: int, most: int) -> int:
        """A number of records of at least ``least`` bytes each, checked against what is left."""
        (count,) = self.take("Q")
        if count > most or count * least > len(self.content) - self.at:
            raise ValueError(f"{count} records in {len(self.content)} bytes")
        return int(count)

    def skip(self, size: int) -> None:
        """Step over a list of records of ``size`` bytes."""
        count = self.count(size, 1 << 40)
        self.at += size * count

    def text(self) -> str:
        end = self.content.index(b"\0", self.at, self.at + 4096)
        value = self.content[self.at : end].decode("utf-8", "replace")
        self.at = end + 1
        return value


def _cameras_bin(model: Path) -> Iterator[tuple[int, Lens]]:
    cursor = _Cursor(read_bytes(model / "cameras.bin"))
    for _ in range(cursor.count(24, MAX_PHOTOS)):
        key, number, width, height = cursor.take("iiQQ")
        if not 0 <= number < len(MODELS):
            raise Style3DError(
                "a COLMAP camera model is not known", got=number, expected=", ".join(m[0] for m in MODELS)
            )
        yield key, _lens(number, width, height, cursor.take(f"{MODELS[number][1]}d"))


def _images_bin(model: Path) -> Iterator[RegisteredImage]:
    cursor = _Cursor(read_bytes(model / "images.bin"))
    for _ in range(cursor.count(73, MAX_PHOTOS)):
        _, *numbers, camera = cursor.take("i7di")
        yield RegisteredImage(cursor.text(), camera, tuple(numbers[:4]), tuple(numbers[4:]))
        cursor.skip(24)


def _points(model: Path, binary: bool) -> Points:
    """Triangulated points that are finite; none where there is no such file."""
    path = model / f"points3D{'.bin' if binary else '.txt'}"
    if not path.is_file() or path.stat().st_size == 0:
        return np.zeros((0, 3))
    points = np.array(list(_points_bin(path) if binary else _points_txt(path)), np.float64).reshape(-1, 3)
    return points[np.isfinite(points).all(1)]


def _points_bin(path: Path) -> Iterator[Numbers]:
    cursor = _Cursor(read_bytes(path))
    for _ in range(cursor.count(51, MAX_POINTS)):
        _, x, y, z, _, _, _, _ = cursor.take("Q3d3Bd")
        cursor.skip(8)
        yield x, y, z


def _lines(path: Path) -> list[str]:
    text = read_bytes(path).decode("utf-8", "replace")
    return [line for line in text.splitlines() if not line.startswith("#")]


def _cameras_txt(model: Path) -> Iterator[tuple[int, Lens]]:
    for line in _lines(model / "cameras.txt"):
        if parts := line.split():
            yield int(parts[0]), _lens(parts[1], int(parts[2]), int(parts[3]), tuple(map(float, parts[4:])))


def _images_txt(model: Path) -> Iterator[RegisteredImage]:
    lines = _lines(model / "images.txt")
    while lines and not lines[0].strip():
        lines.pop(0)
    for line in lines[::2]:  # every second line lists the image's points, and may be empty
        parts = line.split(maxsplit=9)
        if parts:
            numbers = tuple(map(float, parts[1:8]))
            yield RegisteredImage(parts[9].strip(), int(parts[8]), numbers[:4], numbers[4:])


def _points_txt(path: Path) -> Iterator[Numbers]:
    for line in _lines(path):
        if parts := line.split(maxsplit=4):
            yield float(parts[1]), float(parts[2]), float(parts[3])
