"""These metrics tell whether light and dark lie where the original, or the light on its shape, has them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Float
from scipy.ndimage import gaussian_filter
from scipy.stats import rankdata

from style3d.color.match import LUMA
from style3d.evaluate.metrics.metric import Metric, Reading, value_or
from style3d.evaluate.metrics.painted_views import COVERAGE, PaintedViews

MASS = 0.02  # of the object's size: a blur of this standard deviation leaves masses and no strokes
LEAST = 1 / 255  # one level of eight bits: tones that deviate less have no order


def object_size(inside: Bool[np.ndarray, "h w"]) -> float:
    """The longer side, pixels, of the box around what a view shows; 0 where it shows nothing."""
    return float(max(np.ptp(np.nonzero(inside.any(axis))[0]) + 1 if inside.any() else 0 for axis in (0, 1)))


def blurred_pixels(
    values: Float[np.ndarray, "h w c"], inside: Bool[np.ndarray, "h w"], sigma: float
) -> Float[np.ndarray, "n c"]:
    """The pixels inside, each the Gaussian mean of those around it that are inside, too.

    Args:
        values: of a whole view; what is outside does not count.
        inside: which pixels count, n of them.
        sigma: standard deviation, pixels.
    """
    kept = np.where(inside[..., None], values, 0).astype(np.float64)
    norm = gaussian_filter(inside.astype(np.float64), sigma, mode="constant")
    mean = gaussian_filter(kept, (sigma, sigma, 0), mode="constant") / np.maximum(norm, 1e-12)[..., None]
    return mean[inside]


def masses(
    pictures: Sequence[Float[np.ndarray, "h w 3"]], insides: Sequence[Bool[np.ndarray, "h w"]]
) -> Float[np.ndarray, "n"]:
    """Luminance of all pixels inside, one view after another, strokes blurred away."""
    views = zip(pictures, insides, strict=True)
    tones = [
        blurred_pixels((one @ np.array(LUMA))[..., None], inside, MASS * object_size(inside)) for one, inside in views
    ]
    return np.concatenate(tones)[:, 0]


def rank_correlation(wanted: Float[np.ndarray, "n"], found: Float[np.ndarray, "n"]) -> float | None:
    """Spearman's: 1 for the same order, -1 for the inverse, 0 where ``found`` is even; None where ``wanted`` is."""
    if not len(wanted) or wanted.std() < LEAST:
        return None
    if found.std() < LEAST:
        return 0.0
    return float(np.corrcoef(rankdata(wanted), rankdata(found))[0, 1])


def _masses_of_views(views: PaintedViews) -> Float[np.ndarray, "n"]:
    return masses(views.images, views.insides)


def tone_order(views: PaintedViews) -> Reading:
    """Rank correlation of the views' masses of light and dark with the original's."""
    own = rank_correlation(masses(views.footage.before, views.insides), views.once(_masses_of_views))
    return value_or(own, "the original is of one tone")


def form(views: PaintedViews) -> Reading:
    """Rank correlation of the views' masses of light and dark with the daylight on the shape."""
    assert views.daylight is not None  # who needs it says so in its row
    light = rank_correlation(masses(views.daylight, views.insides), views.once(_masses_of_views))
    return value_or(light, "daylight falls evenly on all of it")


TONES: tuple[Metric[PaintedViews], ...] = (
    Metric(
        "content.tone_order", "higher",
        "rank correlation of light and dark with the original's, strokes blurred away; 1 is the same order",
        tone_order, mask=COVERAGE,
    ),
    Metric(
        "content.form", "higher",
        "rank correlation of light and dark with the daylight on the shape, strokes blurred away", form,
        needs=("form",), mask=COVERAGE,
    ),
)  # fmt: skip
