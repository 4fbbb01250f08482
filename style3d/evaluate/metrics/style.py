"""How far pictures are from a style: statistics of features, of patches, of colours and of strokes."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from style3d.evaluate.metrics.frechet import single_image_fid
from style3d.losses.features.base import Features
from style3d.losses.moments import masked_gram, masked_std
from style3d.losses.term import Frame, make_frame
from style3d.losses.wasserstein import SlicedPatches
from style3d.types import Image


def gram_distance(view: Frame, style: Frame) -> float:
    """Mean over layers of ‖G − A‖ / ‖A‖ (Frobenius), G and A the Gram matrices per position (Gatys et al. 2016).

    0 for the same style; about 1 for a picture without contrast.
    """
    return _layers(view, style, lambda f, m: masked_gram(f, m) / m.sum().clamp_min(1e-8))


def moment_distance(view: Frame, style: Frame) -> float:
    """Mean over layers of ‖(μ, σ) − (μ*, σ*)‖ / ‖(μ*, σ*)‖: AdaIN's moments (Huang & Belongie 2017)."""
    return _layers(view, style, lambda f, m: torch.cat(masked_std(f, m)))


def _layers(view: Frame, style: Frame, statistic: Callable[[Tensor, Tensor], Tensor]) -> float:
    errors = []
    for name in view.features:
        if name in style.features:
            own, wanted = (statistic(frame.features[name], frame.masks[name]) for frame in (view, style))
            errors.append((own - wanted).norm() / wanted.norm().clamp_min(1e-12))
    return float(torch.stack(errors).mean())


def patch_distances(views: Sequence[Frame], style: Frame) -> list[float]:
    """Roots of the sliced Wasserstein distances between 5 × 5 patches of three sizes; needs no network."""
    term = SlicedPatches("patches", 1.0)
    wanted = term.prepare_style([(style, 1.0)])
    return [float(term.loss(view, wanted, {})) ** 0.5 for view in views]


@torch.no_grad()
def style_values(views: Sequence[Frame], style: Frame, features: Features) -> dict[str, float]:
    """Means over views, by figure."""
    layer = features.content_layer
    found = {
        "style.gram": [gram_distance(view, style) for view in views],
        "style.moments": [moment_distance(view, style) for view in views],
        "style.patches": patch_distances(views, style),
    }
    if layer in style.features and all(layer in view.features for view in views):
        found["style.fid"] = [single_image_fid(view, style, layer) for view in views]
    return {name: sum(values) / len(values) for name, values in found.items()}


def framed(features: Features, image: Image, mask: Tensor, fill: Float[Tensor, "3"]) -> Frame:
    """A view over ``fill`` (the style's mean colour), so that what is outside the mask is no contrast to it."""
    over = image * mask + fill[None, :, None, None] * (1 - mask)
    return make_frame(features, over, mask)
