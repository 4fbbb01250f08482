"""A splat scene's θ holds base colours. Projection and compositing make its A_v."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Literal, final

import numpy as np
import torch
from jaxtyping import Float32, Float64

from style3d.core.camera import Camera
from style3d.core.camera_path import camera_of_size, middle_square, tour, walk
from style3d.core.operator import ViewOperator
from style3d.core.scene import NONE, Closeups, Scene, Views
from style3d.nerf.splats.files import losses_of, write_splats
from style3d.nerf.splats.fill_unseen import fill_colors
from style3d.nerf.splats.splats import Splats, ViewDependence
from style3d.nerf.splats.vantage import Setting, Vantage, contract, expand, find_setting
from style3d.render.place_cameras import RESOLVED, SeenSamples, plan_closeups
from style3d.render.pyramid import SpacePyramid, point_pyramid
from style3d.render.seen_splats import of_samples, seen_splats, surface_spacing
from style3d.render.splats import Gaussians, project, splat_view
from style3d.types import Colors, Flags, Indices, Points

NEAR = 0.01  # of the scene's radius: nothing nearer to a camera is drawn
SAMPLES = 20_000  # splats that stand for all when views are planned and coverage is measured
VIEWS, VIEW_SIZE = 32, 160  # views that say what can be seen at all, and their pixels
RESOLVED_SHARE = 0.62  # of the splats that can be seen, so that the median is well inside
MISSING = 0.005  # share of what can be seen that may stay unseen


@final
class SplatScene(Scene):
    """Every splat of a file, held still; see `Scene` for the contract.

    Args:
        splats: what is painted, in the axes of 3DGS files (y down).
        name: what to call it.
        view_dependence: higher harmonics stay as they are (a frozen residual in b_v), or go.
        cameras: those of the capture, to look from; without them they are placed by `find_setting`.
        vantage: from around the scene or from within; None decides by how far its content reaches.
        path: where pictures are taken if there are cameras: along their path, or on a turn around the scene.
    """

    def __init__(
        self,
        splats: Splats,
        name: str,
        view_dependence: ViewDependence = "keep",
        cameras: tuple[Camera, ...] = (),
        vantage: Vantage | None = None,
        path: Literal["capture", "orbit"] = "capture",
    ) -> None:
        self.splats, self.cameras = splats, cameras
        self.path, self._name, self._view_dependence = path, name, view_dependence
        shape = splats.positions, splats.unit_rotations, splats.scales, splats.opacities
        self.gaussians = Gaussians(*shape, splats.antialiased)
        self.setting: Setting = find_setting(self.gaussians, vantage, splats.up)
        self.center = self.setting.turn.T @ self.setting.center

    @property
    def name(self) -> str:
        """The file's name."""
        return self._name

    @cached_property
    def key(self) -> str:
        """Content hash; see `Scene.key`."""
        words = (
            self.splats.content_hash,
            self._view_dependence,
            self.setting.vantage,
            *([] if self.splats.up == "-y" else [self.splats.up]),
            *(c.key() for c in self.cameras),
        )
        return hashlib.sha256(" ".join(words).encode()).hexdigest()

    @property
    def extent(self) -> float:
        """Diameter of what is looked at, scene units."""
        return 2 * self.setting.radius

    @cached_property
    def hierarchy(self) -> SpacePyramid:
        """Splats, and cubes in space above them; what surrounds the scene is drawn near, where cubes are shared."""
        points = contract(self.splats.positions.astype(np.float64), self.center, self.setting.radius)
        return point_pyramid(points, self._spacing)

    @cached_property
    def _local_spacing(self) -> Float64[np.ndarray, "splats"]:
        return surface_spacing(self.splats.positions.astype(np.float64))

    @cached_property
    def _spacing(self) -> float:
        """Scene units between neighbours, in the middle of the range of those that can be seen."""
        return float(np.median(self._local_spacing[self._samples]))

    def initial(self) -> Colors:
        """θ as the file has it."""
        return torch.from_numpy(self.splats.base_colors.copy())

    @property
    def _near(self) -> float:
        return NEAR * self.setting.radius

    @cached_property
    def _seen_samples(self) -> list[SeenSamples]:
        spread = tour(self.cameras, VIEWS) if self.cameras else self.setting.overviews(VIEWS, VIEW_SIZE)
        cameras = [camera_of_size(camera, VIEW_SIZE) for camera in spread]
        return [seen_splats(self.gaussians, camera, self._near, self._local_spacing) for camera in cameras]

    @cached_property
    def _visible(self) -> Flags:
        """Splats that some place where a camera could stand really sees."""
        seen = np.zeros(self.splats.count, dtype=bool)
        for view in self._seen_samples:
            seen[view.which] = True
        return seen if seen.any() else ~seen

    @cached_property
    def _samples(self) -> Indices:
        visible = np.flatnonzero(self._visible)
        return visible[:: max(1, len(visible) // SAMPLES)]

    @cached_property
    def _place(self) -> Indices:
        place = np.full(self.splats.count, -1, np.int64)
        place[self._samples] = np.arange(len(self._samples))
        return place

    def plan(self, count: int, resolution: int, closeups: Closeups = NONE) -> Views:
        """The capture's cameras and some between them, or views around or within; then greedy close-ups."""
        if self.cameras:
            overviews = tuple(camera_of_size(camera, resolution) for camera in tour(self.cameras, count))
        else:
            overviews = self.setting.overviews(count, resolution)
        views = [of_samples(view, self._place) for view in self._seen_samples]
        plan = plan_closeups(views, len(self._samples), resolution, RESOLVED_SHARE, closeups, np.random.default_rng(0))
        return Views(overviews, plan.closeups)

    def pixels(self, views: Views) -> Float64[np.ndarray, "splats"]:
        """Size of the finest pixel that shows each splat, scene units; infinite for what cannot be seen."""
        finest = np.full(self.splats.count, np.inf)
        for camera in (*views.overviews, *views.closeups):
            seen = project(self.gaussians, camera, self._near)
            finest[seen.splat] = np.minimum(finest[seen.splat], seen.depth / camera.focal)
        return np.where(self._visible, finest, np.inf)

    def level(self, camera: Camera) -> int:
        """The level whose entries are as far apart as the pixels of this view."""
        pixel = self.distance(camera) / camera.focal
        sizes = np.array([self._spacing, *(grid.size for grid in self.hierarchy.grids)])
        return int(np.abs(np.log(sizes / pixel)).argmin())

    def operator(self, camera: Camera, level: int) -> ViewOperator:
        """A_v and b_v of a view."""

        def frozen_colors(entries: Indices) -> Float32[np.ndarray, "seen 3"]:
            return self._highlights(camera, entries)

        keep = self._view_dependence == "keep" and self.splats.degree > 0
        return splat_view(self.gaussians, self.hierarchy, level, camera, frozen_colors if keep else None, self._near)

    def _highlights(self, camera: Camera, entries: Indices) -> Float32[np.ndarray, "seen 3"]:
        """What the higher harmonics add to the base colours in a view; the sum is clipped at zero, as engines do."""
        return self.splats.added_along(self.splats.seen_along(camera.position, entries), entries)

    def further_cameras(self, seen: Flags, resolution: int) -> tuple[Camera, ...]:
        """The places that see most of what no view has seen yet."""
        missing = self._visible & ~seen
        chosen: list[Camera] = []
        while missing.sum() > MISSING * self._visible.sum() and len(chosen) < VIEWS:
            view = max(self._seen_samples, key=lambda view: int(missing[view.which].sum()))
            chosen.append(camera_of_size(view.camera, resolution))
            missing[view.which] = False
        return tuple(chosen)

    def cameras_around(self, count: int, size: int) -> tuple[Camera, ...]:
        """Along the capture's path, around the scene, or turning round within it."""
        if self.cameras and self.path == "capture":
            return tuple(middle_square(camera, size) for camera in walk(self.cameras, count))
        return self.setting.turntable(count, size)

    def distance(self, camera: Camera) -> float:
        """Scene units to the middle; from within, to where half of the content is farther."""
        if self.setting.vantage == "inside":
            return self.setting.radius
        return float(np.linalg.norm(camera.position - self.center))

    def facts(self, colors: Colors, seen: Flags, cameras: tuple[Camera, ...]) -> Mapping[str, object]:
        """Counts, coverage, how well the views resolve the splats, and where the cameras stood."""
        views = [seen_splats(self.gaussians, camera, self._near, self._local_spacing) for camera in cameras]
        best = np.full(len(self._samples), np.inf)
        for view in (of_samples(view, self._place) for view in views):
            np.minimum.at(best, view.which, view.zoom**2)
        reached = best[np.isfinite(best)]
        return {
            "splats": self.splats.count,
            "harmonics_degree": self.splats.degree,
            "view_dependence": self._view_dependence if self.splats.degree else "none",
            "entries": self.splats.count,
            "up": self.splats.up,
            "cameras": "capture" if self.cameras else self.setting.vantage,
            "coverage_of_visible": float(seen[self._visible].mean()),
            "visible_from_cameras": float(self._visible.mean()),
            "entries_seen": float(seen.mean()),
            "splats_per_pixel_median": float(np.median(reached)) if len(reached) else None,
            "splats_resolved": float((reached <= RESOLVED).mean()) if len(reached) else None,
            "notes": self._notes(),
        }

    def _notes(self) -> list[str]:
        if self.cameras:
            return [f"looked from the {len(self.cameras)} cameras of the capture and from between them"]
        if self.setting.vantage == "inside":
            return ["the content reaches far around: cameras were placed inside, half facing the middle"]
        return ["the content is one object: cameras were placed around it"]

    def points(self, level: int) -> Points:
        """The splats' centres, or the corners of cubes."""
        if level == 0:
            return self.splats.positions.astype(np.float64)
        return expand(self.hierarchy.corners(level), self.center, self.setting.radius)

    def completed_colors(self, colors: Colors, seen: Flags) -> Colors:
        """Seen splats as they are, the others as the nearest seen ones."""
        return fill_colors(self.splats.positions.astype(np.float64), colors, seen)

    def losses(self, path: Path) -> tuple[str, ...]:
        """What the kind of file does not hold of the splats as they would be written."""
        return losses_of(self.splats.with_base_colors(self.splats.base_colors, self._view_dependence), path)

    def save(self, colors: Colors, path: Path) -> tuple[Path, ...]:
        """Write the splats; see `Scene.save`."""
        write_splats(self.splats.with_base_colors(colors.numpy(), self._view_dependence), path)
        return (path,)
