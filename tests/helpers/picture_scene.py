"""A kind of scene of one's own, whole: a picture hung in space, whose pixels are θ."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from scipy.sparse import csr_array

from style3d.core.camera import Camera, look_at, orbit_directions
from style3d.core.operator import ViewOperator, from_scipy
from style3d.core.pyramid import Flat
from style3d.core.scene import NONE, Closeups, Scene, Views
from style3d.job import Job
from style3d.scene_kinds.kind import SceneKind


@dataclass(frozen=True)
class PictureJob(Job):
    """Give a picture the look of another."""

    kind, outputs, regions, consistency = "picture", (".png",), (), 0.0


class PictureScene(Scene):
    """A square picture of 48 × 48 pixels in the plane z = 0, one unit wide."""

    name, key, extent, hierarchy = "picture", "", 1.5, Flat(48 * 48)

    def __init__(self, path: Path) -> None:
        self.pixels = np.asarray(Image.open(path).convert("RGB").resize((48, 48)), np.float32).reshape(-1, 3) / 255
        self.name, self.key = path.name, str(hash(self.pixels.tobytes()))

    def initial(self) -> torch.Tensor:
        return torch.from_numpy(self.pixels.copy())

    def plan(self, count: int, resolution: int, closeups: Closeups = NONE) -> Views:
        return Views(self.cameras_around(count, resolution), ())

    def cameras_around(self, count: int, size: int) -> tuple[Camera, ...]:
        ways = orbit_directions(count) * [0.5, 0.5, 0] + [0, 0, 2]
        return tuple(look_at(way, np.zeros(3), 35, size) for way in ways)

    def points(self, level: int) -> np.ndarray:
        row, column = np.divmod(np.arange(48 * 48), 48)
        return np.stack([(column + 0.5) / 48 - 0.5, 0.5 - (row + 0.5) / 48, 0.0 * row], 1)

    def operator(self, camera: Camera, level: int) -> ViewOperator:
        rays = camera.directions()
        place = camera.position - rays * (camera.position[2] / rays[:, 2:])  # where each pixel's ray meets z = 0
        column, row = np.floor((place[:, :2] * [1, -1] + 0.5) * 48).astype(int).T
        hit = np.flatnonzero((np.minimum(column, row) >= 0) & (np.maximum(column, row) < 48))
        entries, found = np.unique(row[hit] * 48 + column[hit], return_inverse=True)
        rows = csr_array((np.ones(len(hit), np.float32), (hit, found)), shape=(len(rays), len(entries)))
        light, fixed, alpha = np.ones((len(rays), 3)), np.zeros((len(rays), 3)), np.zeros(len(rays))
        alpha[hit] = 1
        return ViewOperator(from_scipy(rows), entries, light, fixed, alpha, camera.height, camera.width)

    def save(self, colors: torch.Tensor, path: Path) -> tuple[Path, ...]:
        Image.fromarray((colors.numpy().reshape(48, 48, 3) * 255).round().astype(np.uint8)).save(path)
        return (path,)


PICTURES = SceneKind(
    "pictures", PictureJob, Path.is_file, lambda job, _: PictureScene(job.model), lambda path, _: PictureScene(path)
)
