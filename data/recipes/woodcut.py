"""`woodcut.jpg`: a breaker, a boat and a red sun, printed from a key block and a few flat inks."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw
from scipy import interpolate, ndimage, spatial

from recipes.noise import Field, fbm, grid, rgb, smoothstep

PAPER, KEY = rgb("#efe2c4"), rgb("#1b1917")
PRUSSIAN, MIDDLE, PALE, TEAL = rgb("#1d3c66"), rgb("#3f78a0"), rgb("#a9c8c6"), rgb("#5d8f86")
RED, PEACH, OCHRE, MOSS = rgb("#c43b2a"), rgb("#ecbf8c"), rgb("#c98f3c"), rgb("#6f7f45")
BACK = [
    (-0.10, 0.66),
    (-0.02, 0.53),
    (0.07, 0.42),
    (0.17, 0.315),
    (0.29, 0.245),
    (0.41, 0.235),
    (0.51, 0.285),
    (0.575, 0.375),
    (0.575, 0.465),
]
FACE = [(0.575, 0.465), (0.53, 0.405), (0.465, 0.375), (0.395, 0.385), (0.345, 0.44), (0.33, 0.52), (0.35, 0.61),
        (0.405, 0.695), (0.50, 0.77), (0.64, 0.825), (0.82, 0.85), (1.1, 0.84)]  # fmt: skip


def _curve(points: list[tuple[float, float]], count: int = 240) -> Field:
    """Smooth curve through points, (count, 2)."""
    p = np.asarray(points)
    t = np.r_[0, np.cumsum(np.linalg.norm(np.diff(p, axis=0), axis=1))]
    return interpolate.CubicSpline(t / t[-1], p)(np.linspace(0, 1, count))


def _distance(line: Field, x: Field, y: Field, step: int = 4) -> Field:
    """Distance to a polyline, found on a coarse grid and interpolated."""
    points = np.stack([x[::step, ::step], y[::step, ::step]], -1)
    return ndimage.zoom(spatial.cKDTree(line).query(points)[0], step, order=1, grid_mode=True, mode="nearest")


def _inside(outline: Field, size: int) -> Field:
    """Mask of a closed outline given in [0, 1]."""
    picture = Image.new("1", (size, size))
    ImageDraw.Draw(picture).polygon([(float(a), float(b)) for a, b in outline * size], fill=1)
    return np.asarray(picture)


class Print:
    """A sheet on the press: colour blocks first, each a little off register; the key block collects lines."""

    def __init__(self, size: int) -> None:
        self.size, self.unit = size, size / 2048
        self.x, self.y = grid(size)
        warp = 0.02 * fbm(self.x * 2.0, self.y * 5, octaves=2, seed=50)
        rings = np.sin(150 * (self.y + warp) + 9 * fbm(self.x * 1.5, self.y * 16, octaves=2, seed=51))
        fibre = fbm(self.x * 10, self.y * 330, octaves=3, seed=52)
        self.grain = 0.5 * rings * 0.55 + 0.95 * fibre  # lines of the plank, along x
        self.carve = fbm(self.x * 46, self.y * 46, octaves=2, seed=53)  # the knife's unevenness
        self.bare = (
            PAPER
            * (1 + 0.03 * fbm(self.x * 130, self.y * 130, seed=54) + 0.035 * fbm(self.x * 3, self.y * 3, seed=55))[
                ..., None
            ]
        )
        self.sheet = self.bare
        self.key = np.zeros((size, size))

    def ink(self, mask: Field, color: Field, strength: Field | float = 1.0, shift: tuple[int, int] = (0, 0)) -> None:
        """Print a flat colour through `mask`; the plank's grain shows in it."""
        moved = np.roll(mask.astype(float), tuple(round(s * self.unit) for s in shift), (0, 1))
        moved = ndimage.gaussian_filter(moved, 0.9 * self.unit)
        cover = moved * strength * np.clip(0.91 + 0.16 * self.grain, 0, 1)
        self.sheet = self.sheet + (color * (0.9 + 0.1 * self.sheet) - self.sheet) * cover[..., None]

    def lines(self, where: Field, phase: Field, weight: Field | float, widest: float = 9.0) -> None:
        """Carve lines at the whole numbers of `phase`; `weight` in [0, 1] is the share of black between them."""
        gy, gx = np.gradient(phase)
        slope = np.hypot(gx, gy) + 1e-9
        away = np.abs(phase - np.round(phase)) / slope / self.unit
        half = np.minimum(0.5 * np.asarray(weight) / slope / self.unit, widest) * (1 + 0.7 * self.carve) - 0.35
        self.key = np.maximum(self.key, where * smoothstep(half + 1.1, half - 1.1, away) * (half > 0.25))

    def outline(self, mask: Field, width: float, within: Field | float = 1.0) -> None:
        """Black contour round a shape, swelling a little as the knife turns."""
        edge = np.ones(mask.shape, bool)
        edge[1:] &= mask[1:] == mask[:-1]
        edge[:, 1:] &= mask[:, 1:] == mask[:, :-1]
        away = ndimage.distance_transform_edt(edge)
        half = width * (1 + 0.9 * self.carve) * self.unit
        self.key = np.maximum(self.key, within * smoothstep(half + 1.2, half - 1.2, away))

    def clear(self, mask: Field) -> None:
        """Take away the lines behind a shape that stands in front."""
        self.key = self.key * (1 - mask)

    def pull(self) -> Field:
        """Print the key block and return the sheet, (size, size, 3)."""
        wear = smoothstep(-0.62, -0.30, 0.62 * self.grain + 0.5 * fbm(self.x * 160, self.y * 160, seed=57))
        black = self.key * (0.80 + 0.20 * wear)
        return np.clip(self.sheet + (KEY - self.sheet) * black[..., None], 0, 1)


def _sky(p: Print) -> None:
    p.ink(p.y < 1, PRUSSIAN, 0.93 * smoothstep(0.22, 0.0, p.y + 0.012 * p.carve))
    p.ink(p.y < 1, PALE, 0.55 * smoothstep(0.34, 0.10, p.y))
    p.ink(p.y > 0, PEACH, 0.85 * smoothstep(0.36, 0.66, p.y))
    sun = np.hypot(p.x - 0.775, p.y - 0.275) < 0.125
    p.ink(sun, RED, 0.80 + 0.2 * smoothstep(0.4, 0.15, p.y), (3, -3))
    p.outline(sun, 2.2)
    p.lines(sun, (p.y + 0.004 * np.sin(20 * p.x)) * 62, 0.34 * smoothstep(0.25, 0.40, p.y))
    p.lines(
        p.y < 0.24,
        (p.y + 0.010 * np.sin(9 * p.x + 1) + 0.03 * fbm(p.x * 2, p.y * 3, seed=60)) * 95,
        0.50 * smoothstep(0.22, 0.02, p.y),
    )


def _clouds(p: Print) -> None:
    """Stacks of round-ended bars of mist."""
    bars = [(0.60, 0.205, 0.30, 0.021), (0.70, 0.168, 0.20, 0.018), (0.56, 0.243, 0.15, 0.016),
            (0.93, 0.375, 0.17, 0.020), (0.84, 0.412, 0.20, 0.017), (0.02, 0.135, 0.20, 0.024),
            (0.10, 0.178, 0.19, 0.019), (0.35, 0.075, 0.17, 0.019), (0.27, 0.110, 0.11, 0.016),
            (0.95, 0.075, 0.14, 0.020)]  # fmt: skip
    best = np.full(p.x.shape, 9.0)
    for cx, cy, half, r in bars:
        best = np.minimum(
            best, np.hypot(np.maximum(np.abs(p.x - cx) - half + r, 0), p.y - cy - 0.003 * np.sin(30 * p.x)) - r
        )
    mask = best < 0
    p.clear(mask)
    p.ink(mask, PAPER * 1.02)
    p.ink(mask, PALE, 0.75 * smoothstep(0.004, -0.004, best + 0.009))
    p.outline(mask, 2.6)
    p.lines(mask, best * 115, 0.26 * smoothstep(-0.1, 0.4, fbm(p.x * 8, p.y * 3, seed=61) + 0.15))


def _mountain(p: Print) -> None:
    """A snow-capped cone in the hollow of the wave, with ranges at its feet."""
    dx = p.x - 0.705
    top = 0.425 + 0.95 * np.abs(dx) ** 1.12 * (1 - 0.55 * np.abs(dx)) - 0.012 * np.exp(-((dx / 0.03) ** 2)) + 0.012
    mask = p.y > top
    p.clear(mask)
    fall = np.arctan2(dx, p.y - 0.36)
    snowline = 0.535 + 0.035 * np.abs(((fall * 5.3) % 1) - 0.5) * 4 - 0.05 * np.abs(fall)
    snow = mask & (p.y < snowline)
    p.ink(mask, PAPER)
    p.ink(mask & ~snow, PRUSSIAN, 0.55 + 0.4 * smoothstep(0.68, 0.52, p.y), (3, 2))
    p.outline(mask, 3.4)
    p.outline(snow, 2.2, mask)
    p.lines(
        mask & ~snow, fall * 30 + 0.5 * fbm(p.x * 12, p.y * 5, seed=62), 0.42 * smoothstep(0.0, 0.1, p.y - snowline)
    )
    p.lines(snow, fall * 26, 0.32 * smoothstep(-0.05, 0.25, fall))
    for base, swing, color, seed in ((0.625, 0.05, TEAL, 4), (0.66, 0.06, MOSS, 9)):
        ridge = base + swing * fbm(p.x * 5, 0.5, octaves=3, seed=seed)
        hill = p.y > ridge
        p.clear(hill)
        p.ink(hill, color, 0.95, (-2, 3))
        p.outline(hill, 3.0)
        p.lines(
            hill,
            (p.x * 1.0 + (p.y - ridge) * 1.6) * 60 + fbm(p.x * 9, p.y * 9, seed=63),
            0.5 * smoothstep(0.03, 0.0, p.y - ridge),
        )


def _swells(p: Print) -> None:
    """Rows of waves, larger towards the viewer, each with lines along its crest."""
    for row, (level, tall, cells, color) in enumerate([
        (0.690, 0.016, 15.0, PALE), (0.715, 0.024, 10.0, MIDDLE), (0.75, 0.034, 7.0, PRUSSIAN),
        (0.795, 0.045, 5.2, MIDDLE),
    ]):  # fmt: skip
        u = p.x * cells + 0.37 * row + 0.5 * fbm(p.x * 3, row, seed=70)
        crest = 1 - np.abs(np.sin(np.pi * u)) ** 0.62  # sharp tops, round troughs
        top = level - tall * crest * (0.75 + 0.5 * fbm(p.x * 2.5, 3.0 + row, seed=71))
        mask = p.y > top
        depth = p.y - top * 0.8 - level * 0.2
        p.clear(mask)
        p.ink(mask, PAPER)
        p.ink(mask & (p.y - top > tall * 0.28), color, 0.96, (2, 3))
        p.ink(mask & (np.abs((depth / tall * 0.8) % 1 - 0.5) < 0.16), PAPER, 0.75)
        p.outline(mask, 3.2)
        p.lines(
            mask,
            depth / tall * 3.2 + 0.3 * fbm(p.x * 14, p.y * 14, seed=72),
            0.42 + 0.35 * fbm(p.x * 11, p.y * 7, seed=73),
        )


def _boat(p: Print) -> None:
    """A junk with an ochre sail between two swells."""
    u, v = (p.x - 0.80) / 0.115, (p.y - 0.715) / 0.115
    tilt = v + 0.10 * u
    hull = (tilt > -0.05 - 0.27 * u**2) & (tilt < 0.21 - 0.55 * u**4) & (np.abs(u) < 0.98)
    sail = (np.abs(u + 0.02 - 0.06 * v) < 0.46 + 0.10 * np.sin(2.2 * (v + 1))) & (v > -1.35) & (v < -0.27)
    mast = (np.abs(u + 0.02) < 0.022) & (v > -1.5) & (v < -0.1)
    for mask, color in ((mast, KEY), (sail, PEACH), (hull, OCHRE)):
        p.clear(mask)
        p.ink(mask, color, 0.97, (2, -2))
        p.outline(mask, 3.0)
    p.ink(sail & (np.abs((v * 2.2) % 1 - 0.5) < 0.2), RED, 0.9, (2, -2))
    p.lines(sail, u * 6 + 0.3 * v, 0.22)
    p.lines(hull, (tilt + 0.25 * u**2) * 12, 0.34)


def _breaker(p: Print) -> Field:
    """The great wave: stripes run from its foot over its back; returns its mask."""
    back, face = _curve(BACK), _curve(FACE)
    outline = np.concatenate([back, face[1:], [(1.1, 1.1), (-0.1, 1.1)]])
    mask = _inside(outline, p.size)
    db, df = _distance(back, p.x, p.y), _distance(face, p.x, p.y)
    band = df / (df + db + 1e-6) + 0.03 * fbm(p.x * 5, p.y * 5, octaves=2, seed=80)
    band = band + 0.55 * smoothstep(0.62, 1.0, p.y) * (p.y - 0.5)
    p.clear(mask)
    p.ink(mask, PAPER)
    stripe = (band * 7.0) % 1
    p.ink(mask, MIDDLE, 0.97 * (stripe < 0.36), (2, 2))
    p.ink(mask & (stripe >= 0.36) & (stripe < 0.80), PRUSSIAN, 0.97, (-2, 2))
    p.ink(mask, PALE, 0.8 * (stripe >= 0.80))
    p.lines(
        mask,
        band * 7.0 * 5,
        0.30 + 0.5 * fbm(p.x * 7, p.y * 7, octaves=2, seed=81) + 0.22 * smoothstep(0.3, 0.9, stripe),
    )
    p.outline(mask, 4.6)
    return mask


def _claws(p: Print, rng: np.random.Generator) -> None:
    """Foam: hooked fingers along the lip, a scalloped edge on the back, flying drops."""
    lip = np.concatenate([_curve(BACK)[84:], _curve(FACE)[1:88]])
    tangent = np.gradient(lip, axis=0)
    normal = np.stack([-tangent[:, 1], tangent[:, 0]], 1) / np.linalg.norm(tangent, axis=1, keepdims=True)
    field = np.full(p.x.shape, 9.0)
    rows = [(3, 0.021, -0.004, 0.0), (4, 0.017, 0.016, 0.0), (4, 0.0115, -0.017, 1.0), (5, 0.0085, -0.031, 1.6)]
    for step, radius, offset, hook in rows:
        for k in range(0, len(lip), step):
            grow = 0.55 + 0.75 * np.sin(np.pi * k / len(lip))
            at = (
                lip[k]
                + normal[k] * offset * grow
                + hook * 0.011 * grow * tangent[k] / np.linalg.norm(tangent[k])
                + rng.normal(0, 0.0028, 2)
            )
            _circle(field, p, at, radius * grow * rng.uniform(0.75, 1.2))
    for _ in range(130):
        k = int(rng.integers(60, len(lip)))
        at = lip[k] - normal[k] * rng.gamma(2.0, 0.022) + rng.normal(0, 0.012, 2) + [0.02, 0.012]
        _circle(field, p, at, rng.uniform(0.0022, 0.0068))
    foam = field < 0
    p.clear(foam)
    p.ink(foam, PAPER * 1.04)
    p.ink(foam & (field > -0.0065) & (field < -0.0025), PALE, 0.85, (2, 2))
    p.outline(foam, 2.7)
    p.lines(foam, field * 150, 0.22 * smoothstep(-0.1, 0.3, fbm(p.x * 30, p.y * 30, seed=83)))


def _circle(field: Field, p: Print, at: Field, radius: float) -> None:
    """Lower `field` to the signed distance of a disc, near the disc only."""
    n, reach = p.size, radius + 0.02
    box = (
        slice(max(0, int((at[1] - reach) * n)), max(0, int((at[1] + reach) * n))),
        slice(max(0, int((at[0] - reach) * n)), max(0, int((at[0] + reach) * n))),
    )
    field[box] = np.minimum(field[box], np.hypot(p.x[box] - at[0], p.y[box] - at[1]) - radius)


def _foreground(p: Print) -> None:
    """A last swell across the foot of the sheet."""
    top = (
        0.925
        - 0.075 * np.exp(-(((p.x - 0.16) / 0.16) ** 2))
        - 0.06 * np.exp(-(((p.x - 0.86) / 0.2) ** 2))
        + 0.01 * fbm(p.x * 8, 1.0, seed=90)
    )
    depth = p.y - top
    mask = depth > 0
    p.clear(mask)
    p.ink(mask, PAPER)
    scallop = 0.010 + 0.007 * np.abs(np.sin(62 * p.x + 3 * fbm(p.x * 5, 0.0, seed=91)))
    p.ink(mask & (depth > scallop), PRUSSIAN, 0.97, (2, -3))
    p.ink(mask & (depth > scallop) & (((depth * 26 + 0.4 * np.sin(5 * p.x)) % 1) < 0.3), MIDDLE, 0.9, (2, -3))
    p.outline(mask, 4.0)
    p.outline(mask & (depth > scallop), 2.2, mask)
    p.lines(
        mask & (depth > scallop),
        depth * 120 + 0.5 * fbm(p.x * 10, p.y * 10, seed=92),
        0.45 + 0.4 * fbm(p.x * 9, p.y * 9, seed=93),
    )


def _seal(p: Print) -> None:
    """A small red stamp with a carved leaf."""
    u, v = (p.x - 0.938) / 0.026, (p.y - 0.50) / 0.034
    box = (np.abs(u) ** 6 + np.abs(v) ** 6 < 1) & ~(
        (np.abs(np.hypot(u, v * 0.8) - 0.55) < 0.12) | ((np.abs(u) < 0.1) & (v > -0.4))
    )
    p.ink(box, RED, 0.95)


def draw(size: int = 1024) -> Field:
    """The finished print, (size, size, 3) in [0, 1]; carved at twice the size and averaged."""
    rng = np.random.default_rng(31)
    p = Print(2 * size)
    for part in (_sky, _clouds, _mountain, _seal, _swells, _boat, _breaker):
        part(p)
    _claws(p, rng)
    _foreground(p)
    border = (np.abs(p.x - 0.5) > 0.487) | (np.abs(p.y - 0.5) > 0.487)
    p.clear(border)
    p.sheet = np.where(border[..., None], p.bare, p.sheet)
    p.outline(~border, 3.6)
    return p.pull().reshape(size, 2, size, 2, 3).mean((1, 3))
