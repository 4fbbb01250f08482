"""Content metrics tell how much of the original is left: structure, outline, edges and self-similarity."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from jaxtyping import Bool
from scipy.ndimage import binary_dilation, binary_erosion, gaussian_filter

from style3d.color.match import LUMA
from style3d.evaluate.footage.controls import image_and_mask
from style3d.evaluate.metrics.metric import Metric, Reading, mean_of
from style3d.evaluate.metrics.painted_views import COVERAGE, PaintedViews
from style3d.evaluate.metrics.skimage_figures import skimage
from style3d.losses.content import Structure
from style3d.losses.features.base import Features
from style3d.losses.structure import SelfSimilarity
from style3d.losses.term import Frame, make_frame
from style3d.types import Image, Mask, Picture, Plane

REACH = 2  # pixels within which an edge counts as found
SIGMA = 1.5  # of SSIM's Gaussian window (Wang et al. 2004)


def structure_ssim(a: Picture, b: Picture, mask: Plane) -> float:
    """SSIM's structure term alone, (σ_ab + c) / (σ_a σ_b + c) (Wang et al. 2004, eq. 10), on luminance, masked mean.

    1 where patterns agree whatever their colours and contrast, 0 where they are unrelated, −1 where inverted.
    """
    first, second = (image.astype(np.float64) @ np.array(LUMA) for image in (a, b))
    mean_a, mean_b = gaussian_filter(first, SIGMA), gaussian_filter(second, SIGMA)
    var_a = np.maximum(gaussian_filter(first**2, SIGMA) - mean_a**2, 0)
    var_b = np.maximum(gaussian_filter(second**2, SIGMA) - mean_b**2, 0)
    both = gaussian_filter(first * second, SIGMA) - mean_a * mean_b
    constant = 0.03**2 / 2
    values = (both + constant) / (np.sqrt(var_a * var_b) + constant)
    return float((values * mask).sum() / max(mask.sum(), 1e-8))


def silhouette_iou(a: Plane, b: Plane) -> float:
    """Intersection over union of two coverages: 1 when the outline is kept."""
    union = np.maximum(a, b).sum()
    return float(np.minimum(a, b).sum() / union) if union > 0 else 1.0


def edges_kept(a: Picture, b: Picture, mask: Plane) -> float | None:
    """Share of the edges of ``a`` with an edge of ``b`` within `REACH` pixels, beyond what chance finds.

    (found − chance) / (1 − chance), chance being the share of the mask that is as near to an edge of ``b``: strokes
    everywhere earn nothing. None where ``a`` has no edges, or ``b``'s are everywhere. Edges: Canny (1986).
    """
    inside = binary_erosion(mask > 0.999, iterations=REACH)
    first, second = (_edges(image, inside) for image in (a, b))
    near = binary_dilation(second, iterations=REACH) & inside
    if not first.any() or near.sum() == inside.sum():
        return None
    found, chance = near[first].mean(), near.sum() / inside.sum()
    return float((found - chance) / (1 - chance))


def _edges(image: Picture, inside: Bool[np.ndarray, "h w"]) -> Bool[np.ndarray, "h w"]:
    grey = image @ np.array(LUMA, dtype=np.float32)
    return skimage("feature").canny(grey, sigma=SIGMA, mask=inside)


@torch.no_grad()
def network_content(features: Features, before: Frame, after: Frame) -> tuple[float, float | None]:
    """(1 − `Structure` loss of the content layer, in [−1, 1]; self-similarity loss, 0 when nothing moved apart)."""
    layer = features.content_layer
    structure = Structure("content", 1.0, layer)
    kept = 1 - float(structure.loss(after, {}, structure.prepare_content(before)))
    if layer not in before.features:
        return kept, None
    similar = SelfSimilarity("similarity", 1.0, layer)
    return kept, float(similar.loss(after, {}, similar.prepare_content(before)))


def _network(views: PaintedViews) -> list[tuple[float, float | None]]:
    """`network_content` of each view that shows anything."""
    features = views.yardstick.features
    return [
        network_content(features, make_frame(features, before, mask), make_frame(features, after, mask))
        for before, after, mask in _view_pairs(views)
    ]


def _view_pairs(views: PaintedViews) -> list[tuple[Image, Image, Mask]]:
    """Original and picture with their coverage, where there is any."""
    pairs = zip(views.footage.views, views.pairs, strict=True)
    return [(image_and_mask(view, view.before)[0], after, mask) for view, (after, mask) in pairs if mask.any()]


def lpips_distance(views: PaintedViews) -> float | None:
    """LPIPS between the views and their originals, mean over views."""
    distance = views.yardstick.lpips
    assert not isinstance(distance, str)  # who needs it says so in its row
    return mean_of([float(distance(before, after, mask)) for before, after, mask in _view_pairs(views)])


def _each(views: PaintedViews, measure: Callable[[Picture, Picture, Plane], float | None]) -> Reading:
    pairs = zip(views.footage.views, views.images, strict=True)
    return Reading(mean_of([measure(view.before, image, view.mask) for view, image in pairs]))


def _outlines(views: PaintedViews) -> Reading:
    both = [(view.mask, view.after_mask) for view in views.footage.views if view.after_mask is not None]
    return Reading(mean_of([silhouette_iou(before, after) for before, after in both]))


CONTENT: tuple[Metric[PaintedViews], ...] = (
    Metric(
        "content.features", "higher", "1 for the same pattern of standardised features, 0 for an unrelated one",
        lambda views: Reading(mean_of([kept for kept, _ in views.once(_network)])), needs=("content layer",),
        mask=COVERAGE, tile="of the original's pattern of features",
    ),
    Metric(
        "content.similarity", "lower", "change of which places resemble each other; 0 is unchanged",
        lambda views: Reading(mean_of([similar for _, similar in views.once(_network)])), needs=("content layer",),
        mask=COVERAGE,
    ),
    Metric(
        "content.ssim", "higher",
        "SSIM's structure term alone: 1 for one drawing in any colours, 0 for an unrelated one",
        lambda views: _each(views, structure_ssim), mask=COVERAGE,
    ),
    Metric(
        "content.edges", "higher", "edges that are found again within 2 pixels, beyond chance",
        lambda views: _each(views, edges_kept), "share", mask=COVERAGE,
    ),
    Metric(
        "content.silhouette", "higher", "overlap of the outlines", _outlines, "share", needs=("outline",),
        mask=COVERAGE,
    ),
    Metric(
        "content.lpips", "lower", "learnt distance to the original; 0 is unchanged",
        lambda views: Reading(views.once(lpips_distance)), needs=("lpips",), mask=COVERAGE,
    ),
)  # fmt: skip
