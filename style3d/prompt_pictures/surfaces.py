"""Surfaces draw a material or a technique from its name, its colours and a size, with light on it."""

from __future__ import annotations

import torch
from torch import Generator, Tensor
from torch.nn import functional as F

from style3d.prompt_pictures.fields import flow, log_uniform, noise, rank, smooth, uniform
from style3d.prompt_pictures.marks import impasto, marks, paint, washes
from style3d.prompt_pictures.patterns import PATTERNS, cells, step

# material -> (pattern, manner of the surface), to choose from
GRAIN: dict[str, tuple[tuple[str, str], ...]] = {
    "wood": (("contours", ""),),
    "bark": (("cracks", "rough"), ("fur", "rough")),
    "stone": (("clouds", "rough"), ("pebbles", "")),
    "granite": (("speckles", ""),),
    "marble": (("veins", "glossy"), ("veins", "")),
    "concrete": (("clouds", "rough"),),
    "porcelain": (("flowers", "glossy"), ("swirls", "glossy"), ("waves", "glossy"), ("veins", "glossy")),
    "clay": (("clouds", "smooth"),),
    "brick": (("bricks", ""),),
    "bronze": (("clouds", "glossy"),),
    "rust": (("splashes", "rough"), ("speckles", "rough")),
    "iron": (("fur", "glossy"), ("clouds", "glossy")),
    "patina": (("splashes", "rough"),),
    "leather": (("cracks", "glossy"), ("pebbles", "")),
    "denim": (("weave", ""),),
    "wool": (("knit", "soft"),),
    "straw": (("fur", ""),),
    "grass": (("fur", ""),),
    "moss": (("speckles", "soft"),),
    "leaves": (("scales", ""), ("flowers", "")),
    "fire": (("swirls", "soft"),),
    "lava": (("cracks", "rough"),),
    "ice": (("cracks", "glossy"), ("veins", "glossy")),
    "snow": (("clouds", "soft"),),
    "water": (("waves", "glossy"),),
    "sand": (("waves", "soft"), ("speckles", "")),
    "sky": (("clouds", "soft"),),
    "night": (("dots", ""), ("swirls", "")),
    "paper": (("clouds", "plain"),),
    "coral": (("maze", ""), ("spots", "")),
    "feathers": (("scales", "soft"),),
}
DRAWN = {  # technique -> patterns of its lines
    "ink": ["swirls", "fur", "splashes"],
    "engraving": ["hatching", "contours"],
    "woodcut": ["contours", "swirls"],
    "pencil": ["hatching", "fur"],
}


def pick(rng: Generator, items: tuple[str, ...] | list[str]) -> str:
    """One of them."""
    return items[int(torch.randint(0, len(items), (), generator=rng))]


def ground(rng: Generator, side: int, colors: Tensor) -> Tensor:
    """A surface in these colours, the first ruling, uneven by a little."""
    field = smooth(rng, side, uniform(rng, 1, 3))
    image = paint(torch.cat([colors, colors[-1:]]), (0.25 * field.abs()).clamp(0, 1) * float(len(colors) > 1))
    return image * (1 + 0.04 * smooth(rng, side, 3)[None])


def surface(rng: Generator, image: Tensor, manner: str) -> Tensor:
    """Light on it: highlights where it is glossy, grit where it is rough, a blur where it is soft."""
    side = image.shape[-1]
    if manner == "glossy":
        height = smooth(rng, side, uniform(rng, 1.0, 2.5))
        slope = height.roll(-2, 1) - height.roll(2, 1) + height.roll(-2, 0) - height.roll(2, 0)
        slope = slope / slope.std().clamp_min(1e-6)
        shine = 0.8 * torch.sigmoid(6 * (slope - uniform(rng, 1.6, 2.4)))
        return image * (0.85 + 0.12 * slope.clamp(-2, 1))[None] * (1 - shine) + shine
    if manner == "rough":
        return image * (1 + 0.16 * noise(rng, side, uniform(rng, 0.2, 0.7))[None])
    if manner == "soft":
        padded = F.pad(image[None], (1, 1, 1, 1), mode="reflect")
        return F.avg_pool2d(padded, 3, 1)[0]
    return image


def over(mask: Tensor, top: Tensor, below: Tensor) -> Tensor:
    """One picture where a mask is 1, another where it is 0."""
    return mask * top + (1 - mask) * below


def draw_material(rng: Generator, side: int, name: str, pattern: str, rgb: Tensor, unit: float) -> Tensor:
    """A material's grain in colours (n, 3), without the light on it."""
    mask = PATTERNS[pattern](rng, side, unit)
    if name == "fire":
        mask = (mask * 0.6 + 0.4 * rank(smooth(rng, side, 2))).clamp(0, 1)
    if len(rgb) > 2:
        return paint(rgb, 0.85 * mask + 0.15 * rank(smooth(rng, side, 2)))
    return over(mask, ground(rng, side, rgb[:1]), ground(rng, side, rgb[1:]))


def brush_strokes(rng: Generator, side: int, rgb: Tensor, unit: float, curve: float, aspect: float) -> Tensor:
    """Overlapping strokes in these colours."""
    order = rgb[rgb.sum(1).argsort()]
    under = paint(torch.cat([order, order]), rank(smooth(rng, side, 1.5)))
    ramp = torch.cat([order, order[-1:]])
    for scale in (1.4, 1.0):
        angle = flow(rng, side) if curve else torch.full((side, side), uniform(rng, 0, 3))
        taper, cover = uniform(rng, 2, 5), uniform(rng, 0.9, 1.3)
        bristle = log_uniform(rng, 0.03, 0.18)
        under = marks(rng, side, ramp, under, unit * scale, aspect, angle, curve, taper, cover, 0.12, bristle)
    return under


def draw_medium(rng: Generator, side: int, name: str, rgb: Tensor, unit: float, curved: bool) -> Tensor:
    """A painting, print or drawing in a technique, in colours (n, 3)."""
    if name in ("oil", "strokes", "embroidery"):
        image = brush_strokes(rng, side, rgb, 1.3 * unit, 0.5 * curved, uniform(rng, 3, 6))
        return impasto(rng, image, uniform(rng, 1, 3)) if name == "oil" else image
    if name == "watercolour":
        return washes(rng, side, rgb[rgb.sum(1).argsort()])
    if name in DRAWN:
        mask = PATTERNS[pick(rng, DRAWN[name])](rng, side, unit * (0.8 if name != "woodcut" else 1.2))
        mask = step((mask - 0.5) * 8) if name == "woodcut" else mask
        return over(mask, ground(rng, side, rgb[:1]), ground(rng, side, rgb[1:]))
    if name in ("pointillism", "confetti"):
        aspect, taper, cover = (1.0, 2.0, 1.0) if name == "pointillism" else (2.0, 8.0, 0.5)
        under = ground(rng, side, rgb[-1:])
        return marks(rng, side, rgb, under, unit, aspect, flow(rng, side), 0.0, taper, cover, 0.4, 0.02)
    return panes(rng, side, rgb, unit, leaded=name == "leads")


def panes(rng: Generator, side: int, rgb: Tensor, unit: float, leaded: bool) -> Tensor:
    """Cells of glass between leads, or of stone between joints."""
    _, edge, index = cells(rng, side, unit * 1.3, unit * 0.2)
    image = rgb[torch.randint(0, len(rgb), (int(index.max()) + 1,), generator=rng)][index].permute(2, 0, 1)
    gap = step(edge - (1.2 if leaded else 0.6)) * (1 - 0.15 * smooth(rng, side, 3).abs())
    return image * gap + (0.05 if leaded else 0.8) * (1 - gap)
