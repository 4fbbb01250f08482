"""A network that never paints ranks a gallery of pictures by likeness to the result. The style should come first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import final

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from style3d.evaluate.metrics.efficientnet_lite import LAYERS, Lite
from style3d.evaluate.metrics.gallery import Gallery
from style3d.evaluate.metrics.metric import Metric, Reading
from style3d.evaluate.metrics.painted_views import COVERAGE, PaintedViews
from style3d.paint.style_library import read_styles, resize_style
from style3d.types import AnyImage, Image, Mask

THUMB, SAME = 16, 0.03  # pixels along a side at which pictures are held beside each other, and by how much one differs


@final
@dataclass(frozen=True)
class Statistics:
    """Of one layer: what a picture's places are like, wherever they are."""

    mean: Float[Tensor, "c"]
    covariance: Float[Tensor, "c c"]


@torch.no_grad()
def statistics(judge: Lite, pairs: Sequence[tuple[Image, Mask]]) -> list[Statistics]:
    """Of each of the judge's layers, over all places of all pictures that their masks hold.

    What is outside is filled with the mean colour of what is inside, which is contrast to nothing.
    """
    places: dict[int, list[tuple[Tensor, Tensor]]] = {number: [] for number in LAYERS}
    for image, mask in pairs:
        mean = (image * mask).sum((2, 3), keepdim=True) / mask.sum().clamp_min(1e-8)
        for number, found in judge(image * mask + mean * (1 - mask)).items():
            share = F.interpolate(mask, found.shape[-2:], mode="area").flatten()
            places[number].append((found[0].flatten(1).double(), share.double()))
    return [_moments(*(torch.cat(part, -1) for part in zip(*one, strict=True))) for one in places.values()]


def _moments(values: Float[Tensor, "c n"], share: Float[Tensor, "n"]) -> Statistics:
    weight = share / share.sum().clamp_min(1e-8)
    mean = values @ weight
    centred = values - mean[:, None]
    return Statistics(mean, (centred * weight) @ centred.T)


def distances(own: Sequence[Statistics], pictures: Sequence[Sequence[Statistics]]) -> Float[np.ndarray, "pictures"]:
    """How far what was painted is from each picture: differences of means and covariances, summed over layers.

    Each channel counts in units of its mean deviation in the pictures, and layers count alike.
    """
    total = torch.zeros(len(pictures), dtype=torch.float64)
    for layer, one in enumerate(own):
        every = [picture[layer] for picture in pictures]
        unit = torch.stack([other.covariance.diagonal() for other in every]).mean(0).clamp_min(1e-12).sqrt()
        apart = [((one.mean - other.mean) / unit).square().mean().sqrt() for other in every]
        turned = [((one.covariance - other.covariance) / torch.outer(unit, unit)).norm() / len(unit) ** 0.5
                  for other in every]  # fmt: skip
        total += torch.stack(apart) + torch.stack(turned)
    return total.numpy()


def _rank_in_gallery(views: PaintedViews) -> Reading:
    gallery = views.yardstick.gallery
    assert isinstance(gallery, Gallery)  # who needs it says so in its row
    longer = views.yardstick.style_scale * max(views.images[0].shape[:2])
    names, shown = ["the style itself"], [views.style]
    for path in gallery.pictures:
        picture = _resized_picture(path, longer)
        if not alike(picture, views.style):
            names.append(path.name)
            shown.append(picture)
    if len(shown) < 2:
        return Reading(None, "the gallery holds no picture but the style")
    if not any(bool(mask.any()) for _, mask in views.pairs):
        return Reading(None)
    told = [statistics(gallery.judge, [(picture, torch.ones_like(picture[:, :1]))]) for picture in shown]
    far = distances(statistics(gallery.judge, views.pairs), told)
    rank = 1 + int((far < far[0]).sum())
    return Reading(float(rank), f"found among {len(far)}; the nearest is {names[int(far.argmin())]}")


@lru_cache(maxsize=64)  # of large files, for the views after and those before
def _resized_picture(path: Path, longer: float) -> AnyImage:
    """A picture of the gallery, its longer side so many pixels."""
    return resize_style(read_styles([(path, 1.0)])[0][0], longer)


def alike(first: AnyImage, second: AnyImage) -> bool:
    """Whether two files show one picture, at whatever size."""
    a, b = (F.interpolate(one, (THUMB, THUMB), mode="bicubic", antialias=True) for one in (first, second))
    return float((a - b).abs().mean()) < SAME


FOUND: Metric[PaintedViews] = Metric(
    "style.found", "lower", "rank at which a network that never paints finds the picture in a gallery; 1 is first",
    _rank_in_gallery, "rank", needs=("style", "gallery"), also_on=(".before",), mask=COVERAGE,
)  # fmt: skip
