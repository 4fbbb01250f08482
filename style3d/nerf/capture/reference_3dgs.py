"""The 3DGS reference code trains into a folder. Its last splats, cameras and settings are read from there."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

import numpy as np

from style3d.core.camera import Camera
from style3d.errors import Style3DError
from style3d.files import read_bytes
from style3d.images import MAX_PIXELS
from style3d.nerf.capture.capture import MAX_PHOTOS, rigid
from style3d.remarks import remark

SPLATS, CAMERAS, SETTINGS = "point_cloud.ply", "cameras.json", "cfg_args"
LARGEST = 256 << 20, 1 << 20  # bytes of either file


@final
@dataclass(frozen=True)
class Training:
    """What is known of how splats came to be. Concretely: 251 cameras, not antialiased."""

    cameras: tuple[Camera, ...] = ()  # of the photos, in the splats' axes
    antialiased: bool = False


def newest_splats(path: Path) -> Path:
    """The splats of the last iteration where ``path`` is such a folder; else ``path`` itself."""
    if not path.is_dir():
        return path
    found = {int(file.parent.name.partition("_")[2]): file for file in path.glob(f"point_cloud/iteration_*/{SPLATS}")
             if file.parent.name.partition("_")[2].isdecimal()}  # fmt: skip
    return found[max(found)] if found else path


def read_training(splats: Path) -> Training:
    """What lies beside the splats, or three folders above where the reference code puts it; nothing where nothing does.

    A file of that name that is something else is left alone, and a remark names it.
    """
    folders = [splats.parent]
    if splats.name == SPLATS and len(splats.parents) > 2 and splats.parents[1].name == "point_cloud":
        folders.append(splats.parents[2])
    for folder in folders:
        if (folder / CAMERAS).is_file():
            return Training(_cameras(folder / CAMERAS), _is_antialiased(folder / SETTINGS))
    return Training()


def _is_antialiased(settings: Path) -> bool:
    """Whether the settings, a printed namespace, name that option; they are searched and never run."""
    if not settings.is_file():
        return False
    text = read_bytes(settings, LARGEST[1]).decode("utf-8", errors="replace")
    return re.search(r"\bantialiasing=True\b", text) is not None


def _cameras(path: Path) -> tuple[Camera, ...]:
    try:
        listed = json.loads(read_bytes(path, LARGEST[0]))
        if not isinstance(listed, list) or not 0 < len(listed) <= MAX_PHOTOS:
            raise ValueError("no list of cameras")
        return tuple(_camera(values) for values in listed)
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError, Style3DError) as error:
        remark(f"{path} is not as 3D Gaussian splatting writes it ({error}): cameras are placed without it")
        return ()


def _camera(values: dict[str, Any]) -> Camera:
    """One camera: its place, the turn from its axes (x right, y down, z forward) to the world's, and its lens."""
    rotation, position = np.array(values["rotation"], float), np.array(values["position"], float).reshape(3, 1)
    pose = np.concatenate([rotation, position], axis=1)
    if pose.shape != (3, 4):
        raise ValueError(f"a pose of shape {pose.shape}")
    width, height, focal = int(values["width"]), int(values["height"]), float(np.sqrt(values["fx"] * values["fy"]))
    if not (width > 0 and height > 0 and width * height <= MAX_PIXELS and 0 < focal < 1e9):
        raise ValueError(f"{width} × {height} pixels, focal length {focal:g}")
    return Camera(rigid(pose, str(values.get("img_name", ""))), focal, width / 2, height / 2, width, height)
