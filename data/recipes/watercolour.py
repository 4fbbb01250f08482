"""`watercolour.jpg`: poppies, cornflowers and leaves, washed wet into wet on rough paper."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import ndimage

from recipes.noise import Field, fbm, grid, rgb, smoothstep

# Light a pigment lets through at unit density; layers multiply (Beer's law).
PIGMENTS = {
    "scarlet": rgb("#f0523c"), "rose": rgb("#e8527f"), "yellow": rgb("#fbd04a"), "orange": rgb("#f79240"),
    "ultramarine": rgb("#4a62c8"), "cobalt": rgb("#5f9fe0"), "violet": rgb("#8a62b8"), "sap": rgb("#86b04a"),
    "viridian": rgb("#4f9f86"), "indigo": rgb("#3f4f78"), "sepia": rgb("#6a5048"), "turquoise": rgb("#7fd0cc"),
}  # fmt: skip
GRANULATION = {"ultramarine": 0.55, "violet": 0.45, "viridian": 0.4, "cobalt": 0.45, "sepia": 0.5}


class Sheet:
    """Rough paper and the pigment that lies on it."""

    def __init__(self, size: int, tooth: float = 1.0) -> None:
        self.size = size
        self.x, self.y = grid(size)
        grain = fbm(self.x * 150, self.y * 150, octaves=3, seed=1) + 0.5 * fbm(self.x * 60, self.y * 60, octaves=2, seed=2)
        self.tooth = tooth * grain / grain.std()
        self.log_light = np.zeros((size, size, 3))
        self.reserved = np.zeros((size, size))  # flowers painted first; what comes later goes round them

    def wash(self, points: Field, pigments: Sequence[tuple[str, float]], *, seed: int, wet: float = 0.3,
             center: tuple[float, float] | None = None, rough: float = 1.0, behind: bool = False,
             keep: float = 0.0) -> None:  # fmt: skip
        """Flood the closed outline `points` (n, 2 in [0, 1]) with pigments at these densities.

        `wet` in [0, 1] is how much of the edge runs out softly; `center` is where the colour charges up; a wash `behind`
        leaves out what earlier ones reserved, and `keep` is how much of this one is reserved.
        """
        low, high = points.min(0) - 0.06, points.max(0) + 0.06
        n = self.size
        box = (slice(max(0, int(low[1] * n)), min(n, int(high[1] * n))), slice(max(0, int(low[0] * n)), min(n, int(high[0] * n))))
        x, y = self.x[box], self.y[box]
        if x.size == 0:
            return
        span = float(np.sqrt(np.prod(points.max(0) - points.min(0))))
        warp = 0.006 * rough
        px = x + warp * fbm(x * 14, y * 14, octaves=4, seed=seed) + 0.35 * warp * fbm(x * 70, y * 70, seed=seed + 1)
        py = y + warp * fbm(x * 14, y * 14, octaves=4, seed=seed + 2) + 0.35 * warp * fbm(x * 70, y * 70, seed=seed + 3)
        inside = _signed(points, px, py) * n  # pixels to the edge, positive inside
        run = smoothstep(0.62 - wet, 0.9 - wet, 0.5 + 0.8 * fbm(x * 5, y * 5, octaves=2, seed=seed + 4))
        room = 1 - (0.94 * smoothstep(0.05, 0.5, self.reserved[box]) if behind else 0.0)
        soft = 1.1 + run * 0.11 * span * n
        cover = smoothstep(-0.55 * soft, 0.45 * soft, inside)
        rim = np.exp(-(((inside - 1.6) / 1.9) ** 2)) * (1 - run) + 0.35 * np.exp(-np.abs(inside) / 9) * (1 - run)
        flow = 1 + 0.85 * fbm(x * 6 / (span + 0.1), y * 6 / (span + 0.1), octaves=4, seed=seed + 5)
        bloom = _blooms(px, py, span, seed) * (inside > 0)
        body = cover * np.clip(flow + 0.85 * rim + bloom, 0.08, None)
        self.reserved[box] = np.maximum(self.reserved[box], keep * cover)
        if center is not None:
            d = np.hypot(x - center[0], y - center[1]) / span
            body = body * (0.55 + 0.9 * np.exp(-((d / 0.42) ** 2)))
        for index, (name, density) in enumerate(pigments):
            drift = 1 + 1.3 * fbm(x * 3 / (span + 0.05) + 9 * index, y * 3 / (span + 0.05), octaves=2, seed=seed + 20 + index)
            speck = 1 - GRANULATION.get(name, 0.16) * self.tooth[box] * 0.5
            layer = room * density * body * np.clip(drift, 0, None) * np.clip(speck, 0.2, None)
            self.log_light[box] += layer[..., None] * np.log(PIGMENTS[name])

    def stroke(self, path: Field, width: Field, pigments: Sequence[tuple[str, float]], seed: int, wet: float = 0.1) -> None:
        """One pass of a round brush along `path` (n, 2) with half width (n,) on the way."""
        tangent = np.gradient(path, axis=0)
        normal = np.stack([-tangent[:, 1], tangent[:, 0]], 1) / (np.linalg.norm(tangent, axis=1, keepdims=True) + 1e-9)
        outline = np.concatenate([path + normal * width[:, None], (path - normal * width[:, None])[::-1]])
        self.wash(outline, pigments, seed=seed, wet=wet, rough=0.45, behind=True)

    def picture(self) -> Field:
        """Light through the pigment, off the paper."""
        relief = ndimage.gaussian_filter(self.tooth, 0.8)
        gy, gx = np.gradient(relief)
        paper = rgb("#faf6ec") * (1 + 0.040 * (gx + gy) + 0.008 * fbm(self.x * 4, self.y * 4, seed=3))[..., None]
        return np.clip(paper * self.light(), 0, 1)

    def light(self) -> Field:
        """Share of light the pigment lets through, (size, size, 3)."""
        density = -self.log_light
        most = density.max(-1, keepdims=True) + 1e-6
        return np.exp(-density * (1 - np.exp(-most / 2.1)) * 2.1 / most)  # the paper holds only so much pigment


def _signed(points: Field, x: Field, y: Field) -> Field:
    """Signed distance from (x, y) to a closed polygon, positive inside."""
    best = np.full(x.shape, np.inf)
    odd = np.zeros(x.shape, bool)
    for (ax, ay), (bx, by) in zip(points, np.roll(points, -1, axis=0), strict=True):
        ex, ey = bx - ax, by - ay
        t = np.clip(((x - ax) * ex + (y - ay) * ey) / (ex * ex + ey * ey + 1e-12), 0, 1)
        best = np.minimum(best, (x - ax - t * ex) ** 2 + (y - ay - t * ey) ** 2)
        if ay != by:
            odd ^= ((ay > y) != (by > y)) & (x < (bx - ax) * (y - ay) / (by - ay) + ax)
    return np.sqrt(best) * np.where(odd, 1.0, -1.0)


def _blooms(x: Field, y: Field, span: float, seed: int) -> Field:
    """Back-runs: water pushes pigment outwards into a frilly dark line and leaves a pale pool behind."""
    rng = np.random.default_rng(seed)
    total = np.zeros(x.shape)
    for number in range(int(rng.integers(0, 2 + int(9 * span)))):
        cx, cy = rng.uniform(x.min(), x.max()), rng.uniform(y.min(), y.max())
        radius = span * rng.uniform(0.08, 0.2)
        r = np.hypot(x - cx, y - cy) / radius
        a = np.arctan2(y - cy, x - cx)
        frill = 0.85 * fbm(1.6 * np.cos(a), 1.6 * np.sin(a), seed + number, octaves=5, seed=seed)
        edge = r - 1 - frill
        line = np.exp(-((edge / 0.05) ** 2)) * (edge < 0) + np.exp(-((edge / 0.12) ** 2)) * (edge >= 0)
        total += 0.6 * line * smoothstep(-0.2, 0.3, np.sin(a + seed)) - 0.6 * smoothstep(0.05, -0.6, edge)
    return total


def blob(center: Sequence[float], radii: Sequence[float], turn: float, rng: np.random.Generator, wobble: float = 0.12) -> Field:
    """An irregular oval outline."""
    t = np.linspace(0, 2 * np.pi, 44, endpoint=False)
    r = 1 + wobble * sum(rng.normal() * np.cos(k * t + rng.uniform(0, 6.3)) / k for k in range(2, 7))
    p = np.stack([radii[0] * r * np.cos(t), radii[1] * r * np.sin(t)], 1)
    return p @ np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]]) + np.asarray(center)


def petal(center: Sequence[float], turn: float, length: float, width: float, rng: np.random.Generator) -> Field:
    """A petal that leaves `center` in the direction `turn` and ends in a ruffled edge."""
    t = np.linspace(0, 1, 26)
    half = width * np.sin(np.pi * np.clip(t, 0, 1) ** 0.75) ** 0.72 * (0.35 + 0.65 * t)
    ruffle = 0.06 * length * np.cumsum(rng.normal(0, 0.4, t.size)) / 3
    upper = np.stack([t * length + ruffle * t, half * (1 + 0.08 * rng.normal(size=t.size))], 1)
    lower = np.stack([t * length + ruffle[::-1] * t, -half * (1 + 0.08 * rng.normal(size=t.size))], 1)
    p = np.concatenate([upper, lower[-2:0:-1]])
    return p @ np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]]) + np.asarray(center)


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
        sheet.wash(blob((cx, cy), (w, h), rng.uniform(-0.5, 0.5), rng, 0.3), tint, seed=100 + 37 * number, wet=0.42, rough=7.0, behind=True)


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
    tint = [[("sap", 0.8), ("yellow", 0.5)], [("viridian", 0.7), ("turquoise", 0.4)], [("sap", 0.7), ("viridian", 0.35)],
            [("viridian", 0.55), ("cobalt", 0.35)]][int(rng.integers(4))]  # fmt: skip
    sheet.stroke(path, width, tint, seed, wet=0.22)
    sheet.stroke(path[3:-3] + 0.10 * length * np.array([0.1, 0.1]) * 0.3, width[3:-3] * 0.42, [("indigo", 0.28), ("sap", 0.3)], seed + 5, wet=0.25)


def _poppy(sheet: Sheet, at: Sequence[float], radius: float, rng: np.random.Generator, seed: int) -> None:
    """Two layers of petals round a dark heart."""
    hues = [[("scarlet", 0.85), ("orange", 0.45)], [("scarlet", 0.8), ("rose", 0.5)], [("orange", 0.75), ("yellow", 0.4), ("scarlet", 0.3)]]
    start = rng.uniform(0, 6.3)
    for layer, (count, size) in enumerate(((5, 1.0), (4, 0.78))):
        for k in range(count):
            turn = start + layer * 0.6 + k * 2 * np.pi / count + rng.normal(0, 0.12)
            squash = 0.78 + 0.22 * abs(np.cos(turn))
            outline = petal(at, turn, radius * size * squash * rng.uniform(0.9, 1.1), radius * size * 0.66, rng)
            sheet.wash(outline, hues[int(rng.integers(3))], seed=seed + 11 * k + 97 * layer, wet=0.30, center=(at[0], at[1]), rough=1.3,
                       behind=layer == 0, keep=0.9)
    sheet.wash(blob(at, (radius * 0.17, radius * 0.15), 0, rng), [("indigo", 1.5), ("violet", 0.8)], seed=seed + 400, wet=0.25)
    for _ in range(34):
        a, r = rng.uniform(0, 6.3), radius * rng.uniform(0.20, 0.36)
        dot = (at[0] + r * np.cos(a), at[1] + r * np.sin(a) * 0.9)
        sheet.wash(blob(dot, (0.0035, 0.003), 0, rng), [("indigo", 1.6)], seed=seed + 401, wet=0.0, rough=0.3)


def _cornflower(sheet: Sheet, at: Sequence[float], radius: float, rng: np.random.Generator, seed: int) -> None:
    """Toothed blue florets in a ring, violet at heart."""
    for k in range(13):
        turn = k * 2 * np.pi / 13 + rng.normal(0, 0.12)
        tint = [[("ultramarine", 0.95)], [("cobalt", 1.0), ("ultramarine", 0.35)], [("ultramarine", 0.6), ("violet", 0.6)]][int(rng.integers(3))]
        length = radius * rng.uniform(0.75, 1.1)
        sheet.wash(petal(at, turn, length, length * 0.30, rng), tint, seed=seed + 13 * k, wet=0.24, center=(at[0], at[1]), behind=True, keep=0.45)
    sheet.wash(blob(at, (radius * 0.3, radius * 0.28), 0, rng, 0.3), [("violet", 1.2), ("indigo", 0.5)], seed=seed + 500, wet=0.4)


def _spatter(sheet: Sheet, rng: np.random.Generator) -> None:
    """Drops flicked from the brush, finer further out."""
    names = ["scarlet", "ultramarine", "sap", "orange", "violet", "cobalt"]
    for number in range(120):
        at = (rng.beta(1.3, 1.3), rng.beta(1.3, 1.3))
        size = 0.0012 + 0.006 * rng.random() ** 5
        sheet.wash(blob(at, (size, size * rng.uniform(0.8, 1.1)), 0, rng), [(names[int(rng.integers(6))], 0.9)], seed=number, wet=0.0, rough=0.3)


def draw(size: int = 1024) -> Field:
    """The finished sheet, (size, size, 3) in [0, 1]."""
    rng = np.random.default_rng(23)
    sheet = Sheet(size)
    poppies = [(0.36, 0.36, 0.165), (0.68, 0.46, 0.150), (0.47, 0.66, 0.125), (0.60, 0.17, 0.085)]
    blues = [(0.20, 0.52, 0.085), (0.83, 0.27, 0.075), (0.30, 0.13, 0.07), (0.78, 0.72, 0.085), (0.16, 0.28, 0.05), (0.27, 0.77, 0.06)]
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
            _leaf(sheet, path[int(place * 21)], -np.pi / 2 + side * rng.uniform(0.5, 1.25), rng.uniform(0.10, 0.2), rng, 1000 + 50 * number + 7 * k)
    _spatter(sheet, rng)
    return sheet.picture()
