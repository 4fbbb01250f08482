"""Objectives that work, by name: the default, and two from the literature."""

from __future__ import annotations

from style3d.losses.color import BandColor
from style3d.losses.content import Content, Structure
from style3d.losses.features.base import Features
from style3d.losses.objective import Objective
from style3d.losses.smoothness import TotalVariation
from style3d.losses.statistics import Covariance, Gram


def default_objective(
    features: Features,
    *,
    content_weight: float = 1.0,
    style_weight: float = 1.0,
    color_weight: float = 0.3,
    smoothness_weight: float = 0.3,
) -> Objective:
    """The recipe style3d uses: normalised covariances, standardised content, palette per band, a little smoothness."""
    layers = tuple((name, 1.0 / len(features.layers)) for name in features.layers)
    return Objective(
        features,
        (
            Covariance("style", style_weight, layers),
            Structure("content", content_weight, features.content_layer),
            BandColor("color", color_weight),
            TotalVariation("smoothness", smoothness_weight),
        ),
    )


def gatys_objective(features: Features, *, alpha: float = 1.0, beta: float = 1e3) -> Objective:
    """Gatys, Ecker & Bethge (CVPR 2016): α L_content + β L_style, w_l = 1 / number of layers."""
    layers = tuple((name, 1.0 / len(features.layers)) for name in features.layers)
    return Objective(features, (Gram("style", beta, layers), Content("content", alpha, features.content_layer)))
