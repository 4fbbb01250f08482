"""A grid scene's θ holds the colours of vertices. Marching rays makes its A_v."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Literal, final

import numpy as np
import torch
from jaxtyping import Float32

from style3d.core.camera import Camera, framed_camera, orbit_directions
from style3d.core.camera_path import camera_of_size, middle_square, orbit, tour, walk
from style3d.core.operator import ViewOperator
from style3d.core.scene import NONE, Closeups, Scene, Views
from style3d.nerf.capture.photos import undistort_drawing
from style3d.nerf.grid.file import GRID, FittedGrid, save_grid
from style3d.nerf.grid.to_splats import grid_splats
from style3d.nerf.splats.files import write_splats
from style3d.nerf.splats.fill_unseen import fill_colors
from style3d.nerf.splats.scene import SplatScene
from style3d.nerf.splats.splats import Splats, ViewDependence
from style3d.nerf.splats.vantage import turned_cameras
from style3d.render.grid import grid_view
from style3d.render.grid_field import RadianceGrid
from style3d.render.pyramid import SpacePyramid, point_pyramid
from style3d.types import Colors, Flags, Indices, Points, Weights

VIEWS, VIEW_SIZE = 24, 128  # views that say what can be seen at all, and their pixels
FAIR = 0.1  # pixels of such a view that an entry must make up to count as visible; of all views, to become a splat
SOLID = 0.1  # optical depth of a cell from which it is content
MOST_RAYS = 3  # of a pixel, along each side
MISSING = 0.005  # share of what can be seen that may stay unseen


@final
class GridScene(Scene):
    """A fitted grid, held still; see `Scene` for the contract.

    Args:
        fitted: what is painted, and the cameras to look from.
        name: what to call it.
        view_dependence: brightness that changes with direction stays (a frozen residual in b_v), or goes.
        path: where pictures are taken: along the capture's path, or on a turn around the scene.
    """

    def __init__(
        self,
        fitted: FittedGrid,
        name: str,
        view_dependence: ViewDependence = "keep",
        path: Literal["capture", "orbit"] = "capture",
    ) -> None:
        self.fitted, self.grid = fitted, fitted.grid
        self._name, self._view_dependence, self._path = name, view_dependence, path
        self._center = np.array(self.grid.space.center)

    @property
    def name(self) -> str:
        """The capture's or the file's name."""
        return self._name

    @cached_property
    def key(self) -> str:
        """Content hash; see `Scene.key`."""
        words = self.grid.key, self._view_dependence, *(camera.key() for camera in self.fitted.cameras)
        return hashlib.sha256(" ".join(words).encode()).hexdigest()

    @property
    def extent(self) -> float:
        """Diameter of the part of space that is not contracted, scene units."""
        return 2 * self.grid.space.radius

    @cached_property
    def hierarchy(self) -> SpacePyramid:
        """Vertices, and cubes above them in contracted space: far things share colour as far as their pixels do."""
        return point_pyramid(self.grid.places, self.grid.cell)

    def initial(self) -> Colors:
        """θ as it was fitted."""
        return torch.from_numpy(self.grid.colors.copy())

    @cached_property
    def _cameras(self) -> tuple[Camera, ...]:
        """The capture's, or around the scene where the file names none."""
        if self.fitted.cameras:
            return self.fitted.cameras
        points = self.points(0)[np.logaddexp(0, self.grid.density) > SOLID]
        return tuple(framed_camera(way, points, 256) for way in orbit_directions(VIEWS))

    @cached_property
    def _sums(self) -> list[tuple[Camera, Indices, Weights]]:
        """Views along the capture's path with the entries each sees and the pixels' worth of them."""
        cameras = [camera_of_size(camera, VIEW_SIZE) for camera in tour(self._cameras, VIEWS)]
        return [(camera, *self.operator(camera, 0).column_sums()) for camera in cameras]

    @cached_property
    def _views(self) -> list[tuple[Camera, Indices]]:
        """The same views with what makes up a fair part of some pixel, and not the faint rim of what shows."""
        return [(camera, entries[sums >= FAIR]) for camera, entries, sums in self._sums]

    @cached_property
    def _visible(self) -> Flags:
        seen = np.zeros(len(self.grid.vertices), dtype=bool)
        for _, entries in self._views:
            seen[entries] = True
        return seen

    def _well_seen(self) -> Flags:
        """What the capture saw enough of to know what it looks like: as splats, the rest would be fog."""
        total = np.zeros(len(self.grid.vertices))
        for _, entries, sums in self._sums:
            total[entries] += sums
        return total >= FAIR

    def plan(self, count: int, resolution: int, closeups: Closeups = NONE) -> Views:
        """The capture's cameras and some between them; their pixels are as fine as the grid, so none comes closer."""
        return Views(tuple(camera_of_size(camera, resolution) for camera in tour(self._cameras, count)), ())

    def level(self, camera: Camera) -> int:
        """The level whose entries are as far apart as the pixels of this view."""
        pixel = self._pixel(camera)
        sizes = np.array([self.grid.cell, *(grid.size for grid in self.hierarchy.grids)]) * self.grid.space.radius
        return int(np.abs(np.log(sizes / pixel)).argmin())

    def _pixel(self, camera: Camera) -> float:
        """Scene units across a pixel, as far away as the middle of the scene is."""
        return self.distance(camera) / camera.focal

    def operator(self, camera: Camera, level: int) -> ViewOperator:
        """A_v and b_v of a view."""
        cells = self._pixel(camera) / (self.grid.cell * self.grid.space.radius)
        samples = int(np.clip(np.ceil(cells), 1, MOST_RAYS))
        return grid_view(self.grid, self.hierarchy, level, camera, samples, self._view_dependence == "keep")

    def with_colors(self, colors: Colors) -> RadianceGrid:
        """The grid in other colours; brightness that changes with direction goes where this scene drops it."""
        painted = self.fitted.with_colors(colors.numpy()).grid
        return painted if self._view_dependence == "keep" else replace(painted, shift=np.zeros_like(painted.shift))

    def further_cameras(self, seen: Flags, resolution: int) -> tuple[Camera, ...]:
        """The places on the capture's path that see most of what no view has seen yet."""
        missing = self._visible & ~seen
        chosen: list[Camera] = []
        while missing.sum() > MISSING * self._visible.sum() and len(chosen) < VIEWS:
            camera, entries = max(self._views, key=lambda view: int(missing[view[1]].sum()))
            chosen.append(camera_of_size(camera, resolution))
            missing[entries] = False
        return tuple(chosen)

    def cameras_around(self, count: int, size: int) -> tuple[Camera, ...]:
        """Along the capture's path, or around the scene."""
        if self._path == "orbit":
            return orbit(self._cameras, self._center, count, size)
        return tuple(middle_square(camera, size) for camera in walk(self._cameras, count))

    def named_views(self) -> Mapping[str, Camera]:
        """The photos', by number where the file does not name them; where there are none the contact sheet's."""
        cameras = self.fitted.cameras or self.sheet()
        names = self.fitted.names or tuple(str(number) for number in range(1, len(cameras) + 1))
        return dict(zip(names, cameras, strict=True))

    def straightened_drawing(
        self, view: str, drawn: Float32[np.ndarray, "h w c"]
    ) -> Float32[np.ndarray, "rows columns c"]:
        """Resampled as the photo was; of a grid without its capture as it is."""
        photos = dict(zip(self.fitted.names, self.fitted.photos, strict=False))
        if view not in photos:
            return drawn
        return undistort_drawing(photos[view], drawn, camera_of_size(photos[view].camera, max(drawn.shape)))

    def distance(self, camera: Camera) -> float:
        """Scene units to the point that the cameras look at."""
        return max(float(np.linalg.norm(camera.position - self._center)), 1e-6 * self.extent)

    def facts(self, colors: Colors, seen: Flags, cameras: tuple[Camera, ...]) -> Mapping[str, object]:
        """Counts, how well the grid was fitted, coverage, and how well the views resolve its cells."""
        cell = self.grid.cell * self.grid.space.radius
        return {
            "entries": len(self.grid.vertices),
            "grid": [self.grid.side] * 3,
            "unbounded": self.grid.space.tail > 0,
            "psnr_of_held_out_photos": self.fitted.psnr,
            "view_dependence": self._view_dependence,
            "cameras": "capture" if self.fitted.cameras else "outside",
            "coverage_of_visible": float(seen[self._visible].mean()),
            "visible_from_cameras": float(self._visible.mean()),
            "entries_seen": float(seen.mean()),
            "cells_per_pixel_median": float(np.median([self._pixel(camera) / cell for camera in cameras])),
            "notes": [f"looked from along the path of {len(self._cameras)} cameras"],
        }

    def points(self, level: int) -> Points:
        """The vertices, or the corners of cubes; what lies beyond the contracted cube at its border."""
        places = self.grid.places if level == 0 else self.hierarchy.corners(level)
        return self.grid.space.expand(places)

    def completed_colors(self, colors: Colors, seen: Flags) -> Colors:
        """Vertices that were seen as they are, the others as the nearest of those."""
        return fill_colors(self.grid.places, colors, seen)

    def save(self, colors: Colors, path: Path) -> tuple[Path, ...]:
        """The grid (.safetensors), or splats that look like it."""
        painted = self.fitted.with_colors(colors.numpy())
        if path.suffix.lower() == GRID:
            save_grid(painted, path)
        else:
            write_splats(self._splats(painted), path)
        return (path,)

    def written_like(self, other: type[Scene]) -> Scene:
        """As splats beside splats."""
        return self.as_splats() if other is SplatScene else self

    @property
    def geometry(self) -> str:
        """Hash of the grid in black."""
        return replace(self.grid, colors=np.zeros_like(self.grid.colors)).key

    def as_splats(self) -> SplatScene:
        """The splats that `save` would write without paint, with the capture's cameras in their axes."""
        return SplatScene(self._splats(self.fitted), self._name, self._view_dependence, turned_cameras(self._cameras))

    def _splats(self, fitted: FittedGrid) -> Splats:
        splats = grid_splats(fitted.grid, self._well_seen())
        return splats.with_base_colors(splats.base_colors, self._view_dependence)
