"""Calm tells whether a painting's quiet areas lie beside its busy ones. No mean or covariance tells it."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float
from scipy.ndimage import uniform_filter

from style3d.color.match import LUMA
from style3d.evaluate.metrics.metric import Metric, Reading, value_or
from style3d.evaluate.metrics.painted_views import COVERAGE, PaintedViews

WINDOW = 0.02  # of a view's longer side: the side of the square in which a place is looked at
LEAST = 1 / 255  # one level of eight bits: what deviates less is calm in any picture


def restlessness(
    picture: Float[np.ndarray, "h w 3"], inside: Bool[np.ndarray, "h w"], window: int
) -> Float[np.ndarray, "n"]:
    """Standard deviation of luminance in the square around each pixel inside, of what is inside."""
    weight = inside.astype(np.float64)
    norm = np.maximum(uniform_filter(weight, window, mode="constant"), 1e-12)
    tone = (picture.astype(np.float64) @ np.array(LUMA)) * weight
    middle = float(tone.sum() / max(weight.sum(), 1.0))
    tone = (tone - middle) * weight  # so that squares of small differences are not lost in large ones
    mean, square = (uniform_filter(one, window, mode="constant") / norm for one in (tone, tone**2))
    return np.sqrt(np.maximum(square - mean**2, 0))[inside]


def calm_bound(picture: Float[np.ndarray, "m"]) -> float:
    """The deviation that best divides a picture's places into calm and busy ones (Otsu 1979, of the logarithm).

    The bound is the picture's own, so that it means something in skies and in brush work alike: at a fixed one a
    picture full of strokes has no calm area to compare with. A quantile would be none either: where half of a picture
    is sky, even contrast anywhere between sky and leaves lies below the median.
    """
    level = np.sort(np.log2(np.maximum(picture, LEAST)))
    count, total = np.arange(1, len(level)), np.cumsum(level)
    below, above = total[:-1] / count, (total[-1] - total[:-1]) / (len(level) - count)
    between = count * (len(level) - count) * (above - below) ** 2
    return float(2 ** level[int(between.argmax())])


def calm_share(places: Float[np.ndarray, "n"], picture: Float[np.ndarray, "m"]) -> float:
    """Share of places within `calm_bound`, over that share of the picture itself."""
    bound = calm_bound(picture)
    return float((np.maximum(places, LEAST) <= bound).mean() / (np.maximum(picture, LEAST) <= bound).mean())


def calm_spread(places: Float[np.ndarray, "n"], picture: Float[np.ndarray, "m"]) -> float | None:
    """Deviation of the logarithm over the picture's; None where the picture is equally busy everywhere."""
    own, wanted = (np.log2(np.maximum(values, LEAST)).std() for values in (places, picture))
    return float(own / wanted) if wanted > 1e-3 else None


def _both(views: PaintedViews) -> tuple[Float[np.ndarray, "n"], Float[np.ndarray, "m"]]:
    """Every place of the views, and of the style picture at the size of its strokes."""
    window = max(3, round(WINDOW * max(views.images[0].shape[:2])))
    pairs = zip(views.images, views.insides, strict=True)
    own = np.concatenate([restlessness(image, inside, window) for image, inside in pairs])
    return own, restlessness(views.style_array, np.ones(views.style_array.shape[:2], dtype=bool), window)


def _share(views: PaintedViews) -> Reading:
    own, picture = views.once(_both)
    return Reading(calm_share(own, picture) if len(own) else None)


def _spread(views: PaintedViews) -> Reading:
    own, picture = views.once(_both)
    return value_or(calm_spread(own, picture), "the picture is equally busy everywhere") if len(own) else Reading(None)


CALM: tuple[Metric[PaintedViews], ...] = (
    Metric(
        "style.calm", "neither", "share of calm area divided by the picture's; 1 is the style, less is busier", _share,
        needs=("style",), also_on=(".before",), mask=COVERAGE,
    ),
    Metric(
        "style.calm_spread", "neither",
        "how unevenly busy the views are, divided by the picture; 1 is the style, less is more even",
        _spread, needs=("style",), also_on=(".before",), mask=COVERAGE,
    ),
)  # fmt: skip
