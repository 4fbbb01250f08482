"""Renders show a field from many sides. They are made once, and give both surface and colours."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import final

import numpy as np
from jaxtyping import Float32

from style3d.core.camera import Camera
from style3d.mesh_from_field.depth_fusion import UNSURE, DepthImage
from style3d.mesh_from_field.fields import Field

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


def view_renderer(field: Field) -> Callable[[Camera], FieldView]:
    """A function that renders the field for a camera given in the field's axes."""
    renderer, turn = field.renderer(), field.upright

    def render(camera: Camera) -> FieldView:
        rgb, alpha, depth = renderer(camera)
        return FieldView(replace(camera, camera_to_world=turn @ camera.camera_to_world), rgb.clip(0, 1), alpha, depth)

    return render


def render_views(field: Field, cameras: Sequence[Camera], done: Callable[[int], None]) -> list[FieldView]:
    """Views of the cameras, in their order; ``done`` hears how many there are."""
    render, views = view_renderer(field), []
    for number, camera in enumerate(cameras, 1):
        views.append(render(camera))
        done(number)
    return views
