"""This reader makes footage of any program's output: two folders of frames, their cameras, and a depth map for each."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from style3d.core.camera import Camera
from style3d.errors import Style3DError
from style3d.evaluate.footage.depth_files import DepthKind, read_depth
from style3d.evaluate.footage.footage import ComparedView, Footage
from style3d.files import read_bytes
from style3d.images import read_image
from style3d.types import Picture, Plane

IMAGES = (".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".bmp")
DEPTHS = (".npy", ".npz", ".exr", ".png")
MOST_FRAMES = 2000
FLIP = np.diag([1.0, -1.0, -1.0, 1.0])  # OpenGL's camera axes (y up, z backward) to OpenCV's
BENDS = ("k1", "k2", "k3", "k4", "p1", "p2")


def footage_of_frames(
    folders: tuple[Path, Path], cameras: Path, depth: Path, scale: float = 1.0, kind: DepthKind = "z"
) -> Footage:
    """Frames of the same name in two folders, with the cameras of a ``transforms.json`` and depth of the same name.

    Args:
        folders: the unstylised frames, and the stylised ones.
        cameras: nerfstudio's or instant-ngp's JSON; its frames' names say which image each camera took.
        depth: a folder of .npy, .npz, .exr or 16-bit .png files.
        scale: scene units of one unit of depth.
        kind: whether depth counts along the camera's axis (z) or along the ray.

    Raises:
        Style3DError: a file is missing or unreadable, or sizes disagree.
    """
    first, second, depths = (_files_by_name(folder, kinds) for folder, kinds in
                             ((folders[0], IMAGES), (folders[1], IMAGES), (depth, DEPTHS)))  # fmt: skip
    found = [(name, camera) for name, camera in read_cameras(cameras) if name in first and name in second]
    if len(found) < 2:
        raise Style3DError(
            f"too few frames of {cameras} are in both folders", got=f"{len(found)} frames",
            expected=f"images of the same names in {folders[0]} and {folders[1]}",
        )  # fmt: skip
    views = []
    for name, camera in found:
        if name not in depths:
            raise Style3DError(f"{depth} has no depth of frame {name}", expected=f"{name}{' or '.join(DEPTHS)}")
        views.append(_compared_view(first[name], second[name], depths[name], camera, scale, kind))
    return Footage(folders[1].name, tuple(views))


def _compared_view(
    before: Path, after: Path, depth: Path, camera: Camera, scale: float, kind: DepthKind
) -> ComparedView:
    first, mask = _picture(before)
    second, after_mask = _picture(after)
    if first.shape != second.shape:
        got, expected = (f"{width} × {height}" for height, width in (second.shape[:2], first.shape[:2]))
        raise Style3DError(f"{after} has another size than {before}", got=got, expected=expected)
    height, width = first.shape[:2]
    if abs(width * camera.height - height * camera.width) > max(width, height):
        raise Style3DError(f"{before} has other proportions than its camera", got=f"{width} × {height}",
                           expected=f"{camera.width} × {camera.height}")  # fmt: skip
    sized = camera.at_scale(width / camera.width)
    camera = Camera(sized.camera_to_world, sized.focal, sized.cx, sized.cy, width, height)
    plane = read_depth(depth, camera, scale, kind)
    there = mask if mask is not None else np.isfinite(plane).astype(np.float32)
    return ComparedView(camera, first, second, plane, there, after_mask)


def _picture(path: Path) -> tuple[Picture, Plane | None]:
    image = read_image(path)
    alpha = np.ascontiguousarray(image[..., 3]) if image.shape[2] == 4 else None
    return np.ascontiguousarray(image[..., :3]), alpha


def _files_by_name(folder: Path, suffixes: Sequence[str]) -> dict[str, Path]:
    """Files of a folder by their name without suffix."""
    if not folder.is_dir():
        raise Style3DError(f"{folder} is not a folder", expected="a folder of frames")
    return {path.stem: path for path in sorted(folder.iterdir()) if path.suffix.lower() in suffixes}


def read_cameras(path: Path) -> list[tuple[str, Camera]]:
    """(name of the frame, camera) of a ``transforms.json``, in the file's order sorted by name.

    Raises:
        Style3DError: not such a file, a lens that bends lines, or a pose that is no rigid motion.
    """
    try:
        head = json.loads(read_bytes(path, 256 << 20))
        frames = head["frames"]
        if not isinstance(frames, list) or not 0 < len(frames) <= MOST_FRAMES:
            raise ValueError(f"{len(frames)} frames")
        return sorted((_camera(head | frame, path) for frame in frames), key=lambda pair: pair[0])
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        got = f"{type(error).__name__}: {str(error)[:80]}"
        raise Style3DError(f"{path} holds no cameras", got=got, expected="a transforms.json") from None


def _camera(frame: dict[str, Any], path: Path) -> tuple[str, Camera]:
    name = PurePosixPath(str(frame["file_path"]).replace("\\", "/")).stem
    if any(float(frame.get(bend) or 0) for bend in BENDS):
        raise Style3DError(f"{path} has a lens with distortion", hint="give undistorted frames and their cameras")
    width, height = int(frame["w"]), int(frame["h"])
    focal = float(frame["fl_x"]) if "fl_x" in frame else width / 2 / math.tan(float(frame["camera_angle_x"]) / 2)
    cx, cy = float(frame.get("cx", width / 2)), float(frame.get("cy", height / 2))
    pose = np.array(frame["transform_matrix"], dtype=np.float64)
    rigid = pose.shape == (4, 4) and np.allclose(pose[:3, :3] @ pose[:3, :3].T, np.eye(3), atol=1e-2)
    if not rigid or not math.isfinite(focal) or focal <= 0 or not 0 < width * height <= 1 << 26:
        raise Style3DError(
            f"{path}: the camera of frame {name} is not valid", expected="a rigid 4 × 4 pose and a focal length"
        )
    return name, Camera(pose @ FLIP, focal, cx, cy, width, height)
