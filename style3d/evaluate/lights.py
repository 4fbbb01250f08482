"""Whether the style holds under light: distances in several lights, the surface smooth and with its strokes raised."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from style3d.camera import Camera
from style3d.evaluate.figure import Figure
from style3d.evaluate.looks import COVERAGE, Yardstick
from style3d.evaluate.style import framed, gram_distance
from style3d.losses.term import make_frame
from style3d.mesh.relief import relief_normals, stroke_height
from style3d.mesh.scene import MeshScene
from style3d.render.bump import Relief
from style3d.render.lighting import Lighting
from style3d.styles import resized

LAMPS: tuple[Lighting, ...] = ("studio", "left", "right", "above")
LOOKED_AT = 4  # cameras
GREY = 0.5


@torch.no_grad()
def light_figures(scene: MeshScene, yardstick: Yardstick, cameras: Sequence[Camera]) -> list[Figure]:
    """``style.light.LAMP`` and, on textures, ``style.light.LAMP.relief``: `gram_distance` to the style picture.

    The relief is the one that ``--maps normal`` writes: heights of the strokes, from the painted colours.
    """
    if yardstick.style is None:
        return []
    chosen = [cameras[i] for i in np.linspace(0, len(cameras), min(LOOKED_AT, len(cameras)), endpoint=False, dtype=int)]
    reliefs: dict[str, Relief | None] = {"": None}
    if scene.surface.painted == "texture":
        reliefs[".relief"] = _relief(scene)
    return [
        _figure(f"style.light.{lamp}{suffix}", scene, yardstick, chosen, lamp, relief)
        for lamp in LAMPS
        for suffix, relief in reliefs.items()
    ]


def _relief(scene: MeshScene) -> Relief:
    textures = scene.surface.textures
    parts = [relief_normals(stroke_height(t.rgb.astype(np.float32), t.wrap), t.wrap) for t in textures]
    return np.concatenate([part.reshape(-1, 3) for part in parts])


def _figure(
    name: str, scene: MeshScene, by: Yardstick, cameras: Sequence[Camera], lamp: Lighting, relief: Relief | None
) -> Figure:
    assert by.style is not None
    style = resized(by.style, by.style_scale * max(cameras[0].width, cameras[0].height))
    wanted, fill = make_frame(by.features, style, None), style.mean((0, 2, 3))
    distances = []
    for camera in cameras:
        operator = scene.lit(camera, lamp, relief)
        image = operator.render(scene.initial(), torch.full((3,), GREY))
        distances.append(gram_distance(framed(by.features, image, operator.mask(image), fill), wanted))
    size = f"{cameras[0].width}×{cameras[0].height}"
    mean = float(np.mean(distances))
    return Figure(name, mean, "lower", len(cameras), size, COVERAGE, by.features.name, by.features.digest)
