"""`oil.jpg`: a night of wind over a river valley, in thick swirling strokes."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from recipes.brush import Brush, Canvas, lay, paint, prepare, relief
from recipes.noise import Field, blend, fbm, grid, ramp, rgb, smoothstep

MOON = (0.735, 0.175, 0.062)  # x, y, radius
# x, y, strength (its sign turns the eddy), radius
EDDIES = [(0.37, 0.23, 0.075, 0.105), (0.56, 0.335, -0.05, 0.075), (0.13, 0.12, -0.04, 0.07), (0.92, 0.40, 0.035, 0.06)]
STARS = [(0.08, 0.30, 0.022), (0.245, 0.075, 0.026), (0.52, 0.085, 0.02), (0.93, 0.07, 0.023), (0.90, 0.29, 0.017),
         (0.47, 0.165, 0.013), (0.28, 0.39, 0.016), (0.64, 0.06, 0.012)]  # fmt: skip


def _stream(x: Field, y: Field) -> Field:
    """Stream function of the wind: its level lines are the strokes' paths and the sky's light and dark ribbons."""
    psi = y + 0.035 * np.sin(7.0 * x + 1.0) + 0.05 * fbm(2.2 * x, 3.0 * y, octaves=2, seed=4)
    for cx, cy, strength, radius in EDDIES:
        r2 = ((x - cx) ** 2 + (y - cy) ** 2) / radius**2
        psi = psi + strength * 2.2 * np.exp(-0.5 * r2)
    for cx, cy, radius in [MOON, *STARS]:
        r2 = ((x - cx) ** 2 + (y - cy) ** 2) / (2.4 * radius) ** 2
        psi = psi + 4.2 * radius * np.exp(-r2)
    return psi


def _sky(x: Field, y: Field) -> tuple[Field, Field]:
    psi = _stream(x, y)
    deep = ["#101a52", "#16307e", "#2257a8", "#3f8cbb", "#8fc4b4", "#f0d58c", "#ee9a52"]
    color = ramp(y + 0.05 * fbm(3 * x, 5 * y, seed=9), [0, 0.13, 0.27, 0.38, 0.46, 0.53, 0.6], [rgb(c) for c in deep])
    ribbon = np.sin(psi * 78.0 + 2.0 * fbm(4 * x, 4 * y, seed=2))
    color = blend(color, color * [0.50, 0.56, 0.72], 0.75 * smoothstep(0.15, -0.95, ribbon))
    color = blend(color, rgb("#a9dcdc"), 0.62 * smoothstep(0.35, 1.0, ribbon) * smoothstep(0.55, 0.30, y))
    warm = smoothstep(0.25, 0.6, fbm(2.5 * x, 6 * psi, seed=31) + 0.25)
    color = blend(color, rgb("#8a6fb8"), 0.5 * warm * smoothstep(0.5, 0.2, y))
    for cx, cy, radius in [MOON, *STARS]:
        r = np.hypot(x - cx, y - cy) / radius
        halo = ramp(r, [0, 0.9, 1.15, 1.7, 2.3, 3.2], [rgb(c) for c in
                    ("#fff3bd", "#ffd95e", "#f6a431", "#f6d670", "#b9dc9a", "#58aac0")])  # fmt: skip
        halo = blend(halo, rgb("#ef8f2c"), 0.40 * smoothstep(0.2, -1.0, np.cos(r * 6.5)) * smoothstep(3.2, 1.6, r))
        color = blend(color, halo, smoothstep(3.7, 1.5, r))
    gy, gx = np.gradient(psi)
    along, up = gy / np.hypot(gx, gy), -gx / np.hypot(gx, gy)
    for cx, cy, radius in [MOON, *STARS]:
        dx, dy = (x - cx) / radius, (y - cy) / radius
        pull = smoothstep(3.6, 2.2, np.hypot(dx, dy))
        along, up = along + (-dy * np.sign(cx - 0.2) * 2 - along) * pull, up + (dx * np.sign(cx - 0.2) * 2 - up) * pull
    return color, np.arctan2(up, along)


def _ridge(x: Field, base: float, swing: float, cells: float, seed: int) -> Field:
    return base + swing * fbm(cells * x, 0.37 * seed, octaves=3, seed=seed)


def _hills(x: Field, y: Field) -> list[tuple[Field, Field, Field]]:
    """Far to near: (mask, colour, stroke angle) of each fold of the valley."""
    folds = [
        (0.535, 0.16, 2.6, 3, ("#5a6bb0", "#39478f", "#7f6fae")),
        (0.585, 0.13, 2.1, 8, ("#2f7f8f", "#1d4f78", "#58a58a")),
        (0.655, 0.15, 1.7, 12, ("#3c8a5c", "#1c5a55", "#a9b94e")),
        (0.765, 0.16, 1.3, 21, ("#c9952f", "#7a6b2a", "#eec257")),
    ]
    layers = []
    for base, swing, cells, seed, (main, dark, light) in folds:
        top = _ridge(x, base, swing, cells, seed)
        depth = y - top
        bend = depth + 0.06 * fbm(3.5 * x, 5 * y, octaves=2, seed=seed + 1)
        furrow = np.sin(bend * (190.0 - 110.0 * (base - 0.5)) + 3.0 * fbm(5 * x, 5 * y, seed=seed + 2))
        color = blend(np.tile(rgb(main), (*x.shape, 1)), rgb(dark), 0.85 * smoothstep(0.1, -0.9, furrow))
        color = blend(color, rgb(light), 0.85 * smoothstep(0.25, 1.0, furrow))
        color = blend(color, rgb("#ffd98a"), 0.75 * smoothstep(0.016, 0.0, depth))  # the rim catches the last light
        gy, gx = np.gradient(bend)
        layers.append((depth > 0, color, np.arctan2(-gx, gy)))
    return layers


def _river(x: Field, y: Field) -> tuple[Field, Field]:
    """Distance to the river's middle in river widths, and its colour."""
    t = np.clip((y - 0.6) / 0.4, 0.0, 1.0)
    middle = 0.66 + 0.14 * np.sin(1.5 + 5.2 * t) * (0.35 + t) - 0.1 * t
    width = 0.012 + 0.095 * t**1.5
    across = (x - middle) / width
    glint = np.sin(y * 210 * (1.3 - 0.6 * t) + 4 * fbm(6 * x, 9 * y, seed=40))
    color = ramp(glint, [-1, -0.2, 0.5, 1], [rgb(c) for c in ("#143d7a", "#2d7fae", "#7cc6c4", "#ffd77e")])
    return across, color


def _cypress(
    x: Field, y: Field, foot: tuple[float, float], height: float, width: float, seed: int
) -> tuple[Field, Field]:
    """Mask and angle of a flame of a tree that stands on `foot`."""
    t = (foot[1] - y) / height
    sway = 0.22 * width * np.sin(5.0 * t + seed)
    profile = width * np.sqrt(np.clip(t + 0.03, 0, 1)) * np.clip(1 - t, 0, 1) ** 0.62 * 1.4
    offset = x - foot[0] - sway
    edge = profile * (1 + 0.55 * fbm(x * 18, y * 9, seed=seed))
    lean = offset / (width + 1e-9)
    return (np.abs(offset) < edge) & (t > -0.03) & (t < 1), -np.pi / 2 + 0.75 * lean + 0.6 * fbm(
        x * 12, y * 6, seed=seed + 7
    )


def scene(size: int) -> tuple[Field, Field, Field]:
    """The picture before the brush: colour (h, w, 3), stroke angle (h, w), region number (h, w)."""
    x, y = grid(size)
    color, angle = _sky(x, y)
    region = np.zeros((size, size))
    for number, (mask, paint_color, flow) in enumerate(_hills(x, y), start=1):
        color[mask], angle[mask], region[mask] = paint_color[mask], flow[mask], number
    _houses(x, y, color, angle, region)
    across, water = _river(x, y)
    wet = (np.abs(across) < 1) & (region >= 3)
    color[wet], angle[wet], region[wet] = water[wet], 0.12 * across[wet], 10
    bank = (np.abs(across) >= 1) & (np.abs(across) < 1.22) & (region >= 3) & (region < 10)
    color[bank] *= 0.45
    trees = [((0.135, 0.93), 0.66, 0.072, 5), ((0.245, 0.90), 0.40, 0.052, 9), ((0.045, 0.97), 0.42, 0.055, 14)]
    for number, (foot, height, width, seed) in enumerate(trees):
        mask, flow = _cypress(x, y, foot, height, width, seed)
        tone = np.sin(60 * (x + 0.3 * fbm(8 * x, 5 * y, seed=seed + 3)) + 5 * fbm(16 * x, 7 * y, seed=seed))
        leaf = ramp(tone, [-1, -0.1, 0.6, 1], [rgb(c) for c in ("#0b1a26", "#123a34", "#2c6240", "#8d8f3a")])
        color[mask], angle[mask], region[mask] = leaf[mask], flow[mask], 12 + number
    return color, angle, region


def _houses(x: Field, y: Field, color: Field, angle: Field, region: Field) -> None:
    """A few lit gables by the water; changes its arrays in place."""
    village = [(0.425, 0.652, 0.036, "#f0dcae", "#c2452d"), (0.490, 0.666, 0.028, "#7fa6cc", "#e0702f"),
               (0.370, 0.664, 0.026, "#d8a37d", "#8c2f3f"), (0.538, 0.664, 0.021, "#f4e2b4", "#b83a2a")]  # fmt: skip
    for number, (cx, cy, w, wall, roof) in enumerate(village):
        u, v = (x - cx) / w, (y - cy) / w
        front, side = (
            (u > -0.85) & (u < 0.1) & (v > -0.45) & (v < 0.6),
            (u >= 0.1) & (u < 1.1) & (v > -0.45) & (v < 0.55),
        )
        peak = (v <= -0.40) & (v > -1.25) & (np.abs(u + 0.38) < 0.58 * (v + 1.3) / 0.85)
        slope = (
            (v <= -0.38) & (v > -1.2) & (u > -0.38 + 0.6 * (v + 1.25) / 0.85) & (u < 0.72 + 0.55 * (v + 1.25) / 0.85)
        )
        window = (np.abs(u + 0.4) < 0.2) & (np.abs(v - 0.02) < 0.24)
        pane = (np.abs(u - 0.6) < 0.15) & (np.abs(v + 0.02) < 0.18)
        parts = ((front, rgb(wall), 1.57), (side, 0.62 * rgb(wall), 1.57), (peak, rgb(wall), 1.57),
                 (slope, rgb(roof), 1.0), (window | pane, rgb("#ffe36b"), 0.0))  # fmt: skip
        for part, (mask, tint, lean) in enumerate(parts):
            color[mask], angle[mask], region[mask] = tint, lean, 30 + 5 * number + part


def _flowers(canvas: Canvas, region: Field, rng: np.random.Generator) -> None:
    """Dabs of poppy, white and violet in the near field, larger towards the viewer."""
    size = len(region)
    palette = [rgb(c) for c in ("#d8352a", "#f2e6c9", "#e8542e", "#c22347", "#8a5fc0", "#e03a22")]
    flat = np.zeros_like(region)
    canvas.stamp[:] = -1.0
    for mark in range(1500):
        x, y = rng.random(), 0.80 + 0.2 * rng.random() ** 0.8
        patch = fbm(5 * x, 7 * y, seed=77)
        tint = (
            palette[int(rng.integers(len(palette)))]
            if rng.random() < 0.4
            else palette[int(6 * (patch * 0.5 + 0.5)) % 6]
        )
        if patch < 0.02 or region[min(int(y * size), size - 1), min(int(x * size), size - 1)] != 4:
            continue
        near = (y - 0.78) * 4.5 * size / 1024
        spot = np.broadcast_to(tint, canvas.color.shape)
        lean = np.broadcast_to(rng.normal(-0.4, 0.8), region.shape)
        dab = Brush(2.2 + 4.2 * near, 7 + 8 * near, 1, 0.05, 1.25, 0.0)
        lay(canvas, spot, lean, flat, dab, mark, rng, (x * size, y * size))


def draw(size: int = 1056) -> Field:
    """The finished painting, (31/32 size, 31/32 size, 3) in [0, 1]."""
    rng = np.random.default_rng(11)
    color, angle, region = scene(size)
    scale = size / 1024
    ground = ndimage.gaussian_filter(color, (6 * scale, 6 * scale, 0))
    canvas = prepare(0.65 * ground + 0.35 * rgb("#7a4a2e"))  # burnt sienna, glimpsed between strokes
    layers = [
        Brush(15, 130, 2600, 0.035, 0.8, 0.0),
        Brush(8.5, 100, 6500, 0.045, 0.95, 0.0),
        Brush(5.0, 70, 15000, 0.05, 1.0, 0.055),
        Brush(3.0, 42, 24000, 0.05, 1.05, 0.08),
        Brush(1.9, 26, 22000, 0.045, 1.1, 0.09),
    ]
    for b in layers:
        sized = Brush(b.radius * scale, b.length * scale, b.count, b.tone, b.load, b.detail)
        paint(canvas, color, angle, region, sized, rng)
    _flowers(canvas, region, rng)
    edge = size // 64  # strokes that would start outside are missing there
    return relief(canvas)[edge:-edge, edge:-edge]
