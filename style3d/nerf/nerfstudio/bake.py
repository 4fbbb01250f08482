"""A painted nerfacto becomes a grid of our own in the capture's coordinates. Splats and meshes are made of that."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any, final

import numpy as np
import torch
from jaxtyping import Float32
from nerfstudio.cameras.rays import Frustums, RaySamples
from nerfstudio.utils.eval_utils import eval_setup

from style3d.core.camera import Camera
from style3d.errors import Style3DError
from style3d.nerf.capture.capture import Z_UP, distance_of, focus_of
from style3d.nerf.capture.read import open_capture
from style3d.nerf.grid.file import FittedGrid
from style3d.nerf.grid.fit import FitSettings
from style3d.nerf.grid.from_field import Volumetric, sampled_grid
from style3d.nerf.nerfstudio.alignment import similarity
from style3d.nerf.nerfstudio.cameras import from_nerfstudio
from style3d.progress import Watcher
from style3d.render.grid_field import Contraction
from style3d.types import Matrix4, Points

log = logging.getLogger(__name__)
SIDES = 32, 384  # vertices of the lattice along each axis, at least and at most
DENSE = 3 / 8  # of them to a pixel of a view
SIZE = 512  # pixels along the longer side of the cameras that go with the grid


@final
class PaintedVolume(Volumetric):
    """A painted nerfacto asked at places of the capture's world; appearance as nerfstudio evaluates it.

    Args:
        model: a `PaintedNerfacto`.
        world: the capture's world to the model's, a similarity.
    """

    def __init__(self, model: Any, world: Matrix4) -> None:
        self.model, self._world = model, world
        self._scale = float(np.cbrt(np.linalg.det(world[:3, :3])))

    @torch.no_grad()
    def density(self, points: Points) -> Float32[np.ndarray, "points"]:
        """See `Volumetric.density`."""
        density = self.model.field.density_fn(self._places(points))
        return density[:, 0].float().cpu().numpy() * np.float32(self._scale)

    @torch.no_grad()
    def colors(self, points: Points, directions: Points) -> Float32[np.ndarray, "points 3"]:
        """See `Volumetric.colors`."""
        along = self._tensor(directions @ (self._world[:3, :3] / self._scale).T)
        none = torch.zeros_like(along[:, :1])
        samples = RaySamples(Frustums(self._places(points), along, none, none, none), camera_indices=none.long())
        field = self.model.field
        return field.colors(field.places(samples), along).float().clamp(0, 1).cpu().numpy()

    def _places(self, points: Points) -> torch.Tensor:
        return self._tensor(points @ self._world[:3, :3].T + self._world[:3, 3])

    def _tensor(self, values: Points) -> torch.Tensor:
        return torch.from_numpy(values.astype(np.float32)).to(self.model.device)


def baked_grid(config: Path, data: Path, resolution: int, watcher: Watcher) -> FittedGrid:
    """The grid of a painted run that was just written, and the capture's cameras.

    Args:
        config: the run's config.yml; nerfstudio's own reader opens it, so it must be one's own.
        data: the capture.
        resolution: pixels along the longer side of the views that were painted, which the lattice is made to match.
        watcher: hears of progress.

    Raises:
        Style3DError: the run holds no painted nerfacto, or its cameras see nothing.
    """
    pipeline = eval_setup(config)[1]
    model: Any = pipeline.model
    if not bool(getattr(model.field, "painted", False)):
        raise Style3DError(f"{config} is not a painted nerfacto", hint="let it run to its end")
    world = world_of(pipeline, data)
    cameras = [_move_camera(camera, np.linalg.inv(world)) for camera in trained_from(pipeline)]
    focus, settings = focus_of(cameras), FitSettings()
    distance = distance_of(cameras, focus)
    x, y, z = (float(value) for value in focus)
    space = Contraction((x, y, z), settings.radius * distance, settings.tail)
    near = float(model.config.near_plane) / float(np.cbrt(np.linalg.det(world[:3, :3])))
    side = int(np.clip(round(DENSE * resolution), *SIDES))
    grid = sampled_grid(PaintedVolume(model, world), cameras, space, side, near, watcher)
    return FittedGrid(grid, tuple(cameras))


def trained_from(pipeline: Any) -> list[Camera]:
    """The training cameras, in the model's world."""
    cameras = pipeline.datamanager.train_dataset.cameras
    return [from_nerfstudio(cameras, index, SIZE) for index in range(len(cameras))]


def world_of(pipeline: Any, data: Path) -> Matrix4:
    """The capture's world (+Y up, as our own readers have it) to the model's.

    Told by the cameras of photos that both know by name; where the capture is of a kind that is not read here, by what
    nerfstudio says that it did to the poses, +Z being up before.
    """
    outputs = pipeline.datamanager.train_dataset._dataparser_outputs
    theirs = dict(zip((path.name for path in outputs.image_filenames), trained_from(pipeline), strict=True))
    try:
        ours = {photo.path.name: photo.camera for photo in open_capture(data).photos}
        shared = sorted(theirs.keys() & ours.keys())
        found = similarity([ours[name] for name in shared], [theirs[name] for name in shared])
    except Style3DError as error:
        log.info("%s is read by nerfstudio alone: %s", data, error)
        found = None
    if found is not None:
        return found
    done = np.eye(4)
    done[:3] = outputs.dataparser_transform.double().numpy()
    done[:3] *= float(outputs.dataparser_scale)
    return done @ np.linalg.inv(Z_UP)


def _move_camera(camera: Camera, matrix: Matrix4) -> Camera:
    """A camera in a world that a similarity leads to."""
    pose = matrix @ camera.camera_to_world
    pose[:3, :3] /= np.cbrt(np.linalg.det(matrix[:3, :3]))
    return Camera(pose, camera.focal, camera.cx, camera.cy, camera.width, camera.height)
