"""The structure tensor measures strokes: their direction, length and strength."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from jaxtyping import Bool, Float
from scipy.ndimage import gaussian_filter

from style3d.color.match import LUMA
from style3d.evaluate.metrics.metric import Metric, Reading
from style3d.evaluate.metrics.painted_views import COVERAGE, PaintedViews
from style3d.evaluate.metrics.skimage_figures import skimage
from style3d.types import Picture

BINS = 36  # of orientation, over 180 degrees
SCALES = (0.5, 1.0, 2.0, 4.0, 8.0)  # pixels: standard deviations between which a band of sizes lies


@dataclass(frozen=True)
class Strokes:
    """What a picture's brush work does. Concretely: mostly upright, 3 pixels wide, coherence 0.6."""

    orientation: Float[np.ndarray, "36"]  # share of stroke energy by direction, 5° a bin, clockwise from the right
    scale: float  # log2 of the width in pixels, mean over the bands' energy
    coherence: float  # 0: no direction is preferred, 1: all strokes run one way where they are


def strokes(image: Picture, mask: Float[np.ndarray, "h w"]) -> Strokes:
    """Of the luminance inside the mask.

    Direction and coherence ((λ1 − λ2) / (λ1 + λ2))² come from the structure tensor's eigenvalues (Bigün & Granlund,
    ICCV 1987), each place counting by its gradient energy.
    """
    grey, inside = _grey_inside(image, mask)
    rr, rc, cc = (part[inside] for part in skimage("feature").structure_tensor(grey, 2.0, mode="nearest", order="rc"))
    energy, difference = rr + cc, np.hypot(rr - cc, 2 * rc)
    along = (0.5 * np.arctan2(2 * rc, cc - rr) + np.pi / 2) % np.pi  # a stroke runs across its gradient
    histogram = np.histogram(along, BINS, (0, np.pi), weights=difference)[0]
    total = energy.sum()
    share = histogram / histogram.sum() if histogram.sum() > 1e-12 else np.full(BINS, 1 / BINS)
    coherence = float((difference**2 / np.maximum(energy, 1e-12)).sum() / total) if total > 1e-9 else 0.0
    return Strokes(share, _scale(grey, inside), coherence)


def stroke_width(image: Picture, mask: Float[np.ndarray, "h w"]) -> float:
    """log2 of the strokes' width in pixels: the mean over bands of sizes, each by its energy inside the mask."""
    return _scale(*_grey_inside(image, mask))


def _grey_inside(
    image: Picture, mask: Float[np.ndarray, "h w"]
) -> tuple[Float[np.ndarray, "h w"], Bool[np.ndarray, "h w"]]:
    """Luminance without the surroundings, and where it may be measured: no outline and no frame is a stroke."""
    grey = np.where(mask > 0.999, image @ np.array(LUMA), np.nan)
    grey = np.where(np.isnan(grey), np.nanmean(grey) if np.isfinite(grey).any() else 0.0, grey)
    return grey, gaussian_filter((mask > 0.999).astype(float), 2, mode="constant") > 0.99


def _scale(grey: Float[np.ndarray, "h w"], inside: Bool[np.ndarray, "h w"]) -> float:
    blurred = [gaussian_filter(grey, sigma) for sigma in SCALES]
    bands = np.array([np.square((a - b)[inside]).sum() for a, b in pairwise(blurred)])
    widths = np.log2(2 * np.sqrt(np.array(SCALES[:-1]) * np.array(SCALES[1:])))
    return float((bands * widths).sum() / bands.sum()) if bands.sum() > 1e-9 else float(widths.mean())


def orientation_distance(a: Strokes, b: Strokes) -> float:
    """Earth mover's distance on the circle of directions, degrees (Rabin, Delon, Gousseau 2011): 0 to 45."""
    steps = np.cumsum(a.orientation - b.orientation)
    return float(np.abs(steps - np.median(steps)).sum() * 180 / BINS)


def scale_difference(a: Strokes, b: Strokes) -> float:
    """How much wider ``a``'s strokes are, octaves; negative: finer."""
    return a.scale - b.scale


def _of_both(views: PaintedViews) -> tuple[list[Strokes], Strokes]:
    """Of each picture, and of the style."""
    pairs = zip(views.footage.views, views.images, strict=True)
    own = [strokes(image, view.mask.astype(np.float64)) for view, image in pairs]
    return own, strokes(views.style_array, np.ones(views.style_array.shape[:2]))


def _mean(views: PaintedViews, compare: Callable[[Strokes, Strokes], float]) -> Reading:
    own, wanted = views.once(_of_both)
    return Reading(float(np.mean([compare(one, wanted) for one in own])))


STROKES: tuple[Metric[PaintedViews], ...] = (
    Metric(
        "style.orientation", "lower", "how far strokes must be turned",
        lambda views: _mean(views, orientation_distance), "degrees", needs=("style",), also_on=(".before",),
        mask=COVERAGE,
    ),
    Metric(
        "style.stroke_scale", "neither", "how much wider strokes are than the picture's",
        lambda views: _mean(views, scale_difference), "octaves", needs=("style",), also_on=(".before",), mask=COVERAGE,
    ),
    Metric(
        "style.coherence", "neither", "how much more (+) or less (−) strokes run one way",
        lambda views: _mean(views, lambda one, wanted: one.coherence - wanted.coherence), needs=("style",),
        also_on=(".before",), mask=COVERAGE,
    ),
)  # fmt: skip
