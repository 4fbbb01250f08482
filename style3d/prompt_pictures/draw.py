"""A prompt's plan is drawn from a seed, in the same way as the training pictures of the small prompt model."""

from __future__ import annotations

import torch
from torch import Generator, Tensor

from style3d.losses.text.words import MATERIALS, RGB
from style3d.prompt_pictures.fields import log_uniform
from style3d.prompt_pictures.patterns import PATTERNS
from style3d.prompt_pictures.plan import GLAZE, TECHNIQUES, Layer, Plan, own_colors
from style3d.prompt_pictures.surfaces import GRAIN, draw_material, draw_medium, ground, over, pick, surface
from style3d.types import Image

SIDE = 448  # pixels: close views look for strokes as fine as the picture has pixels
UNITS = {"fine": (0.02, 0.03), "": (0.045, 0.065), "large": (0.09, 0.13)}  # of one element, of the side
DARKER, LIGHTER = 0.45, 0.55  # of a colour nobody named, over a bright and over a dark ground
STRAIGHT = ("embroidery",)


def draw_swatch(plan: Plan, seed: int, side: int = SIDE) -> Image:
    """The plan's layers over one another, (1, 3, side, side) in [0, 1]; the same for the same seed."""
    rng = torch.Generator().manual_seed(seed % (1 << 62))
    image = _base(rng, side, plan)
    for layer in plan.over:
        image = _over(rng, side, layer, image)
    return image.clamp(0, 1)[None]


def _base(rng: Generator, side: int, plan: Plan) -> Tensor:
    layer, unit = plan.base, side * log_uniform(rng, *UNITS[plan.base.size])
    rgb = _uneven(rng, layer.colors or own_colors(layer.name))
    if layer.name in MATERIALS:
        pattern, light = GRAIN[layer.name][int(torch.randint(0, len(GRAIN[layer.name]), (), generator=rng))]
        return surface(
            rng, draw_material(rng, side, layer.name, pattern, _at_least_two(rgb), unit), layer.light or light
        )
    if layer.name in TECHNIQUES:
        if layer.pattern:
            return over(
                PATTERNS[layer.pattern](rng, side, unit), ground(rng, side, rgb[:1]), ground(rng, side, rgb[1:])
            )
        image = draw_medium(rng, side, layer.name, _at_least_two(rgb), unit, layer.name not in STRAIGHT)
        return surface(rng, image, layer.light)
    return surface(rng, ground(rng, side, rgb), layer.light)


def _over(rng: Generator, side: int, layer: Layer, below: Tensor) -> Tensor:
    """A layer painted on what is below it."""
    unit = side * log_uniform(rng, *UNITS[layer.size])
    rgb = _uneven(rng, layer.colors or (_contrast(below),))
    if layer.name in PATTERNS:
        top = surface(rng, ground(rng, side, rgb), layer.light)
        return over(PATTERNS[layer.name](rng, side, unit), top, below)
    mask = PATTERNS[pick(rng, ("blobs", "splashes"))](rng, side, unit)
    if layer.name in MATERIALS:
        pattern, light = GRAIN[layer.name][0]
        top = surface(
            rng, draw_material(rng, side, layer.name, pattern, _at_least_two(rgb), unit), layer.light or light
        )
    else:
        top = surface(rng, ground(rng, side, rgb), "glossy" if layer.name == GLAZE else layer.light)
    return over(mask, top, below)


def _uneven(rng: Generator, colors: tuple[RGB, ...]) -> Tensor:
    """Colours (n, 3), each a little off."""
    rgb = torch.tensor(colors)
    return (rgb + 0.03 * torch.randn(rgb.shape, generator=rng)).clamp(0, 1)


def _at_least_two(rgb: Tensor) -> Tensor:
    """At least two colours: a single one beside its own shade."""
    if len(rgb) > 1:
        return rgb
    bright = float(rgb.mean()) > 0.5
    return torch.cat([rgb * DARKER if bright else rgb + LIGHTER * (1 - rgb), rgb])


def _contrast(below: Tensor) -> RGB:
    """A colour that shows on a picture: its own mean, darker or lighter."""
    mean = below.mean((1, 2))
    shade = mean * DARKER if float(mean.mean()) > 0.4 else mean + LIGHTER * (1 - mean)
    red, green, blue = (float(value) for value in shade.clamp(0, 1))
    return red, green, blue
