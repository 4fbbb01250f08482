"""Marks of a brush are colours along a palette, overlapping strokes, relief and washes."""

from __future__ import annotations

import math

import torch
from torch import Generator, Tensor
from torch.nn import functional as F

from style3d.prompt_pictures.fields import log_uniform, noise, rank, smooth, uniform


def paint(palette: Tensor, field: Tensor) -> Tensor:
    """Colours (3, h, w) of a scalar field in [0, 1], interpolated along the palette."""
    place = field.clamp(0, 1) * (len(palette) - 1)
    low = place.floor().long().clamp(max=len(palette) - 2)
    share = (place - low)[..., None]
    return (palette[low] * (1 - share) + palette[low + 1] * share).permute(2, 0, 1)


def scatter(
    rng: Generator, side: int, spacing: float, length: float, width: float, angle: Tensor, bend: float, taper: float
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Overlapping curved marks on a jittered grid; for each pixel the topmost mark.

    Returns its index (−1 where bare), the coordinates along and across it in [−1, 1], and the centres (marks, 2) px.
    A mark is an ellipse-ended bar bent to a parabola, as long and wide as asked, give or take a third.
    """
    reach = math.ceil((length / 2 + spacing / 2) / spacing)
    cells = math.ceil(side / spacing) + 2 * reach + 1
    count = cells * cells
    j, i = torch.meshgrid(torch.arange(cells), torch.arange(cells), indexing="ij")
    jitter = torch.rand(2, cells, cells, generator=rng)
    cx = ((i + jitter[0] - reach) * spacing).flatten()
    cy = ((j + jitter[1] - reach) * spacing).flatten()
    at = cy.round().long().clamp(0, side - 1) * side + cx.round().long().clamp(0, side - 1)
    turn = angle.flatten()[at] + 0.15 * torch.randn(count, generator=rng)
    size = 1 + 0.3 * (2 * torch.rand(count, generator=rng) - 1)
    half_u, half_v = size * length / 2, (0.7 + 0.6 * torch.rand(count, generator=rng)) * width / 2
    curve = bend * torch.randn(count, generator=rng) / length
    order = torch.rand(count, generator=rng)
    table = torch.stack([cx, cy, turn.cos(), turn.sin(), half_u, half_v, curve, order], 1)
    py, px = torch.meshgrid(torch.arange(side) + 0.0, torch.arange(side) + 0.0, indexing="ij")
    base = (py / spacing).long() * cells + (px / spacing).long()
    best = torch.full((side, side), -1.0)
    top, u_top, v_top = torch.full((side, side), -1, dtype=torch.long), torch.zeros(side, side), torch.zeros(side, side)
    for shift in range((2 * reach + 1) ** 2):
        index = base + shift // (2 * reach + 1) * cells + shift % (2 * reach + 1)
        mark = table[index.flatten()].T.reshape(8, side, side)
        dx, dy = px - mark[0], py - mark[1]
        u = dx * mark[2] + dy * mark[3]
        v = -dx * mark[3] + dy * mark[2] - mark[6] * u * u
        u, v = u / mark[4], v / mark[5]
        inside = (u.abs() ** taper + v.abs() ** taper < 1) & (mark[7] > best)
        best = torch.where(inside, mark[7], best)
        top = torch.where(inside, index, top)
        u_top, v_top = torch.where(inside, u, u_top), torch.where(inside, v, v_top)
    return top, u_top, v_top, torch.stack([cx, cy], 1)


def marks(
    rng: Generator,
    side: int,
    palette: Tensor,
    under: Tensor,
    spacing: float,
    aspect: float,
    angle: Tensor,
    bend: float,
    taper: float,
    cover: float,
    vary: float,
    bristle: float,
) -> Tensor:
    """Paints marks over ``under`` (3, h, w), each with the colour of a guide at its centre, varied, with bristles."""
    width = spacing * cover
    top, u, v, centres = scatter(rng, side, spacing, width * aspect, width, angle, bend, taper)
    guide = rank(smooth(rng, side, uniform(rng, 0.8, 4)))
    at = centres.round().long().clamp(0, side - 1)
    tone = guide[at[:, 1], at[:, 0]] + vary * torch.randn(len(centres), generator=rng)
    color = paint(palette, tone[None, :])[:, 0]
    hair = torch.randn(64, 64, generator=rng)
    row = ((v * 0.5 + 0.5) * 20).long().clamp(0, 63)
    grain = hair[top.clamp_min(0) % 64, row] * bristle * (1 - 0.3 * u.abs())
    painted = color[:, top.clamp_min(0)] * (1 + grain) * (1 - 0.25 * bristle * 4 * (v.abs() > 0.8))
    return torch.where(top >= 0, painted, under)


def impasto(rng: Generator, image: Tensor, strength: float) -> Tensor:
    """Lights the picture as if its brightness were the height of the paint."""
    height = F.avg_pool2d(F.pad(image.mean(0)[None, None], (1, 1, 1, 1), mode="replicate"), 3, 1)[0, 0]
    angle = uniform(rng, 0, 2 * math.pi)
    slope = (height.roll(-1, 1) - height.roll(1, 1)) * math.cos(angle)
    slope = slope + (height.roll(-1, 0) - height.roll(1, 0)) * math.sin(angle)
    return image * (1 + strength * slope[None])


def washes(rng: Generator, side: int, palette: Tensor) -> Tensor:
    """Watercolour: translucent washes with dark rims, on grainy paper."""
    image = torch.ones(3, side, side) * (0.85 + 0.15 * palette[-1][:, None, None])
    for _ in range(int(uniform(rng, 3, 8))):
        shape = noise(rng, side, uniform(rng, 1.5, 2.4), cut=1.5) - uniform(rng, -0.3, 1.2)
        inside = torch.sigmoid(shape * log_uniform(rng, 5, 30))
        rim = torch.exp(-((shape * 8) ** 2))
        color = palette[int(uniform(rng, 0, len(palette)))][:, None, None]
        image = image * (1 - inside * (0.5 + 0.4 * rim) * (1 - color))
    return image * (1 + 0.04 * noise(rng, side, 0.3)[None])
