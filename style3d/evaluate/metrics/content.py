"""How much of the original is left: structure, outline, edges, and what resembled what."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Bool
from scipy.ndimage import binary_dilation, binary_erosion, gaussian_filter

from style3d.color.match import LUMA
from style3d.evaluate.footage.footage import ComparedView
from style3d.evaluate.metrics.skimage_figures import skimage
from style3d.losses.content import Structure
from style3d.losses.features.base import Features
from style3d.losses.structure import SelfSimilarity
from style3d.losses.term import Frame
from style3d.types import Picture, Plane

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


def pixel_content(shots: Sequence[ComparedView]) -> dict[str, float | None]:
    """Means over views of what needs no network, by figure; None where no view has it."""
    found: dict[str, list[float | None]] = {
        "content.ssim": [structure_ssim(s.before, s.after, s.mask) for s in shots],
        "content.edges": [edges_kept(s.before, s.after, s.mask) for s in shots],
        "content.silhouette": [None if s.after_mask is None else silhouette_iou(s.mask, s.after_mask) for s in shots],
    }
    return {name: mean_of(values) for name, values in found.items()}


def mean_of(values: Sequence[float | None]) -> float | None:
    """Of those that are there."""
    there: list[float] = [value for value in values if value is not None]
    return sum(there) / len(there) if there else None
