"""`stained-glass.jpg`: a rose window with a dove-grey stone frame, lit from behind."""

from __future__ import annotations

import numpy as np
from scipy import ndimage, spatial

from recipes.noise import Field, fbm, grid, ramp, rgb, smoothstep

JEWELS = {
    "blue": ["#0c2a9c", "#1550d0", "#3f9af0", "#0a1668"],
    "sky": ["#1c74b4", "#3598c4", "#9ad8d8", "#0d4688"],
    "red": ["#b80f1c", "#dd1f24", "#ff6a30", "#7a0828"],
    "gold": ["#f0a01a", "#fcc52e", "#fff0a0", "#d8680c"],
    "green": ["#0c7a3d", "#22a850", "#9ad860", "#064c48"],
    "violet": ["#5a1c9c", "#8236c0", "#d080e0", "#300c60"],
    "pale": ["#e6dcc0", "#f6efd0", "#fffdf0", "#c8c09c"],
}
LEAD = rgb("#17171b")


class Plan:
    """Panes being drawn: a number for each pixel, and for each number the family of its colour."""

    def __init__(self, size: int) -> None:
        x, y = grid(size)
        self.x = 2 * x - 1 + 0.006 * fbm(9 * x, 9 * y, octaves=3, seed=41)  # cut by hand: no line is quite true
        self.y = 2 * y - 1 + 0.006 * fbm(9 * x, 9 * y, octaves=3, seed=42)
        self.r, self.t = np.hypot(self.x, self.y), np.arctan2(self.y, self.x)
        self.pane = np.zeros((size, size), np.int64)
        self.family = ["blue"]
        self.bar = np.full((size, size), np.inf)  # distance to the stone tracery, in half widths of a bar

    def add(self, mask: Field, sector: Field, families: list[str]) -> None:
        """Cut `mask` into one pane per value of `sector`, its colour family taken in turn."""
        for value in np.unique(sector[mask]).astype(int):
            self.pane[mask & (sector == value)] = len(self.family)
            self.family.append(families[value % len(families)])

    def arch(self, distance: Field, width: float) -> None:
        """A stone bar along distance = 0."""
        self.bar = np.minimum(self.bar, np.abs(distance) / (0.85 * width))


def _sector(angle: Field, count: int, turn: float = 0.0) -> Field:
    return np.floor((angle / (2 * np.pi) * count + turn) % count)


def _spoke_coordinates(plan: Plan, count: int, turn: float = 0.0) -> tuple[Field, Field]:
    """Coordinates along and across the nearest of `count` spokes."""
    step = 2 * np.pi / count
    local = (plan.t + turn * step + step / 2) % step - step / 2
    return plan.r * np.cos(local), plan.r * np.sin(local)


def _petal(along: Field, across: Field, start: float, end: float, width: float) -> Field:
    """Signed distance, about, to a lancet from `start` to a round head at `end`; negative inside."""
    shoulder = end - width
    side = np.abs(across) - width * smoothstep(start - 0.12, shoulder, along)
    head = np.hypot(along - shoulder, across) - width
    body = np.maximum(np.maximum(side, start - along), along - shoulder)
    return np.minimum(body, head)


def _ground(plan: Plan, rng: np.random.Generator) -> None:
    """Outside the wheel: shards of blue and green, larger towards the corners."""
    points = rng.uniform(-1.1, 1.1, (420, 2))
    for _ in range(3):  # Lloyd's steps: even but not regular
        cloud = rng.uniform(-1.1, 1.1, (40000, 2))
        owner = spatial.cKDTree(points).query(cloud)[1]
        sums = np.stack([np.bincount(owner, cloud[:, c], len(points)) for c in range(2)], 1)
        points = sums / np.maximum(np.bincount(owner, minlength=len(points)), 1)[:, None]
    wobble = 0.012 * fbm(plan.x * 6, plan.y * 6, seed=1), 0.012 * fbm(plan.x * 6, plan.y * 6, seed=2)
    query = np.stack([plan.x + wobble[0], plan.y + wobble[1]], -1)
    cell = spatial.cKDTree(points).query(query)[1]
    plan.add(np.ones_like(plan.r, bool), cell, ["blue", "sky", "violet", "blue", "green", "blue", "sky", "red", "blue"])


def _corners(plan: Plan) -> None:
    """A roundel in each corner."""
    dx, dy = np.abs(plan.x) - 0.82, np.abs(plan.y) - 0.82
    r, t = np.hypot(dx, dy), np.arctan2(plan.y - 0.82 * np.sign(plan.y), plan.x - 0.82 * np.sign(plan.x))
    which = (plan.x > 0) * 1 + (plan.y > 0) * 2
    plan.add((r < 0.145) & (r >= 0.098), _sector(t, 8) + 8 * which, ["red", "gold"])
    plan.add((r < 0.098) & (r >= 0.04), _sector(t, 6, 0.5) + 6 * which, ["green", "pale"])
    plan.add(r < 0.04, which, ["gold"])
    plan.arch(r - 0.15, 0.011)


def _wheel(plan: Plan) -> None:
    """Three rings of lancets and medallions round a flower."""
    ring = (plan.r < 0.97) & (plan.r >= 0.905)
    plan.add(ring, _sector(plan.t, 48), ["red", "gold", "red", "blue"])
    plan.add(
        plan.r < 0.905,
        _sector(plan.t, 32) + 32 * np.floor(plan.r * 9 + 0.2 * np.cos(16 * plan.t)),
        ["blue", "sky", "blue", "violet"],
    )
    along, across = _spoke_coordinates(plan, 16, 0.5)
    medal = np.hypot(along - 0.80, across)
    spoke = _sector(plan.t, 16)
    plan.add(medal < 0.098, spoke, ["gold"])
    plan.add(
        medal < 0.078, spoke * 5 + _sector(np.arctan2(across, along - 0.8), 5), ["red", "pale", "red", "green", "red"]
    )
    plan.add(medal < 0.034, spoke, ["gold", "blue"])
    plan.arch(medal - 0.104, 0.010)
    along, across = _spoke_coordinates(plan, 16)
    outer = _petal(along, across, 0.36, 0.74, 0.062)
    half = _sector(plan.t, 16, 0.5) * 2 + (np.floor((along - 0.36) / 0.075))
    plan.add(outer < 0, half + 100 * _sector(plan.t, 16, 0.5), ["red", "violet", "red", "gold", "red"])
    inner = _petal(along, across, 0.42, 0.70, 0.034)
    plan.add(inner < 0, _sector(plan.t, 16, 0.5) * 4 + np.floor((along - 0.4) / 0.11), ["gold", "green", "pale", "red"])
    plan.arch(outer - 0.004, 0.010)


def _flower(plan: Plan) -> None:
    """The heart: eight petals, a ring of beads and a star."""
    plan.add(plan.r < 0.37, _sector(plan.t, 24), ["green", "blue", "green"])
    along, across = _spoke_coordinates(plan, 8)
    petal = np.hypot(along - 0.235, across) - 0.088
    spoke = _sector(plan.t, 8, 0.5)
    plan.add(petal < 0, spoke * 2 + (across > 0), ["red", "red"])
    plan.add(np.hypot(along - 0.235, across) < 0.052, spoke, ["gold", "pale"])
    plan.arch(petal - 0.004, 0.008)
    star = plan.r < 0.145 * (0.80 + 0.2 * np.cos(8 * plan.t))
    plan.add(plan.r < 0.15, _sector(plan.t, 16), ["blue", "violet"])
    plan.add(star, _sector(plan.t, 8), ["gold", "pale"])
    plan.add(plan.r < 0.055, _sector(plan.t, 1), ["red"])
    for radius, width in ((0.975, 0.02), (0.37, 0.013), (0.155, 0.009)):
        plan.arch(plan.r - radius, width)


def _streaks(plan: Plan, rng: np.random.Generator) -> tuple[Field, Field, Field]:
    """Per pane: glass streaks along a direction of its own, a shade of its family, and a lightness."""
    count = len(plan.family)
    turn, tone = rng.uniform(0, np.pi, count), rng.normal(0, 0.10, count)
    cos, sin, shift = np.cos(turn)[plan.pane], np.sin(turn)[plan.pane], rng.uniform(0, 99, count)[plan.pane]
    warp = 0.05 * fbm(plan.x * 5 + shift, plan.y * 5, seed=5)
    u, v = plan.x * cos + plan.y * sin + warp, plan.y * cos - plan.x * sin + warp
    streak = fbm(u * 4 + shift, v * 26, octaves=5, seed=6)
    return streak, tone[plan.pane], fbm(u * 9 + shift, v * 16 + shift, octaves=3, seed=8)


def _glass(plan: Plan, rng: np.random.Generator) -> Field:
    """Colour of the light through each pane, before lead and stone."""
    streak, tone, swirl = _streaks(plan, rng)
    value = np.clip(0.48 + 1.0 * swirl + 0.75 * streak + 1.9 * tone, 0, 1)
    color = np.zeros((*plan.pane.shape, 3))
    family = np.array([list(JEWELS).index(name) for name in plan.family])[plan.pane]
    for index, name in enumerate(JEWELS):
        shades = [rgb(c) for c in JEWELS[name]]
        mask = family == index
        color[mask] = ramp(value[mask], [0, 0.35, 0.72, 1], [shades[3], shades[0], shades[1], shades[2]])
    hatch = np.abs(np.sin(plan.x * 300 + 40 * fbm(plan.x * 4, plan.y * 4, octaves=2, seed=15)))
    brushed = smoothstep(0.45, 0.1, hatch) * smoothstep(0.02, 0.22, fbm(plan.x * 8, plan.y * 8, octaves=2, seed=16))
    color = color * (1 - 0.55 * brushed * (family >= 5))[..., None]  # grisaille: brown lines painted on light glass
    bubbles = np.zeros_like(streak)
    for x, y in rng.integers(0, len(streak), (2500, 2)):
        bubbles[y, x] = rng.uniform(0.4, 1.0)
    bubbles = ndimage.gaussian_filter(bubbles, len(streak) / 1100) * 6
    light = 1.12 + 0.75 * streak + bubbles + 0.10 * fbm(plan.x * 40, plan.y * 40, octaves=2, seed=12)
    return color * light[..., None]


def _edges(pane: Field) -> Field:
    """Pixels to the nearest border between panes."""
    border = np.zeros(pane.shape, bool)
    border[:, 1:] |= pane[:, 1:] != pane[:, :-1]
    border[1:] |= pane[1:] != pane[:-1]
    return ndimage.distance_transform_edt(~border)


def _metal(profile: Field, base: Field, plan: Plan, strength: float) -> Field:
    """Shade a raised bar whose height is `profile`, with a grainy surface."""
    gy, gx = np.gradient(ndimage.gaussian_filter(profile, 1.0))
    shade = 0.9 - strength * (gx * 0.5 + gy * 0.85) + 0.35 * fbm(plan.x * 70, plan.y * 70, seed=20)
    return base * np.clip(shade, 0.25, 3.2)[..., None]


def draw(size: int = 1024) -> Field:
    """The finished window, (size, size, 3) in [0, 1]; drawn at twice the size and averaged."""
    rng = np.random.default_rng(5)
    big = 2 * size
    unit = big / 2048
    plan = Plan(big)
    _ground(plan, rng)
    _corners(plan)
    _wheel(plan)
    _flower(plan)
    edge = _edges(plan.pane) / unit
    glass = _glass(plan, rng)
    patina = smoothstep(0.0, 22.0, edge)  # dirt gathers along the lead
    sun = 1.0 + 0.55 * np.exp(-((plan.x + 0.25) ** 2 + (plan.y + 0.35) ** 2) / 0.55)
    glass = glass * ((0.40 + 0.68 * patina) * sun)[..., None]
    wide = 6.5 + 2.0 * fbm(plan.x * 9, plan.y * 9, octaves=2, seed=30)
    lead = smoothstep(wide + 1.2, wide - 1.2, edge)
    came = np.sqrt(np.clip(1 - (edge / (wide + 1)) ** 2, 0, 1)) * 4
    image = glass + (_metal(came, LEAD * 1.5, plan, 1.6) - glass) * lead[..., None]
    stone = smoothstep(1.06, 0.94, plan.bar)
    round_bar = np.sqrt(np.clip(1 - plan.bar**2, 0, 1)) * 9
    image = image + (_metal(round_bar, rgb("#2a2522"), plan, 1.2) - image) * stone[..., None]
    glow = np.clip(glass * (1 - np.maximum(lead, stone))[..., None], 0, 1.3) ** 2
    for sigma, weight in ((6, 0.20), (36, 0.16)):  # light spills over the lead, as it does in the eye
        image = image + weight * ndimage.gaussian_filter(glow, (sigma * unit, sigma * unit, 0))
    image = 1 - np.exp(-1.75 * np.clip(image, 0, None) ** 1.2)
    return np.clip(image, 0, 1).reshape(size, 2, size, 2, 3).mean((1, 3))
