"""Settings are suggested from an asset's texture detail, its range of brightness and its shape."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import final

import numpy as np
import torch
from scipy.ndimage import gaussian_filter

from style3d.color.match import LUMA
from style3d.core.scene import Scene
from style3d.evaluate.footage.render import GREY
from style3d.job import Job
from style3d.job.recipe import recipe

VIEWS, SIZE = 4, 128
PLAIN, BUSY = 0.008, 0.035  # detail: under the first there is no drawing to keep, over the second much
NARROW = 0.25  # range of luminance under which a drawing is faint
RUGGED = 0.03  # relief over which small views cannot show the shape


@final
@dataclass(frozen=True)
class Character:
    """What a scene looks like before it is painted. Concretely: detail 0.02, range 0.8, relief 0.01."""

    detail: float  # root mean square of the luminance's fine bands inside the object
    range: float  # luminance between the 2nd and the 98th percentile
    relief: float  # root mean square of the fine bands of light and outline: how much shape there is
    coverage: float  # share of a view that the object covers


def measure_character(scene: Scene) -> Character:
    """Measured on a few views around the scene."""
    detail, relief, levels, coverage = [], [], [], []
    for camera in scene.cameras_around(VIEWS, SIZE):
        operator, grey = scene.operator(camera, 0), torch.full((3,), GREY)
        size = camera.height, camera.width
        mask = operator.alpha.reshape(size)
        picture = operator.render(scene.initial(), grey)[0].permute(1, 2, 0).cpu().numpy()
        luminance = (picture @ np.array(LUMA)).astype(np.float64)
        shape = (operator.light.mean(1) * operator.alpha).reshape(size).astype(np.float64)
        inside = gaussian_filter((mask > 0.999).astype(float), 2) > 0.99
        coverage.append(float(mask.mean()))
        relief.append(_fine(shape).std())
        if inside.any():
            detail.append(_fine(luminance)[inside].std())
            levels.append(luminance[inside])
    spread = np.percentile(np.concatenate(levels), [2, 98]) if levels else np.zeros(2)
    fine = float(np.mean(detail)) if detail else 0.0
    return Character(fine, float(spread[1] - spread[0]), float(np.mean(relief)), float(np.mean(coverage)))


def _fine(plane: np.ndarray) -> np.ndarray:
    return np.asarray(gaussian_filter(plane, 0.7) - gaussian_filter(plane, 2.8))


def suggest_settings(job: Job, found: Character) -> tuple[Job, str]:
    """The job with content weight and resolution that suit what it paints, and a line that says why."""
    weight, why = 1.0, "its texture has some detail"
    if found.detail < PLAIN:
        weight, why = 0.6, "its texture is plain, so there is little drawing to keep"
    elif found.range < NARROW:
        weight, why = 1.5, "light and dark lie close, so the drawing is faint"
    elif found.detail > BUSY:
        weight, why = 1.3, "its texture is full of detail"
    seen = f"detail {found.detail:.3f}, range {found.range:.2f}"
    reasons = [f"content weight {job.content_weight * weight:.3g}: {why} ({seen})"]
    changed = replace(job, content_weight=min(100.0, job.content_weight * weight))
    if found.relief > RUGGED and job.resolution is None:
        changed = replace(changed, resolution=round(recipe(job).resolution * 1.25))
        reasons.append(f"resolution {changed.resolution}: its shape is intricate (relief {found.relief:.3f})")
    return changed, "; ".join(reasons)
