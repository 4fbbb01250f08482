"""`watercolour.jpg`: poppies, cornflowers and leaves, washed wet into wet on rough paper."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from recipes.noise import Field
from recipes.washes import Sheet, blob, petal


def _background(sheet: Sheet, rng: np.random.Generator) -> None:
    """Loose pale washes that leave the paper white between them."""
    for number, (cx, cy, w, h, tint) in enumerate([
        (0.20, 0.22, 0.24, 0.18, [("cobalt", 0.30), ("turquoise", 0.35)]),
        (0.80, 0.20, 0.20, 0.22, [("yellow", 0.45), ("turquoise", 0.25)]),
        (0.14, 0.66, 0.18, 0.24, [("rose", 0.22), ("yellow", 0.30)]),
        (0.86, 0.68, 0.19, 0.25, [("cobalt", 0.40), ("violet", 0.22)]),
        (0.50, 0.86, 0.40, 0.17, [("sap", 0.45), ("turquoise", 0.40)]),
        (0.52, 0.12, 0.16, 0.09, [("rose", 0.22), ("violet", 0.14)]),
    ]):  # fmt: skip
        sheet.wash(
            blob((cx, cy), (w, h), rng.uniform(-0.5, 0.5), rng, 0.3),
            tint,
            seed=100 + 37 * number,
            wet=0.42,
            rough=7.0,
            behind=True,
        )


def _stem(sheet: Sheet, top: Sequence[float], foot: Sequence[float], bend: float, seed: int) -> Field:
    t = np.linspace(0, 1, 22)[:, None]
    middle = (np.asarray(top) + foot) / 2 + [bend, 0.0]
    path = (1 - t) ** 2 * np.asarray(top) + 2 * t * (1 - t) * middle + t**2 * np.asarray(foot)
    width = 0.0028 + 0.0022 * t[:, 0] + 0.0008 * np.sin(9 * t[:, 0])
    sheet.stroke(path, width, [("sap", 0.75), ("viridian", 0.35)], seed)
    return path


def _leaf(sheet: Sheet, base: Field, turn: float, length: float, rng: np.random.Generator, seed: int) -> None:
    """A long leaf in one pass of the brush, its rib lifted out pale, a second tone dropped in."""
    t = np.linspace(0, 1, 26)
    curl = turn + rng.normal(0, 0.5) * t
    path = base + np.cumsum(np.stack([np.cos(curl), np.sin(curl)], 1), 0) * length / 26
    width = length * 0.135 * np.sin(np.pi * t**0.8) ** 0.9 * (1 + 0.12 * np.sin(17 * t + seed)) + 0.0008
    tint = [[("sap", 0.8), ("yellow", 0.5)], [("viridian", 0.7), ("turquoise", 0.4)],
            [("sap", 0.7), ("viridian", 0.35)], [("viridian", 0.55), ("cobalt", 0.35)]][
                int(rng.integers(4))]  # fmt: skip
    sheet.stroke(path, width, tint, seed, wet=0.22)
    sheet.stroke(
        path[3:-3] + 0.10 * length * np.array([0.1, 0.1]) * 0.3,
        width[3:-3] * 0.42,
        [("indigo", 0.28), ("sap", 0.3)],
        seed + 5,
        wet=0.25,
    )


def _poppy(sheet: Sheet, at: Sequence[float], radius: float, rng: np.random.Generator, seed: int) -> None:
    """Two layers of petals round a dark heart."""
    hues = [
        [("scarlet", 0.85), ("orange", 0.45)],
        [("scarlet", 0.8), ("rose", 0.5)],
        [("orange", 0.75), ("yellow", 0.4), ("scarlet", 0.3)],
    ]
    start = rng.uniform(0, 6.3)
    for layer, (count, size) in enumerate(((5, 1.0), (4, 0.78))):
        for k in range(count):
            turn = start + layer * 0.6 + k * 2 * np.pi / count + rng.normal(0, 0.12)
            squash = 0.78 + 0.22 * abs(np.cos(turn))
            outline = petal(at, turn, radius * size * squash * rng.uniform(0.9, 1.1), radius * size * 0.66, rng)
            sheet.wash(
                outline,
                hues[int(rng.integers(3))],
                seed=seed + 11 * k + 97 * layer,
                wet=0.30,
                center=(at[0], at[1]),
                rough=1.3,
                behind=layer == 0,
                keep=0.9,
            )
    sheet.wash(
        blob(at, (radius * 0.17, radius * 0.15), 0, rng), [("indigo", 1.5), ("violet", 0.8)], seed=seed + 400, wet=0.25
    )
    for _ in range(34):
        a, r = rng.uniform(0, 6.3), radius * rng.uniform(0.20, 0.36)
        dot = (at[0] + r * np.cos(a), at[1] + r * np.sin(a) * 0.9)
        sheet.wash(blob(dot, (0.0035, 0.003), 0, rng), [("indigo", 1.6)], seed=seed + 401, wet=0.0, rough=0.3)


def _cornflower(sheet: Sheet, at: Sequence[float], radius: float, rng: np.random.Generator, seed: int) -> None:
    """Toothed blue florets in a ring, violet at heart."""
    for k in range(13):
        turn = k * 2 * np.pi / 13 + rng.normal(0, 0.12)
        tint = [
            [("ultramarine", 0.95)],
            [("cobalt", 1.0), ("ultramarine", 0.35)],
            [("ultramarine", 0.6), ("violet", 0.6)],
        ][int(rng.integers(3))]
        length = radius * rng.uniform(0.75, 1.1)
        sheet.wash(
            petal(at, turn, length, length * 0.30, rng),
            tint,
            seed=seed + 13 * k,
            wet=0.24,
            center=(at[0], at[1]),
            behind=True,
            keep=0.45,
        )
    sheet.wash(
        blob(at, (radius * 0.3, radius * 0.28), 0, rng, 0.3),
        [("violet", 1.2), ("indigo", 0.5)],
        seed=seed + 500,
        wet=0.4,
    )


def _spatter(sheet: Sheet, rng: np.random.Generator) -> None:
    """Drops flicked from the brush, finer further out."""
    names = ["scarlet", "ultramarine", "sap", "orange", "violet", "cobalt"]
    for number in range(120):
        at = (rng.beta(1.3, 1.3), rng.beta(1.3, 1.3))
        size = 0.0012 + 0.006 * rng.random() ** 5
        sheet.wash(
            blob(at, (size, size * rng.uniform(0.8, 1.1)), 0, rng),
            [(names[int(rng.integers(6))], 0.9)],
            seed=number,
            wet=0.0,
            rough=0.3,
        )


def draw(size: int = 1024) -> Field:
    """The finished sheet, (size, size, 3) in [0, 1]."""
    rng = np.random.default_rng(23)
    sheet = Sheet(size)
    poppies = [(0.36, 0.36, 0.165), (0.68, 0.46, 0.150), (0.47, 0.66, 0.125), (0.60, 0.17, 0.085)]
    blues = [
        (0.20, 0.52, 0.085),
        (0.83, 0.27, 0.075),
        (0.30, 0.13, 0.07),
        (0.78, 0.72, 0.085),
        (0.16, 0.28, 0.05),
        (0.27, 0.77, 0.06),
    ]
    for number, (x, y, radius) in enumerate(poppies):
        _poppy(sheet, (x, y), radius, rng, 9000 + 1100 * number)
    for number, (x, y, radius) in enumerate(blues):
        _cornflower(sheet, (x, y), radius, rng, 3000 + 700 * number)
    _background(sheet, rng)
    for number, (x, y, radius) in enumerate([*poppies, *blues]):
        foot = (0.5 + 0.25 * (x - 0.5), 1.02)
        path = _stem(sheet, (x, y + 0.35 * radius), foot, 0.3 * (x - 0.5), 900 + number)
        for k, place in enumerate(np.linspace(0.25, 0.8, 4)):
            side = 1 if (k + number) % 2 else -1
            _leaf(
                sheet,
                path[int(place * 21)],
                -np.pi / 2 + side * rng.uniform(0.5, 1.25),
                rng.uniform(0.10, 0.2),
                rng,
                1000 + 50 * number + 7 * k,
            )
    _spatter(sheet, rng)
    return sheet.picture()
