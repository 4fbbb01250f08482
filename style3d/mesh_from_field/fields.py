"""Each kind of scene that can become a mesh has a row that answers what a mesh asks of a field."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np
import torch
from jaxtyping import Float32

from style3d.core.camera import Camera
from style3d.core.scene import Scene
from style3d.errors import Style3DError
from style3d.mesh_from_field.clean_surface import Shell
from style3d.mesh_from_field.depth_fusion import DepthImage, fuse_depths
from style3d.mesh_from_field.grid_surface import shell_of_grid
from style3d.mesh_from_field.marching_cubes import extract_surface
from style3d.nerf.grid.scene import GridScene
from style3d.nerf.splats.directional_scene import LobeScene
from style3d.nerf.splats.scene import SplatScene
from style3d.render.grid_image import render_image
from style3d.render.splat_depth import median_depth
from style3d.types import Colors, Matrix4, Vector

Rendering = tuple[Float32[np.ndarray, "h w 3"], Float32[np.ndarray, "h w"], Float32[np.ndarray, "h w"]]
Renderer = Callable[[Camera], Rendering]  # premultiplied colour, opacity and depth


class Field(ABC):
    """A radiance field in given colours, as what a mesh can be made of."""

    scene: Scene

    @property
    @abstractmethod
    def upright(self) -> Matrix4:
        """The field's axes to the asset's (+Y up)."""

    @property
    @abstractmethod
    def content(self) -> tuple[Vector, float]:
        """The ball that holds what it is about, in the asset's axes; what surrounds an unbounded scene is outside."""

    @abstractmethod
    def renderer(self) -> Renderer:
        """A function that renders it for a camera given in its own axes."""

    @abstractmethod
    def surface(self, views: Sequence[DepthImage], voxels: int) -> tuple[Shell, float]:
        """Where its content has its surface, and the size of the lattice's cells that it was found on, scene units.

        Args:
            views: depths of it, in the asset's axes.
            voxels: cells across the content, where the field has none of its own.
        """


@final
@dataclass(frozen=True)
class SplatField(Field):
    """Splats: their files have y down, and their surface is found in the depth of the views."""

    scene: SplatScene
    colors: Colors

    @property
    def upright(self) -> Matrix4:
        """By the axis that points up in the file."""
        turn = np.eye(4)
        turn[:3, :3] = self.scene.setting.turn
        return turn

    @property
    def content(self) -> tuple[Vector, float]:
        """What the views are placed around."""
        return self.upright[:3, :3] @ self.scene.center, self.scene.setting.radius

    def renderer(self) -> Renderer:
        """Composites the splats; the depth is the median's."""

        def render(camera: Camera) -> Rendering:
            operator = self.scene.operator(camera, 0)
            rgb = operator.render(self.colors, torch.zeros(3))[0].permute(1, 2, 0).numpy()
            return rgb, operator.alpha.reshape(rgb.shape[:2]), median_depth(self.scene.gaussians, camera, operator)

        return render

    def surface(self, views: Sequence[DepthImage], voxels: int) -> tuple[Shell, float]:
        """Depths fused in a volume."""
        center, radius = self.content
        volume = fuse_depths(views, center, radius, 2 * radius / voxels)
        found = extract_surface(volume.chunks(), 0.0)
        return Shell(volume.scene_points(found.positions), found.faces), volume.voxel


@final
@dataclass(frozen=True)
class GridField(Field):
    """A grid: captures have been turned already, and its surface is found in its density."""

    scene: GridScene
    colors: Colors

    @property
    def upright(self) -> Matrix4:
        """As it is."""
        return np.eye(4)

    @property
    def content(self) -> tuple[Vector, float]:
        """The part of space that is not contracted."""
        space = self.scene.grid.space
        return np.array(space.center), space.radius

    def renderer(self) -> Renderer:
        """Marches rays through the grid."""
        grid = self.scene.with_colors(self.colors)
        return lambda camera: render_image(grid, camera)

    def surface(self, views: Sequence[DepthImage], voxels: int) -> tuple[Shell, float]:
        """Where its density is that of a surface, in its own cells."""
        grid = self.scene.grid
        return shell_of_grid(grid, views), grid.cell * grid.space.radius


def _directional(scene: LobeScene, colors: Colors) -> Field:
    painted = scene.scene_with(colors)
    return SplatField(painted, painted.initial())


FIELDS: dict[type[Scene], Callable[[Any, Colors], Field]] = {
    SplatScene: SplatField,
    LobeScene: _directional,
    GridScene: GridField,
}


def field_of(scene: Scene, colors: Colors) -> Field:
    """A scene in given colours as a field.

    Raises:
        Style3DError: it is none that a mesh can be made of.
    """
    if type(scene) not in FIELDS:
        raise Style3DError(f"no mesh can be made of {scene.name}", expected="Gaussian splats or a radiance grid")
    return FIELDS[type(scene)](scene, colors)
