"""Patches of a picture are found for every pixel of a view, and pasted there.

The search is PatchMatch (Barnes, Shechtman, Finkelstein & Goldman 2009): a pixel tries what its neighbours have found,
shifted, and random places ever nearer to its own. What has been used often costs more, so that no calm corner of the
picture covers everything (Kaspar, Neubert, Lischinski, Pauly & Kopf, "Self tuning texture optimization", 2015). Loops
run in a fixed order on one thread with a seed of their own: the same input gives the same bytes.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import njit

REACH = 3  # pixels from a patch's middle to its side
LEAST_DIFFERENCE = 0.003  # squared, of a colour, under which patches count as equally good
SHARPEST = 0.7  # pixels, deviation of what a patch gives around its middle


class Exemplar(NamedTuple):
    """Pictures side by side, from which patches are taken."""

    image: Any  # (h, w, 3) float32, display-referred
    guide: Any  # (h, w, 6) float32, what the target's guide is compared with: see `patch_guide.Asked`
    allowed: Any  # (sources, h, w) bool, middles of patches that a source has
    used: Any  # (h, w) float32, times that a pixel has been pasted, as a share of an even use; changed in place


class Sheet(NamedTuple):
    """A view that is being covered with patches."""

    image: Any  # (h + 2 REACH, w + 2 REACH, 3) float32
    guide: Any  # (h, w, 6) float32
    source: Any  # (h, w) int64, which source a pixel takes from
    pixels: Any  # (n,) int64, flat, those that are covered
    match: Any  # (h, w, 2) int32, row and column of each pixel's patch; -1 where none; changed in place
    distance: Any  # (h, w) float32, of that patch; changed in place


class Taste(NamedTuple):
    """What makes a patch fit, apart from its pixels."""

    guide: float  # weight of the guide's difference against the image's
    flow: float  # squared difference of colour that strokes along the drawing's own lines, and not across, are worth
    busy: float  # weight of the difference in busyness
    spread: float  # squared difference of colour that an even use of the picture is worth


@njit(cache=True)
def _distance(exemplar: Any, sheet: Any, taste: Any, y: int, x: int, v: int, u: int, bound: float) -> float:
    """Of the patch around (v, u) from what lies around (y, x), a pixel's mean; any larger number where over bound."""
    total = taste.spread * exemplar.used[v, u]
    for c in range(3):
        away = sheet.guide[y, x, c] - exemplar.guide[v, u, c]
        total += taste.guide * away * away
    cosine, sine = sheet.guide[y, x, 3], sheet.guide[y, x, 4]
    agreed = cosine * exemplar.guide[v, u, 3] + sine * exemplar.guide[v, u, 4]
    total += taste.flow * (np.sqrt(cosine * cosine + sine * sine) - agreed)
    total += taste.busy * (sheet.guide[y, x, 5] - exemplar.guide[v, u, 5]) ** 2
    count = (2 * REACH + 1) ** 2
    for dy in range(-REACH, REACH + 1):
        if total >= bound:
            return total
        for dx in range(-REACH, REACH + 1):
            for c in range(3):
                away = sheet.image[y + REACH + dy, x + REACH + dx, c] - exemplar.image[v + dy, u + dx, c]
                total += away * away / count
    return total


@njit(cache=True)
def first_guess(exemplar: Any, sheet: Any, taste: Any, places: Any, tries: int, chance: Any) -> None:
    """For pixels without a match the best of random places, by guide and by their middle's colour alone.

    Args:
        places: of each source, (sources, most, 2) rows and columns it has, repeated up to the longest.
        chance: a `numpy.random.Generator`.
    """
    width, most = sheet.match.shape[1], places.shape[1]
    for pixel in sheet.pixels:
        y, x = pixel // width, pixel % width
        if sheet.match[y, x, 0] >= 0:
            continue
        best = np.inf
        for _ in range(tries):
            v, u = places[sheet.source[y, x], chance.integers(0, most)]
            total = taste.spread * exemplar.used[v, u] + 0.01 * chance.random()
            total += taste.busy * (sheet.guide[y, x, 5] - exemplar.guide[v, u, 5]) ** 2
            for c in range(3):
                total += 4 * taste.guide * (sheet.guide[y, x, c] - exemplar.guide[v, u, c]) ** 2
                total += (sheet.image[y + REACH, x + REACH, c] - exemplar.guide[v, u, c]) ** 2
            if total < best:
                best = total
                sheet.match[y, x, 0], sheet.match[y, x, 1] = v, u


@njit(cache=True)
def improve(exemplar: Any, sheet: Any, taste: Any, sweeps: int, reach: int, chance: Any) -> None:
    """Better matches for all pixels of a sheet, each of which has one; random places as far as ``reach`` are tried."""
    height, width = sheet.match.shape[:2]
    rows, columns = exemplar.used.shape
    for pixel in sheet.pixels:
        y, x = pixel // width, pixel % width
        v, u = sheet.match[y, x]
        sheet.distance[y, x] = _distance(exemplar, sheet, taste, y, x, v, u, np.inf)
    for sweep in range(sweeps):
        step = 1 if sweep % 2 == 0 else -1
        for pixel in sheet.pixels[::step]:
            y, x = pixel // width, pixel % width
            allowed = exemplar.allowed[sheet.source[y, x]]
            for side in range(2):
                above, left = y - step * (side == 0), x - step * (side == 1)
                if not (0 <= above < height and 0 <= left < width) or sheet.match[above, left, 0] < 0:
                    continue
                v, u = sheet.match[above, left, 0] + y - above, sheet.match[above, left, 1] + x - left
                if 0 <= v < rows and 0 <= u < columns and allowed[v, u]:
                    _take(exemplar, sheet, taste, y, x, v, u)
            far = reach
            while far >= 1:
                v = sheet.match[y, x, 0] + chance.integers(-far, far + 1)
                u = sheet.match[y, x, 1] + chance.integers(-far, far + 1)
                if 0 <= v < rows and 0 <= u < columns and allowed[v, u]:
                    _take(exemplar, sheet, taste, y, x, v, u)
                far //= 2


@njit(cache=True)
def _take(exemplar: Any, sheet: Any, taste: Any, y: int, x: int, v: int, u: int) -> None:
    found = _distance(exemplar, sheet, taste, y, x, v, u, sheet.distance[y, x])
    if found < sheet.distance[y, x]:
        sheet.match[y, x, 0], sheet.match[y, x, 1], sheet.distance[y, x] = v, u, found


@njit(cache=True)
def paste_patches(exemplar: Any, sheet: Any, deviation: float) -> Any:
    """What all patches together show, (h, w, 3), and how much they say of each pixel, (h, w).

    Patches that fit better count for more, and each the less, the farther from its middle (``deviation``, pixels).
    """
    height, width = sheet.match.shape[:2]
    image, weight = np.zeros((height, width, 3), np.float32), np.zeros((height, width), np.float32)
    falling = np.exp(-(np.arange(-REACH, REACH + 1) ** 2) / (2 * deviation * deviation))
    for pixel in sheet.pixels:
        y, x = pixel // width, pixel % width
        v, u = sheet.match[y, x]
        fit = 1.0 / (sheet.distance[y, x] + LEAST_DIFFERENCE) ** 2
        for dy in range(-REACH, REACH + 1):
            for dx in range(-REACH, REACH + 1):
                if not (0 <= y + dy < height and 0 <= x + dx < width):
                    continue
                share = fit * falling[dy + REACH] * falling[dx + REACH]
                weight[y + dy, x + dx] += share
                for c in range(3):
                    image[y + dy, x + dx, c] += share * exemplar.image[v + dy, u + dx, c]
    for y in range(height):
        for x in range(width):
            if weight[y, x] > 0:
                for c in range(3):
                    image[y, x, c] /= weight[y, x]
    return image, weight


@njit(cache=True)
def count_use(exemplar: Any, sheet: Any, even: float) -> None:
    """Remember what a sheet has used; ``even`` is how often each pixel would be pasted in an even use."""
    width = sheet.match.shape[1]
    for pixel in sheet.pixels:
        v, u = sheet.match[pixel // width, pixel % width]
        for dy in range(-REACH, REACH + 1):
            for dx in range(-REACH, REACH + 1):
                exemplar.used[v + dy, u + dx] += 1 / even
