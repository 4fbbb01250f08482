"""Light is one factor a pixel: a soft studio that moves with the camera, or none."""

from __future__ import annotations

from typing import Literal

import numpy as np
from jaxtyping import Float

from style3d.core.camera import Camera
from style3d.types import Points

Lighting = Literal["studio", "unlit", "left", "right", "above"]
KEYS: dict[Lighting, tuple[float, float, float]] = {  # towards the key light: right, down and forward of the camera
    "studio": (-0.45, -0.6, -1.0),
    "left": (-1.0, -0.25, -0.35),
    "right": (1.0, -0.25, -0.35),
    "above": (0.0, -1.0, -0.35),
}
GAMMA = 2.2  # a linear-light factor k acts on display-referred colour as k^(1/2.2)


def light_factors(
    lighting: Lighting, normals: Points, directions: Points, camera: Camera
) -> Float[np.ndarray, "points"]:
    """Display-referred factor in (0, 1] of each point, from its shading normal and the ray that sees it.

    The studio is a large key light over the camera's left shoulder, wrapped around the form, and an even fill, so no
    side is black and the shape stays readable in the content features. Two-sided: normals are turned to the viewer. The
    other lights are the same studio with the key elsewhere: what a painted asset will meet in a game.
    """
    if lighting == "unlit":
        return np.ones(len(normals))
    away = np.einsum("nc,nc->n", normals, directions) > 0
    facing = np.where(away[:, None], -normals, normals)
    key = camera.camera_to_world[:3, :3] @ np.array(KEYS[lighting])
    wrapped = np.clip((facing @ (key / np.linalg.norm(key)) + 0.35) / 1.35, 0.0, 1.0)
    factors: Float[np.ndarray, "points"] = (0.42 + 0.58 * wrapped) ** (1 / GAMMA)
    return factors
