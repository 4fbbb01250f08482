"""These metrics tell whether parts that differed in the original still differ, each in colours of its own."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Float, Int64

from style3d.color.clusters import cluster_centres
from style3d.color.lab import lab
from style3d.evaluate.metrics.metric import Metric, Reading, value_or
from style3d.evaluate.metrics.painted_views import COVERAGE, PaintedViews
from style3d.evaluate.metrics.tones import MASS, blurred_pixels, object_size
from style3d.paint.casting import DISTINCT, MOST_PARTS, SMALLEST_PART
from style3d.types import Picture

LEAST = 1.0  # L*a*b*, just noticeable: colours that deviate less are one


def part_numbers(
    pictures: Sequence[Picture], insides: Sequence[Bool[np.ndarray, "h w"]]
) -> list[Int64[np.ndarray, "h w"]]:
    """Which part each pixel belongs to, numbered from 0; -1 outside. Parts are clusters of colour, as in casting."""
    colors = [lab(picture) for picture in pictures]
    every = np.concatenate([color[inside] for color, inside in zip(colors, insides, strict=True)])
    found = cluster_centres(every, MOST_PARTS, DISTINCT, SMALLEST_PART) if len(every) else np.zeros((1, 3))
    labels = []
    for color, inside in zip(colors, insides, strict=True):
        nearest = np.stack([np.square(color - centre).sum(2) for centre in found]).argmin(0)
        labels.append(np.where(inside, nearest, -1))
    return labels


def between_parts(pictures: Sequence[Picture], labels: Sequence[Int64[np.ndarray, "h w"]]) -> float | None:
    """η²: variance of L*a*b* between the parts over all of it, each part's strokes blurred away within the part.

    1 where parts differ and are even, 0 where they do not differ; None where there is but one part.
    """
    count = max((int(label.max()) for label in labels), default=-1) + 1
    if count < 2:
        return None
    groups: list[list[Float[np.ndarray, "n 3"]]] = [[] for _ in range(count)]
    for picture, label in zip(pictures, labels, strict=True):
        color, sigma = lab(picture), MASS * object_size(label >= 0)
        for number in range(count):
            groups[number].append(blurred_pixels(color, label == number, sigma))
    parts = [np.concatenate(group) for group in groups]
    every = np.concatenate(parts)
    total = float(np.square(every - every.mean(0)).sum())
    if total < LEAST**2 * len(every):
        return 0.0
    return sum(len(part) * float(np.square(part.mean(0) - every.mean(0)).sum()) for part in parts if len(part)) / total


def _apart(views: PaintedViews) -> Reading:
    labels = part_numbers(views.footage.before, views.insides)
    return value_or(between_parts(views.images, labels), "the original is of one colour")


PARTS: Metric[PaintedViews] = Metric(
    "content.parts_apart", "higher",
    "share of the colour variance between the original's parts; 1: parts differ and are even, 0: they do not differ",
    _apart, "share", also_on=(".before",), mask=COVERAGE,
)  # fmt: skip
