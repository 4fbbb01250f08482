"""Style metrics measure distances to a style by statistics of features, patches, colours and strokes."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from style3d.evaluate.metrics.metric import Metric, Reading, mean_of
from style3d.evaluate.metrics.painted_views import COVERAGE, PaintedViews
from style3d.losses.moments import masked_gram, masked_std
from style3d.losses.term import Frame
from style3d.losses.wasserstein import SlicedPatches

ALL_CONTROLS = (".before", ".flat", ".independent")


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


def _mean(views: PaintedViews, distance: Callable[[Frame, Frame], float]) -> Reading:
    return Reading(mean_of([distance(frame, views.style_frame) for frame in views.frames]))


STYLE: tuple[Metric[PaintedViews], ...] = (
    Metric(
        "style.gram", "lower", "distance of Gram matrices, averaged over layers; 0 is the style",
        lambda views: _mean(views, gram_distance), needs=("style", "features"), also_on=ALL_CONTROLS, mask=COVERAGE,
        tile="from the style, by Gram matrices",
    ),
    Metric(
        "style.moments", "lower", "distance of means and deviations, averaged over layers; 0 is the style",
        lambda views: _mean(views, moment_distance), needs=("style", "features"), also_on=ALL_CONTROLS, mask=COVERAGE,
    ),
)  # fmt: skip

PATCHES: Metric[PaintedViews] = Metric(
    "style.patches", "lower", "sliced Wasserstein distance of 5 × 5 patches at three sizes; no network",
    lambda views: Reading(mean_of(patch_distances(views.frames, views.style_frame))),
    needs=("style",), also_on=(".before",), mask=COVERAGE,
)  # fmt: skip
