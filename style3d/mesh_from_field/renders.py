"""What a field shows from many sides, rendered once: its surface is found in it, and its colours are taken from it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import final

import numpy as np
import torch
from jaxtyping import Float32

from style3d.core.camera import Camera
from style3d.mesh_from_field.depth_fusion import UNSURE, DepthImage
from style3d.nerf.grid.scene import GridScene
from style3d.nerf.splats.scene import SplatScene
from style3d.nerf.splats.vantage import UPRIGHT
from style3d.render.grid_image import render_image
from style3d.render.splat_depth import median_depth
from style3d.types import Colors, Matrix4

Field = SplatScene | GridScene
Picture = tuple[Float32[np.ndarray, "h w 3"], Float32[np.ndarray, "h w"], Float32[np.ndarray, "h w"]]
Glance = Callable[[Camera], Picture]  # premultiplied colour, opacity and depth
OPAQUE = 0.5  # opacity from which a pixel shows a surface
EMPTY = 0.1  # opacity up to which it shows that there is none


@final
@dataclass(frozen=True)
class FieldView:
    """One view of a field, in the asset's axes. Concretely: a painted motorcyclist from above, 512 × 512."""

    camera: Camera
    rgb: Float32[np.ndarray, "h w 3"]  # display-referred, premultiplied: on black
    alpha: Float32[np.ndarray, "h w"]  # share of the pixel that is not backdrop, [0, 1]
    depth: Float32[np.ndarray, "h w"]  # along the camera's z, scene units; infinite where nothing is

    @property
    def surface(self) -> DepthImage:
        """Depth of what is solid; pixels that are neither solid nor empty say nothing."""
        known = np.where(self.alpha >= OPAQUE, self.depth, np.where(self.alpha <= EMPTY, np.float32(np.inf), UNSURE))
        return DepthImage(self.camera, known)


def upright(field: Field) -> Matrix4:
    """The field's axes to the asset's (+Y up): splat files have y down, captures have been turned already."""
    turn = np.eye(4)
    if isinstance(field, SplatScene):
        turn[:3, :3] = UPRIGHT
    return turn


def eye(field: Field, colors: Colors) -> Callable[[Camera], FieldView]:
    """How the field in given colours looks to a camera given in the field's axes."""
    glance = _grid_glance(field, colors) if isinstance(field, GridScene) else _splat_glance(field, colors)
    turn = upright(field)

    def look(camera: Camera) -> FieldView:
        rgb, alpha, depth = glance(camera)
        return FieldView(replace(camera, camera_to_world=turn @ camera.camera_to_world), rgb.clip(0, 1), alpha, depth)

    return look


def _splat_glance(field: SplatScene, colors: Colors) -> Glance:
    def glance(camera: Camera) -> Picture:
        operator = field.operator(camera, 0)
        rgb = operator.render(colors, torch.zeros(3))[0].permute(1, 2, 0).numpy()
        return rgb, operator.alpha.reshape(rgb.shape[:2]), median_depth(field.gaussians, camera, operator)

    return glance


def _grid_glance(field: GridScene, colors: Colors) -> Glance:
    grid = field.shown(colors)
    return lambda camera: render_image(grid, camera)


def looks(field: Field, colors: Colors, cameras: Sequence[Camera], done: Callable[[int], None]) -> list[FieldView]:
    """Views of the cameras, in their order; ``done`` hears how many there are."""
    look, found = eye(field, colors), []
    for number, camera in enumerate(cameras, 1):
        found.append(look(camera))
        done(number)
    return found
