"""Likeness says how far the results of a library look as if one hand had painted them: one palette, one brush."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, final

import numpy as np

from style3d.color.clusters import SAMPLES, spread_means
from style3d.color.lab import lab
from style3d.evaluate.metrics.painted_views import WHOLE
from style3d.evaluate.metrics.strokes import stroke_width
from style3d.types import Picture, Plane

COLORS = 12  # of a manner
HALF = 10.0  # units of L*a*b* that palettes lie apart, where their likeness is a half
MOST = 60  # results that are compared, each with each


@final
@dataclass(frozen=True)
class Manner:
    """How something is painted. Concretely: 40 % cobalt, 25 % ochre, …, in strokes 0.06 scene units wide."""

    colors: tuple[tuple[float, float, float], ...]  # L*a*b*
    shares: tuple[float, ...]  # of what is seen; sum to one
    stroke: float  # log2 of the strokes' width in scene units

    def __post_init__(self) -> None:
        """Refuse what no manner is, for it may come from a file."""
        numbers = [number for color in (*self.colors, self.shares, (self.stroke,)) for number in color]
        sizes = {len(color) for color in self.colors}
        fits = sizes == {3} and len(self.colors) == len(self.shares) and bool(np.isfinite(numbers).all())
        if not fits or min(self.shares) < 0 or sum(self.shares) <= 0:
            raise ValueError("no manner")


def manner_from_json(values: Mapping[str, Any]) -> Manner:
    """What JSON has made of the fields of a manner.

    Raises:
        ValueError, TypeError, KeyError: it is something else.
    """
    colors = tuple((float(light), float(a), float(b)) for light, a, b in values["colors"])
    return Manner(colors, tuple(map(float, values["shares"])), float(values["stroke"]))


def manner_of(images: Sequence[Picture], masks: Sequence[Plane], pixels: Sequence[float]) -> Manner | None:
    """The manner of an object, from views of it; None where they show nothing of it.

    Args:
        images: of the object.
        masks: the share of each pixel that it covers.
        pixels: width of a pixel at the object, scene units.
    """
    pairs = list(zip(images, masks, strict=True))
    inside = np.concatenate([image[mask > WHOLE] for image, mask in pairs])
    if not len(inside):
        return None
    flat = lab(inside[:: max(1, len(inside) // SAMPLES)])
    colors, shares = spread_means(flat, flat[:, 0], COLORS, 15)
    widths = [
        stroke_width(image, mask.astype(np.float64)) + float(np.log2(size))
        for (image, mask), size in zip(pairs, pixels, strict=True)
    ]
    rounded = tuple((float(light), float(a), float(b)) for light, a, b in colors.round(2))
    return Manner(rounded, tuple(shares.round(4).tolist()), round(float(np.mean(widths)), 3))


@final
@dataclass(frozen=True)
class Likeness:
    """How alike results are. Concretely: 0.7; their colours lie 4 units apart, and their strokes 0.1 octaves."""

    value: float  # 1: as by one hand; a half for every `HALF` units, and for every octave
    colors: float  # L*a*b* units
    strokes: float  # octaves
    count: int  # results that were compared


def likeness(manners: Sequence[Manner]) -> Likeness | None:
    """The likeness of some results, the mean over all pairs; None of fewer than two. Of many, some stand for all."""
    some = manners[:: max(1, -(-len(manners) // MOST))]
    if len(some) < 2:
        return None
    pairs = list(combinations(some, 2))
    colors = float(np.mean([color_gap(a, b) for a, b in pairs]))
    strokes = float(np.mean([abs(a.stroke - b.stroke) for a, b in pairs]))
    return Likeness(2.0 ** -(colors / HALF + strokes), colors, strokes, len(some))


def color_gap(a: Manner, b: Manner) -> float:
    """Mean distance in L*a*b* from a colour of one to the nearest colour of the other, both ways, by shares.

    It asks which colours are there and hardly how much of each: a green shield and a grey wall of one palette are
    alike where each has some of the other's colours.
    """
    gaps = np.linalg.norm(np.array(a.colors)[:, None] - np.array(b.colors)[None], axis=2)
    there, back = np.average(gaps.min(1), weights=a.shares), np.average(gaps.min(0), weights=b.shares)
    return float(there + back) / 2
