"""Form paints daylight into assets with little contrast, as the drawing that painting starts from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from style3d.core.pyramid import entry_values, level_means
from style3d.core.scene import Scene
from style3d.types import Colors

CONTRAST = 0.22  # standard deviation of colour at which an asset draws itself
LEAST = 0.35  # of the light is painted even then: texture seldom says what stands in front of what
CRISP = 0.8  # how much folds and edges are strengthened over the large masses of light
NEAR = 3  # levels up at which those masses lie
DARKEST = 0.01  # of a mean colour: what is blacker says nothing
BRIGHT, MOST = 0.97, 100_000  # quantile of the light that is white, and entries it is found from


@final
@dataclass(frozen=True)
class Drawing:
    """What painting starts from: the asset's colours with daylight in them."""

    colors: Colors  # (entries, 3)
    form: float  # how much of the daylight there is, [0, 1]
    contrast: float  # deviation of its colours, as a share of the mean: black leather speaks as white marble does

    @property
    def plain(self) -> float:
        """How much of the drawing is light rather than the asset's own colours, [0, 1]."""
        return max(0.0, (self.form - LEAST) / (1 - LEAST))


def drawing_of(scene: Scene, wanted: float | None) -> Drawing:
    """The scene's colours times its daylight: as much as is ``wanted``, else the more, the plainer the colours are."""
    colors = scene.initial()
    amount = _usual(scene, colors) if wanted is None else wanted
    light = scene.form() if amount > 0 else None
    if light is None:
        return Drawing(colors, 0.0, _contrast(scene, colors))
    crisp = _crisp(scene, torch.from_numpy(np.ascontiguousarray(light))[:, None].float())
    drawn = colors * (1 - amount + amount * crisp)
    return Drawing(drawn, amount, _contrast(scene, drawn))


def _usual(scene: Scene, colors: Colors) -> float:
    return LEAST + (1 - LEAST) * max(0.0, 1 - _deviation(colors[torch.from_numpy(scene.inside)]) / CONTRAST)


def _contrast(scene: Scene, colors: Colors) -> float:
    shown = colors[torch.from_numpy(scene.inside)]
    return _deviation(shown) / max(float(shown.mean(0).norm()), DARKEST) if len(shown) else 0.0


def _deviation(colors: Colors) -> float:
    return float(colors.var(0).sum().sqrt()) if len(colors) > 1 else 0.0


def _crisp(scene: Scene, light: Float[Tensor, "entries 1"]) -> Float[Tensor, "entries 1"]:
    """Light with folds and edges strengthened over its large masses, the brightest of it 1."""
    level = min(NEAR, scene.hierarchy.levels - 1)
    masses = level_means(scene.hierarchy, level, light)
    masses = torch.where(masses.isnan(), light.mean(), masses)
    crisp = (light + CRISP * (light - entry_values(scene.hierarchy, level, masses))).clamp(0, 1)
    inside = crisp[torch.from_numpy(scene.inside)]
    if not len(inside):
        return crisp
    return (crisp / torch.quantile(inside[:: max(1, len(inside) // MOST)], BRIGHT).clamp_min(1e-3)).clamp(0, 1)
