"""This metric tells how far one picture's colours are from another's, as people see it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np
from jaxtyping import Float
from scipy.cluster.vq import kmeans2
from scipy.optimize import linprog

from style3d.evaluate.metrics.metric import Metric, Reading
from style3d.evaluate.metrics.painted_views import COVERAGE, PaintedViews
from style3d.evaluate.metrics.skimage_figures import lab, skimage

COLORS = 12
MOST_PIXELS = 6_000


@final
@dataclass(frozen=True)
class ColorShares:
    """A few colours and how much of a picture each fills. Concretely: 40 % cobalt blue, 25 % ochre, …"""

    colors: Float[np.ndarray, "k 3"]  # L*a*b*
    shares: Float[np.ndarray, "k"]  # sum to one


def palette_distance(a: Float[np.ndarray, "n 3"], b: Float[np.ndarray, "m 3"]) -> float:
    """Mean CIEDE2000 difference between colours of ``a`` and ``b``, moved onto each other at the least cost.

    Each is reduced to a palette of at most `COLORS` colours with shares; the earth mover's distance (Rubner, Tomasi,
    Guibas, ICCV 1998) between them is the figure. About 1 is just noticeable; black to white is 100.

    Args:
        a, b: display-referred colours in [0, 1], at least one each.
    """
    return earth_movers(palette(a), palette(b))


def palette(colors: Float[np.ndarray, "n 3"]) -> ColorShares:
    """Colours in L*a*b* and their shares, by k-means from a fixed start: the same pixels give the same palette."""
    step = max(1, len(colors) // MOST_PIXELS)
    points = lab(colors[None, ::step].astype(np.float64))[0]
    distinct = points[np.unique(points.round(3), axis=0, return_index=True)[1]]
    if len(distinct) <= COLORS:
        centres = distinct
    else:
        order = np.lexsort(points.T)
        start = points[order[np.linspace(0, len(points) - 1, COLORS).astype(int)]]
        centres = np.unique(kmeans2(points, start, iter=20, minit="matrix", missing="warn")[0], axis=0)
    nearest = np.square(points[:, None] - centres[None]).sum(2).argmin(1)
    shares = np.bincount(nearest, minlength=len(centres)) / len(points)
    return ColorShares(centres[shares > 0], shares[shares > 0])


def earth_movers(a: ColorShares, b: ColorShares) -> float:
    """Least mean CIEDE2000 difference over all ways to move one palette onto the other (a linear programme)."""
    cost = skimage("color").deltaE_ciede2000(a.colors[:, None], b.colors[None])
    rows, columns = cost.shape
    sums = np.zeros((rows + columns, rows, columns))
    sums[np.arange(rows), np.arange(rows)] = 1
    sums[rows + np.arange(columns), :, np.arange(columns)] = 1
    solved = linprog(
        cost.ravel(), A_eq=sums.reshape(rows + columns, -1)[:-1], b_eq=np.concatenate([a.shares, b.shares])[:-1]
    )
    return float(solved.fun)


def _distance(views: PaintedViews) -> Reading:
    pairs = zip(views.footage.views, views.images, strict=True)
    inside = np.concatenate([image[view.mask > 0.999] for view, image in pairs])
    wanted: Float[np.ndarray, "n 3"] = views.style_array.reshape(-1, 3)
    return Reading(palette_distance(inside, wanted)) if len(inside) else Reading(None, "nothing is covered whole")


PALETTE: Metric[PaintedViews] = Metric(
    "style.palette", "lower", "mean colour difference between the palettes; 1 is just noticeable", _distance,
    "CIEDE2000", needs=("style",), also_on=(".before",), mask=COVERAGE,
    tile="between the palettes, CIEDE2000",
)  # fmt: skip
