"""These metrics tell whether the style holds under several lights, with a smooth surface and with raised strokes."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
import torch

from style3d.core.camera import Camera
from style3d.evaluate.metrics.figure import Figure
from style3d.evaluate.metrics.metric import Metric, Reading
from style3d.evaluate.metrics.painted_views import COVERAGE, frame_over
from style3d.evaluate.metrics.style import gram_distance
from style3d.evaluate.metrics.yardstick import Yardstick
from style3d.losses.features.base import Features
from style3d.losses.term import Frame, make_frame
from style3d.mesh.relief import relief_normals, stroke_height
from style3d.mesh.scene import MeshScene
from style3d.paint.style_library import resize_style
from style3d.render.bump import Relief
from style3d.render.lighting import Lighting
from style3d.render.view import Light

LAMPS: tuple[Lighting, ...] = ("studio", "left", "right", "above")
MEASURED = 4  # cameras
GREY = 0.5
LIGHTS: Metric[float] = Metric(
    "style.light.LAMP", "lower", "distance of Gram matrices of a mesh under this lamp", Reading, also_on=(".relief",),
    needs=("style", "features"), mask=COVERAGE,
)  # fmt: skip


@torch.no_grad()
def light_figures(scene: MeshScene, yardstick: Yardstick, cameras: Sequence[Camera]) -> list[Figure]:
    """``style.light.LAMP`` and, on textures, ``style.light.LAMP.relief``: `gram_distance` to the style picture.

    The relief is the one that ``--maps normal`` writes: heights of the strokes, from the painted colours.
    """
    if yardstick.style is None:
        return []
    chosen = [cameras[i] for i in np.linspace(0, len(cameras), min(MEASURED, len(cameras)), endpoint=False, dtype=int)]
    style = resize_style(yardstick.style, yardstick.style_scale * max(chosen[0].width, chosen[0].height))
    wanted = make_frame(yardstick.features, style, None)
    reliefs: dict[str, Relief | None] = {"": None}
    if scene.surface.painted == "texture":
        reliefs[".relief"] = _relief(scene)
    lights = {LIGHTS.figure_name(lamp, suffix): (lamp, relief) for lamp in LAMPS for suffix, relief in reliefs.items()}
    found = np.mean([_distances(scene, wanted, yardstick.features, camera, lights.values()) for camera in chosen], 0)
    size, network = f"{chosen[0].width}×{chosen[0].height}", (yardstick.features.name, yardstick.features.digest)
    return [
        Figure(name, LIGHTS.measure(float(distance)).value, LIGHTS.better, len(chosen), size, LIGHTS.mask, *network)
        for name, distance in zip(lights, found, strict=True)
    ]


def _relief(scene: MeshScene) -> Relief:
    textures = scene.surface.textures
    parts = [relief_normals(stroke_height(t.rgb.astype(np.float32), t.wrap), t.wrap) for t in textures]
    return np.concatenate([part.reshape(-1, 3) for part in parts])


def _distances(
    scene: MeshScene, wanted: Frame, features: Features, camera: Camera, lights: Collection[Light]
) -> list[float]:
    """Of one view, by light."""
    colors, fill, distances = scene.initial(), wanted.image.mean((0, 2, 3)), []
    for operator in scene.views_in_lights(camera, list(lights)):
        image = operator.render(colors, torch.full((3,), GREY))
        distances.append(gram_distance(frame_over(features, image, operator.mask(image), fill), wanted))
    return distances
