"""This reader takes captures from JSON: transforms.json of nerfstudio and instant-ngp, and Blender's."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from style3d.errors import Style3DError
from style3d.files import read_bytes
from style3d.files.find_file import find_file
from style3d.nerf.capture.capture import FLIP, MAX_PHOTOS, Z_UP, Capture, FoundPhoto, assemble_capture, rigid
from style3d.nerf.capture.find_photos import PhotoFinder
from style3d.nerf.capture.lens import Brown, Distortion, Fisheye, Lens, Panorama
from style3d.nerf.capture.photos import stored_size
from style3d.ply.tables import read_tables
from style3d.remarks import count_of, list_of, remark
from style3d.types import Matrix4, Points

MAX_JSON = 256 << 20
RECTILINEAR = ("OPENCV", "PINHOLE", "SIMPLE_PINHOLE", "SIMPLE_RADIAL", "RADIAL", "FULL_OPENCV", "PERSPECTIVE")
FISHEYE = ("OPENCV_FISHEYE", "FISHEYE", "SIMPLE_RADIAL_FISHEYE", "RADIAL_FISHEYE")
Json = dict[str, Any]


def read_transforms(path: Path) -> Capture:
    """A capture from ``transforms.json`` or ``transforms_train.json``.

    The world is turned from +Z up, as both programs have it, to +Y up. ``test_filenames`` or ``val_filenames``, or a
    transforms_val.json (else transforms_test.json) beside transforms_train.json, say which photos are held out; else
    every eighth is. ``applied_transform`` is in the poses already.

    Raises:
        Style3DError: not JSON, no frames, no photo found, a pose that is no rigid motion, a photo outside the capture.
    """
    head, frames, missing = _frames(path)
    held_out: Sequence[int] | None = None
    if path.name.endswith("_train.json"):
        for name in ("val", "test"):
            other = path.with_name(path.name.replace("_train.json", f"_{name}.json"))
            if other.exists():
                more, absent = _frames(other)[1:]
                held_out = range(len(frames), len(frames) + len(more))
                frames, missing = frames + more, missing + absent
                break
    for key in ("test_filenames", "val_filenames"):
        if held_out is None and isinstance(head.get(key), list):
            finder = PhotoFinder(path.parent)
            names = {finder.find(str(name)) for name in head[key]}
            held_out = [index for index, frame in enumerate(frames) if frame.path in names] or None
    return assemble_capture(path, frames, Z_UP, held_out=held_out, missing=missing, points=_points(path, head))


def _points(path: Path, head: Json) -> Points | None:
    """Points on the scene's surface, where the file names a PLY of them (``ply_file_path``); only finite ones."""
    name = head.get("ply_file_path")
    if not isinstance(name, str) or not name:
        return None
    try:
        content = read_bytes(find_file(name, path.parent), MAX_JSON)
        vertex = read_tables(content, name)[1].get("vertex", np.zeros(0, []))
        points = np.stack([vertex[axis].astype(np.float64) for axis in "xyz"], axis=1)
    except (Style3DError, ValueError) as error:
        remark(f"{path}: points of the scene in {name[:80]!r} are left out: {error}")
        return None
    return points[np.isfinite(points).all(1)]


def _frames(path: Path) -> tuple[Json, list[FoundPhoto], list[str]]:
    """The file's own values, its frames, and the names of photos that are missing."""
    try:
        head = json.loads(read_bytes(path, MAX_JSON))
    except (ValueError, RecursionError) as error:
        raise Style3DError(f"{path} is not JSON", got=error) from None
    frames = head.get("frames") if isinstance(head, dict) else None
    if not isinstance(frames, list) or not all(isinstance(frame, dict) for frame in frames):
        raise Style3DError(f"{path} is not a capture", expected='a JSON object with "frames"')
    if len(frames) > MAX_PHOTOS:
        raise Style3DError(f"{path} has too many frames", got=len(frames), expected=f"at most {MAX_PHOTOS:,}")
    found, missing, finder = list[FoundPhoto](), list[str](), PhotoFinder(path.parent)
    masks, unplaced = PhotoFinder(path.parent), list[str]()
    for number, frame in enumerate(frames):
        name = frame.get("file_path")
        if not isinstance(name, str) or not name:
            raise Style3DError(f"{path}: frame {number} names no photo", expected='"file_path"')
        photo = finder.find(name)
        if photo is None:
            missing.append(name)
        elif _is_lost(frame.get("transform_matrix")):
            unplaced.append(name)
        else:
            found.append(_frame(finder, masks, photo, {**head, **frame}))
    if unplaced:
        what = f"{count_of(len(unplaced), 'photo')} with poses of no finite numbers ({list_of(unplaced, 3)})"
        if not found:
            raise Style3DError(f"{path} has no pose that can be used", got=what, hint="solve for the cameras again")
        remark(f"{path}: style3d leaves out {what}")
    for sentence in filter(None, (finder.remark(), masks.remark())):
        remark(sentence)
    return head, found, missing


def _frame(finder: PhotoFinder, masks: PhotoFinder, photo: Path, values: Json) -> FoundPhoto:
    name = photo.name
    matrix = values.get("transform_matrix")
    try:
        pose = np.array(matrix, dtype=np.float64)
    except (TypeError, ValueError):
        pose = np.zeros(0)
    if pose.shape not in ((4, 4), (3, 4)):
        raise Style3DError(f"the pose of {name} is not a matrix", expected='"transform_matrix" of 4 × 4 numbers')
    mask = values.get("mask_path")
    mask_path = masks.find(mask) if isinstance(mask, str) and mask else None
    if mask and mask_path is None:
        remark(f"the mask {str(mask)[:80]} of {name} is not there: the whole photo counts")
    lens = finder.lens(_lens(photo, values), photo)
    return FoundPhoto(photo, lens, _to_opencv(rigid(pose, name)), mask_path)


def _is_lost(matrix: Any) -> bool:
    """Whether a pose is numbers that are not all finite, as where a camera could not be solved for."""
    try:
        numbers = np.array(matrix, dtype=np.float64)
    except (TypeError, ValueError):  # no numbers: refused by what it is
        return False
    return numbers.ndim == 2 and not np.isfinite(numbers).all()


def _to_opencv(pose: Matrix4) -> Matrix4:
    return pose @ FLIP


def _lens(photo: Path, values: Json) -> Lens:
    """A frame's intrinsics, its own before the file's; angles stand in for focal lengths."""
    size, _ = stored_size(photo)
    width, height = _number(values, "w", size[0]), _number(values, "h", size[1])
    if not (1 <= width <= 1 << 16 and 1 <= height <= 1 << 16):
        raise Style3DError(f"the size of {photo.name} is out of range", got=f"{width:g} × {height:g} pixels")
    distortion = _distortion(photo.name, values)
    if isinstance(distortion, Panorama):
        return Lens(width, height, width / 2, height / 2, int(width), int(height), distortion)
    fx = _focal(values, "x", width)
    fy = _focal(values, "y", height, fx)
    fx = fy if fx is None else fx
    if fx is None or fy is None or not (1e-2 * width < fx < 1e4 * width and 1e-2 * height < fy < 1e4 * height):
        raise Style3DError(f"{photo.name} has no usable focal length", got=fx, expected="fl_x or camera_angle_x")
    center = _number(values, "cx", width / 2), _number(values, "cy", height / 2)
    return Lens(fx, fy, *center, int(width), int(height), distortion)


def _focal(values: Json, axis: str, size: float, default: float | None = None) -> float | None:
    for key in (f"fl_{axis}", "fl"):
        if values.get(key) is not None:
            return _number(values, key, 0.0)
    angle = values.get(f"camera_angle_{axis}")
    if angle is None:
        return default
    return size / 2 / math.tan(min(max(_number(values, f"camera_angle_{axis}", 1.0), 1e-3), math.pi - 1e-3) / 2)


def _distortion(name: str, values: Json) -> Distortion:
    """The distortion of a frame's camera model."""
    model = str(values.get("camera_model") or ("OPENCV_FISHEYE" if values.get("is_fisheye") is True else "OPENCV"))
    k = tuple(_number(values, f"k{i}", 0.0) for i in range(1, 7))
    tangential = _number(values, "p1", 0.0), _number(values, "p2", 0.0)
    if model in RECTILINEAR:
        bare = model in ("PINHOLE", "SIMPLE_PINHOLE")
        return Brown() if bare else Brown(k[:3] if model != "FULL_OPENCV" else k, tangential)
    if model in FISHEYE:
        return Fisheye(k[:4])
    if model == "EQUIRECTANGULAR":
        return Panorama()
    if model == "FISHEYE624":
        numbers = values.get("distortion_params")
        if isinstance(numbers, list) and len(numbers) == 12 and all(isinstance(n, int | float) for n in numbers):
            return Fisheye(tuple(numbers[:6]), tuple(numbers[6:8]), tuple(numbers[8:]), late=True)
    known = ", ".join((*RECTILINEAR, *FISHEYE, "EQUIRECTANGULAR, FISHEYE624"))
    raise Style3DError(f"the camera model of {name} is not known", got=model[:40], expected=known)


def _number(values: Json, key: str, default: float) -> float:
    value = values.get(key, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise Style3DError(f'"{key}" of a capture is not a number', got=repr(value)[:40])
    return float(value)
