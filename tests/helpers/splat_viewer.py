"""What Spark, a splat viewer on three.js that has nothing to do with this project, shows of a file in Chromium."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from style3d.core.camera import Camera
from style3d.nerf.splats.formats.axes import to_ply_axes
from tests.helpers import browser

PAGE = Path(__file__).with_name("splat_viewer.html")
PACKAGES = ("three", "@sparkjsdev/spark")
AXES = {".spz": "RUB"}  # of the file, which the viewer leaves as they are; else those of PLY files
THREE = np.diag([1.0, -1.0, -1.0, 1.0])  # a camera of three.js looks along -z, and its y points up


@dataclass(frozen=True)
class Shot:
    """One picture to take. Concretely: mossling.spz by a square camera that stands in the axes of PLY files."""

    file: Path
    camera: Camera
    antialiased: bool = False

    def values(self) -> dict[str, Any]:
        """As the page takes them."""
        turn = np.eye(4)
        turn[:3, :3] = to_ply_axes(AXES.get(self.file.suffix, "RDF")).T
        distance = float(np.linalg.norm(self.camera.position)) + 1.0
        return {
            "file": self.file,
            "matrix": (turn @ self.camera.camera_to_world @ THREE).T.ravel().tolist(),
            "fov": 2 * math.degrees(math.atan(self.camera.height / 2 / self.camera.focal)),
            "size": self.camera.height,
            "near": distance / 1000,
            "far": distance * 100,
            "antialiased": self.antialiased,
        }


@dataclass(frozen=True)
class Seen:
    """What came of it."""

    colors: np.ndarray  # (h, w, 3) in [0, 1], over black
    alpha: np.ndarray  # (h, w) in [0, 1]
    errors: tuple[str, ...]


def missing() -> str | None:
    """Why no picture can be taken; None if one can."""
    return browser.missing(*PACKAGES)


def photograph(shots: Sequence[Shot]) -> list[Seen]:
    """Take pictures, all in one launch."""
    return [_read_answer(told) for told in browser.photograph(PAGE, [shot.values() for shot in shots])]


def _read_answer(told: dict[str, Any]) -> Seen:
    image = browser.pixels(told) / 255.0
    return Seen(image[..., :3] * image[..., 3:], image[..., 3], tuple(told["errors"]))
