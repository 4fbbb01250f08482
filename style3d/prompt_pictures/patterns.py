"""Patterns of a given size are masks in [0, 1], with 1 where the pattern's own colour lies.

Each is a function of a seeded generator, a side length and a unit (the size of one element, pixels).
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Generator, Tensor

from style3d.prompt_pictures.fields import chance, convolve_lines, flow, log_uniform, noise, smooth, uniform
from style3d.prompt_pictures.marks import scatter

Pattern = Callable[[Generator, int, float], Tensor]  # generator, side, unit -> (side, side) in [0, 1]


def plane(rng: Generator, side: int, bend: float = 0.0) -> tuple[Tensor, Tensor]:
    """Coordinates (side, side) in pixels, turned at random and bent by ``bend`` pixels."""
    y, x = torch.meshgrid(torch.arange(side) + 0.0, torch.arange(side) + 0.0, indexing="ij")
    turn = uniform(rng, 0, math.pi)
    u, v = x * math.cos(turn) + y * math.sin(turn), -x * math.sin(turn) + y * math.cos(turn)
    if bend:
        u, v = u + bend * smooth(rng, side, 2.5), v + bend * smooth(rng, side, 2.5)
    return u, v


def step(field: Tensor, sharp: float = 1.5) -> Tensor:
    """A soft threshold at zero; ``field`` in pixels."""
    return torch.sigmoid(field * 2 * sharp)


def scatter_marks(rng: Generator, side: int, unit: float, aspect: float, cover: float, taper: float, angle: Tensor,
              bend: float = 0.0) -> Tensor:  # fmt: skip
    """Coverage by marks."""
    top, u, v, _ = scatter(rng, side, unit / cover, unit * aspect, unit, angle, bend, taper)
    return (top >= 0) * (1 - 0.3 * (u.abs().clamp(max=1) ** taper + v.abs().clamp(max=1) ** taper).clamp(0, 1))


def dots(rng: Generator, side: int, unit: float) -> Tensor:
    """Round dots, in rows or strewn."""
    if chance(rng, 0.5):
        return scatter_marks(rng, side, unit, 1.0, 0.62, 2.0, torch.zeros(side, side))
    u, v = (w % (1.8 * unit) - 0.9 * unit for w in plane(rng, side))
    return step(unit / 2 - torch.hypot(u, v))


def stripes(rng: Generator, side: int, unit: float) -> Tensor:
    """Parallel stripes, straight or a little bent."""
    u, _ = plane(rng, side, unit * uniform(rng, 0, 0.8) * float(chance(rng, 0.5)))
    return step((torch.sin(math.pi * u / unit) + uniform(rng, -0.3, 0.3)) * unit / 3)


def checks(rng: Generator, side: int, unit: float) -> Tensor:
    """A chequerboard."""
    u, v = plane(rng, side)
    return step(torch.sin(math.pi * u / unit) * torch.sin(math.pi * v / unit) * unit)


def grid(rng: Generator, side: int, unit: float) -> Tensor:
    """Crossing lines."""
    u, v = plane(rng, side, 0.2 * unit)
    line = torch.minimum((u % (2 * unit) - unit).abs(), (v % (2 * unit) - unit).abs())
    return step(unit * uniform(rng, 0.12, 0.3) - line)


def cells(rng: Generator, side: int, unit: float, bend: float) -> tuple[Tensor, Tensor, Tensor]:
    """Voronoi cells: distance to the centre and to the border (side, side), and the cell's number."""
    count = max(6, round((side / (1.9 * unit)) ** 2))
    seeds = torch.rand(count, 2, generator=rng) * side
    for _ in range(2):  # towards even cells
        far = torch.cdist(seeds, seeds) + 1e6 * torch.eye(count)
        seeds = seeds + 0.3 * (seeds - seeds[far.argmin(1)]) * (far.amin(1) < 1.5 * unit)[:, None]
    y, x = torch.meshgrid(torch.arange(side) + 0.0, torch.arange(side) + 0.0, indexing="ij")
    spot = torch.stack([x + bend * smooth(rng, side, 6), y + bend * smooth(rng, side, 6)], -1).reshape(-1, 2)
    near, index = torch.cdist(spot, seeds).topk(2, dim=1, largest=False)
    near, index = near.reshape(side, side, 2), index.reshape(side, side, 2)
    return near[..., 0], (near[..., 1] - near[..., 0]) / 2, index[..., 0]


def cracks(rng: Generator, side: int, unit: float) -> Tensor:
    """Thin lines between cells."""
    _, edge, _ = cells(rng, side, unit, unit * 0.3)
    return step(uniform(rng, 0.4, 1.2) - edge)


def pebbles(rng: Generator, side: int, unit: float) -> Tensor:
    """Rounded cells with gaps, shaded."""
    centre, edge, _ = cells(rng, side, unit, unit * 0.1)
    return step(edge - 0.12 * unit) * (1 - 0.35 * (centre / unit).clamp(0, 1))


def veins(rng: Generator, side: int, unit: float) -> Tensor:
    """Marble's veins: thin wandering ridges."""
    u, _ = plane(rng, side)
    place = u / (3 * unit) + uniform(rng, 0.3, 0.9) * noise(rng, side, uniform(rng, 1.3, 2.0), cut=2)
    ridge = 1 - torch.sin(math.pi * place).abs()
    return ridge ** log_uniform(rng, 4, 12)


def swirls(rng: Generator, side: int, unit: float) -> Tensor:
    """Lines around vortices."""
    y, x = torch.meshgrid(torch.linspace(0, 1, side), torch.linspace(0, 1, side), indexing="ij")
    u, v = torch.full_like(x, 0.2), torch.zeros_like(x)
    for _ in range(int(uniform(rng, 2, 6))):
        dx, dy = x - uniform(rng, 0, 1), y - uniform(rng, 0, 1)
        turn = torch.exp(-(dx * dx + dy * dy) / 0.06) * (1 if chance(rng, 0.5) else -1) / (torch.hypot(dx, dy) + 0.02)
        u, v = u - dy * turn, v + dx * turn
    grain = noise(rng, side, 0.3, cut=side / (2.5 * unit))
    field = convolve_lines(grain, torch.atan2(v, u), int(3 * unit) + 8)
    return torch.sigmoid(3 * field)


def turing(rng: Generator, side: int, unit: float, skew: float) -> Tensor:
    """Swift-Hohenberg: spots where ``skew`` is large, a maze where it is zero."""
    y, x = torch.fft.fftfreq(side)[:, None] * side, torch.fft.fftfreq(side)[None, :] * side
    square = (x * x + y * y) / (side / (2 * unit)) ** 2
    decay = 1 / (1 + 0.5 * ((1 - square) ** 2 - 0.4).clamp_min(-1.5))
    field = 0.3 * torch.randn(side, side, generator=rng)
    for _ in range(40):
        force = field + 0.5 * (skew * field**2 - field**3)
        field = torch.fft.ifft2(torch.fft.fft2(force) * decay).real.clamp(-3, 3)
    return torch.sigmoid(3 * (field - field.mean()) / field.std().clamp_min(1e-6))


def spots(rng: Generator, side: int, unit: float) -> Tensor:
    """Round spots of an animal's coat."""
    return turing(rng, side, unit, 0.9)


def maze(rng: Generator, side: int, unit: float) -> Tensor:
    """A labyrinth, as on a brain coral."""
    return turing(rng, side, unit, 0.0)


def hatching(rng: Generator, side: int, unit: float) -> Tensor:
    """Thin parallel lines that thicken with a tone, once or crossed."""
    tone, keep = torch.sigmoid(2 * smooth(rng, side, 1.5)), torch.zeros(side, side)
    for layer in range(1 + int(chance(rng, 0.5))):
        u, _ = plane(rng, side, 0.3 * unit)
        keep = torch.maximum(keep, step((torch.sin(2 * math.pi * u / unit) + 1.6 * tone - 1.2 - 0.4 * layer) * 2))
    return keep


def weave(rng: Generator, side: int, unit: float) -> Tensor:
    """Threads over and under."""
    u, v = (w / unit for w in plane(rng, side, 0.3 * unit))
    twill = int(uniform(rng, 2, 4))
    over = ((u.floor() + v.floor()) % twill) < twill / 2
    return torch.where(over, 0.6 + 0.4 * torch.sin(math.pi * (u % 1)), 0.5 * torch.sin(math.pi * (v % 1)))


def knit(rng: Generator, side: int, unit: float) -> Tensor:
    """Columns of V-shaped stitches."""
    u, v = (w / unit for w in plane(rng, side, 0.2 * unit))
    lean = (u % 2 - 1).abs()
    return (torch.sin(math.pi * ((v + 0.9 * lean) % 1)) * torch.sin(math.pi * lean).clamp_min(0.1) ** 0.5).clamp(0, 1)


def clouds(rng: Generator, side: int, unit: float) -> Tensor:
    """Soft drifts."""
    return torch.sigmoid(1.6 * noise(rng, side, uniform(rng, 1.3, 2.0), cut=side / (8 * unit)))


def speckles(rng: Generator, side: int, unit: float) -> Tensor:
    """Fine grains."""
    return torch.sigmoid(3 * (smooth(rng, side, side / (1.8 * unit)) - uniform(rng, 0.2, 0.9)))


def blobs(rng: Generator, side: int, unit: float) -> Tensor:
    """Rounded shapes."""
    return torch.sigmoid(6 * (smooth(rng, side, side / (5 * unit)) - uniform(rng, -0.2, 0.5)))


def scales(rng: Generator, side: int, unit: float) -> Tensor:
    """Overlapping scales in rows, dark at the rim."""
    u, v = (w / unit for w in plane(rng, side, 0.2 * unit))
    best = torch.zeros(side, side)
    for row in (1, 0):
        y = v - row - 2 * torch.floor((v - row) / 2)
        x = (u + row) % 2 - 1
        inside = torch.hypot(x, y.clamp(max=2) - 0.6) < 1.05
        best = torch.where(inside, 1 - 0.8 * torch.hypot(x, y - 0.6).clamp(0, 1) ** 3, best)
    return best


def fur(rng: Generator, side: int, unit: float) -> Tensor:
    """Hair along a flow."""
    grain = noise(rng, side, 0.0, cut=side / (1.2 * unit))
    return torch.sigmoid(1.5 * convolve_lines(grain, flow(rng, side), int(5 * unit)))


def waves(rng: Generator, side: int, unit: float) -> Tensor:
    """Rows of waves."""
    u, v = plane(rng, side, 0.5 * unit)
    phase = v / unit + uniform(rng, 0.25, 0.6) * torch.sin(2 * math.pi * u / (uniform(rng, 3, 5) * unit))
    return (0.5 + 0.5 * torch.sin(math.pi * phase)) ** 1.5


def splashes(rng: Generator, side: int, unit: float) -> Tensor:
    """Large splotches and droplets around them."""
    large = noise(rng, side, 1.6, cut=side / (10 * unit)) - uniform(rng, 0.1, 0.7)
    drops = scatter_marks(rng, side, max(2.0, unit * 0.35), 1.1, 0.35, 2.0, torch.zeros(side, side))
    return torch.maximum(torch.sigmoid(12 * large), drops * (large > -0.6))


def drips(rng: Generator, side: int, unit: float) -> Tensor:
    """Paint that runs down from above, with round ends."""
    x, y = torch.arange(side) + 0.0, torch.arange(side)[:, None] + 0.0
    line = smooth(rng, side, side / (4 * unit))[0]
    reach = side * uniform(rng, 0.25, 0.6) + 3 * unit * torch.sin(math.pi * x / unit + 2 * line) + 2 * unit * line
    start = side * uniform(rng, 0.0, 1.0)
    return step((reach[None, :] - (y - start) % side) * 0.5)


def flowers(rng: Generator, side: int, unit: float) -> Tensor:
    """Petals around centres, strewn, and some stalks."""
    pace = 3.2 * unit
    u, v = plane(rng, side)
    i, j = (u / pace).floor(), (v / pace).floor()
    du = u - (i + 0.5 + 0.18 * torch.sin(5.1 * i + 3.7 * j)) * pace
    dv = v - (j + 0.5 + 0.18 * torch.sin(2.3 * i + 7.9 * j)) * pace
    petals = int(uniform(rng, 4, 8))
    angle = torch.atan2(dv, du) + i * 1.3 + j * 0.7
    radius = torch.hypot(du, dv)
    bloom = step(unit * (0.75 + 0.35 * torch.cos(petals * angle)) - radius) * step(radius - 0.22 * unit)
    stalk = veins(rng, side, unit) if chance(rng, 0.5) else torch.zeros(side, side)
    return torch.maximum(bloom, stalk)


def bricks(rng: Generator, side: int, unit: float) -> Tensor:
    """Courses of bricks; 0 in the joints."""
    u, v = plane(rng, side, 0.1 * unit)
    row = (v / (1.4 * unit)).floor()
    along = (u + row % 2 * 1.5 * unit) % (3 * unit)
    joint = torch.minimum(torch.minimum(along, 3 * unit - along), v % (1.4 * unit))
    return step(joint - 0.14 * unit)


def contours(rng: Generator, side: int, unit: float) -> Tensor:
    """Level lines of a stretched landscape: grain of wood."""
    field = noise(rng, side, 2.0, cut=1.5, stretch=log_uniform(rng, 2, 6), angle=uniform(rng, 0, 3))
    return torch.sigmoid(2.5 * torch.sin(field * side / (3.0 * unit)))


PATTERNS: dict[str, Pattern] = {
    f.__name__: f
    for f in (dots, stripes, checks, grid, cracks, pebbles, veins, swirls, spots, maze, hatching, weave, knit, clouds,
              speckles, blobs, scales, fur, waves, splashes, drips, flowers, bricks, contours)
}  # fmt: skip
