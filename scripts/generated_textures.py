"""Images for training the embedded network, all of them made here: strokes, leaves, glass, marble, hatching, weaves, …

Each family is a function of a seeded generator and a side length that returns (3, side, side) in [0, 1]; no picture
made by anybody else goes in. `python scripts/generated_textures.py sheet.png` draws two of each.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Generator, Tensor
from torch.nn import functional as F

sys.path[:0] = [str(Path(__file__).resolve().parents[1])]
from style3d.prompt_pictures.fields import (  # noqa: E402
    chance,
    convolve_lines,
    flow,
    log_uniform,
    noise,
    rank,
    smooth,
    uniform,
)
from style3d.prompt_pictures.marks import impasto, marks, paint, washes  # noqa: E402

Family = Callable[[Generator, int, Tensor], Tensor]  # generator, side, palette (n, 3) -> (3, side, side)


def make_palette(rng: Generator) -> Tensor:
    """Three to six colours (n, 3): a dominant hue, relatives and often its opposite, dark to light."""
    count = int(uniform(rng, 3, 7))
    hue, spread = uniform(rng, 0, 1), log_uniform(rng, 0.03, 0.5)
    hues = hue + spread * torch.randn(count, generator=rng)
    if chance(rng, 0.4):
        hues[-1] = hue + 0.5
    saturation = torch.rand(count, generator=rng) ** uniform(rng, 0.3, 1.5) * uniform(rng, 0.2, 1)
    value = torch.linspace(uniform(rng, 0.0, 0.4), uniform(rng, 0.6, 1.0), count)
    value = (value + 0.12 * torch.randn(count, generator=rng)).clamp(0, 1)
    phase = (hues[:, None] + torch.tensor([0.0, 2 / 3, 1 / 3])) % 1
    chroma = (3 * (2 * phase - 1).abs() - 1).clamp(0, 1)
    return value[:, None] * (1 - saturation[:, None] * (1 - chroma))


def backdrop(rng: Generator, side: int, palette: Tensor) -> Tensor:
    """A smooth ground in the palette's colours."""
    return paint(palette, rank(smooth(rng, side, uniform(rng, 0.7, 3))))


def strokes(rng: Generator, side: int, palette: Tensor) -> Tensor:
    """Curved brush strokes that follow a flow, in one or two layers."""
    image, angle = backdrop(rng, side, palette), flow(rng, side)
    spacing, aspect = log_uniform(rng, 3.5, 14), log_uniform(rng, 2, 6)
    for _ in range(1 + int(chance(rng, 0.4))):
        image = marks(
            rng,
            side,
            palette,
            image,
            spacing,
            aspect,
            angle,
            uniform(rng, 0, 0.6),
            uniform(rng, 2, 6),
            uniform(rng, 0.7, 1.3),
            log_uniform(rng, 0.03, 0.4),
            log_uniform(rng, 0.01, 0.2),
        )
        spacing *= uniform(rng, 0.7, 1.0)
    return impasto(rng, image, uniform(rng, 0.5, 3)) if chance(rng, 0.5) else image


def leaves(rng: Generator, side: int, palette: Tensor) -> Tensor:
    """Dead leaves: opaque discs, squares and ovals of falling size, flat or shaded."""
    image, turn = backdrop(rng, side, palette), flow(rng, side) * uniform(rng, 0, 3)
    spacing, taper = log_uniform(rng, 14, 40), log_uniform(rng, 1.3, 12)
    for _ in range(3):
        image = marks(
            rng,
            side,
            palette,
            image,
            spacing,
            uniform(rng, 1, 2),
            turn,
            0.0,
            taper,
            uniform(rng, 0.5, 1.0),
            uniform(rng, 0.1, 0.5),
            0.02 if chance(rng, 0.5) else 0.0,
        )
        spacing *= 0.55
    return image


def dots(rng: Generator, side: int, palette: Tensor) -> Tensor:
    """Pointillism, scales, pebbles: small round marks, dense or loose."""
    image = backdrop(rng, side, palette) if chance(rng, 0.5) else paint(palette, torch.ones(side, side))
    return marks(
        rng,
        side,
        palette,
        image,
        log_uniform(rng, 3, 12),
        uniform(rng, 1, 1.6),
        flow(rng, side),
        0.0,
        2.0,
        uniform(rng, 0.5, 1.2),
        uniform(rng, 0.05, 0.5),
        log_uniform(rng, 0.01, 0.1),
    )


def lines(rng: Generator, side: int, palette: Tensor) -> Tensor:
    """Line integral convolution of noise, soft as hair or hard as ink."""
    grain = noise(rng, side, uniform(rng, 0, 1), cut=side / log_uniform(rng, 4, 20))
    field = convolve_lines(grain, flow(rng, side), int(log_uniform(rng, 8, 40)))
    field = torch.sigmoid(field * log_uniform(rng, 1, 6))
    ground = rank(smooth(rng, side, 2))
    return paint(palette, (field * uniform(rng, 0.4, 1) + ground * uniform(rng, 0, 0.6)).clamp(0, 1))


def glass(rng: Generator, side: int, palette: Tensor) -> Tensor:
    """Voronoi cells with leads: stained glass, cracks, cells."""
    count = int(log_uniform(rng, 20, 400))
    seeds = torch.rand(count, 2, generator=rng) * side
    y, x = torch.meshgrid(torch.arange(side) + 0.0, torch.arange(side) + 0.0, indexing="ij")
    bent = uniform(rng, 0, 8)
    spot = torch.stack([x + bent * smooth(rng, side, 4), y + bent * smooth(rng, side, 4)], -1).reshape(-1, 2)
    near, index = torch.cdist(spot, seeds).topk(2, dim=1, largest=False)
    color = paint(palette, torch.rand(1, count, generator=rng))[:, 0][:, index[:, 0]].reshape(3, side, side)
    edge = (near[:, 1] - near[:, 0]).reshape(side, side)
    lead = torch.sigmoid((edge - uniform(rng, 0.5, 4)) * uniform(rng, 1, 3))
    shade = 1 - uniform(rng, 0, 0.5) * (near[:, 0] / near[:, 0].max()).reshape(side, side)
    return color * shade * lead + palette[0][:, None, None] * (1 - lead)


def marble(rng: Generator, side: int, palette: Tensor) -> Tensor:
    """Domain-warped bands."""
    y, x = torch.meshgrid(torch.linspace(0, 1, side), torch.linspace(0, 1, side), indexing="ij")
    angle, warp = uniform(rng, 0, math.pi), log_uniform(rng, 0.1, 1.5)
    place = x * math.cos(angle) + y * math.sin(angle) + warp * 0.2 * noise(rng, side, uniform(rng, 1.2, 2.2), cut=2)
    field = 0.5 + 0.5 * torch.sin(2 * math.pi * place * log_uniform(rng, 3, 20))
    return paint(palette, field ** log_uniform(rng, 0.4, 3))


def contours(rng: Generator, side: int, palette: Tensor) -> Tensor:
    """Level lines of a landscape: engraving, wood grain, banded relief."""
    field = noise(rng, side, uniform(rng, 1.5, 2.5), cut=1.5, stretch=log_uniform(rng, 1, 5), angle=uniform(rng, 0, 3))
    wave = torch.sin(field * log_uniform(rng, 3, 18))
    ink = torch.sigmoid((wave + uniform(rng, -0.6, 0.6)) * log_uniform(rng, 1.5, 10))
    return paint(palette, (ink * 0.8 + 0.2 * rank(field)).clamp(0, 1))


def turing(rng: Generator, side: int, palette: Tensor) -> Tensor:
    """Spots and labyrinths: the Swift-Hohenberg equation, stepped in the spectrum."""
    waves = side / log_uniform(rng, 5, 20)
    y, x = torch.fft.fftfreq(side)[:, None] * side, torch.fft.fftfreq(side)[None, :] * side
    angle, squeeze = uniform(rng, 0, math.pi), log_uniform(rng, 1, 2)
    along, across = x * math.cos(angle) + y * math.sin(angle), -x * math.sin(angle) + y * math.cos(angle)
    square = ((along * squeeze) ** 2 + across**2) / waves**2
    drive, skew = uniform(rng, 0.2, 0.6), uniform(rng, -1, 1)
    decay = 1 / (1 + 0.5 * ((1 - square) ** 2 - drive).clamp_min(-1.5))
    field = 0.3 * torch.randn(side, side, generator=rng)
    for _ in range(60):
        force = field + 0.5 * (skew * field**2 - field**3)
        field = torch.fft.ifft2(torch.fft.fft2(force) * decay).real.clamp(-3, 3)
    field = torch.sigmoid((field - field.mean()) / field.std().clamp_min(1e-6) * log_uniform(rng, 1, 5))
    return paint(palette, field)


def hatching(rng: Generator, side: int, palette: Tensor) -> Tensor:
    """Ink lines whose thickness follows a tone, once or crossed."""
    tone, paper = rank(smooth(rng, side, uniform(rng, 1, 3))), paint(palette[-2:], rank(smooth(rng, side, 2)))
    y, x = torch.meshgrid(torch.arange(side) + 0.0, torch.arange(side) + 0.0, indexing="ij")
    angle, period = uniform(rng, 0, math.pi), log_uniform(rng, 3.5, 12)
    wobble = uniform(rng, 0, 1.5) * smooth(rng, side, 5)
    keep = torch.zeros(side, side)
    for layer in range(1 + int(chance(rng, 0.5))):
        turn = angle + layer * uniform(rng, 0.6, 1.5)
        wave = torch.sin(2 * math.pi * (x * math.cos(turn) + y * math.sin(turn)) / period + wobble)
        keep = torch.maximum(keep, torch.sigmoid((wave - 2.4 * tone + 0.7 + 0.5 * layer) * 4))
    return paper * (1 - keep) + palette[0][:, None, None] * keep


def weave(rng: Generator, side: int, palette: Tensor) -> Tensor:
    """Canvas, twill and knitting: crossing threads, over and under."""
    y, x = torch.meshgrid(torch.arange(side) + 0.0, torch.arange(side) + 0.0, indexing="ij")
    angle, period, bent = uniform(rng, 0, math.pi), log_uniform(rng, 5, 20), uniform(rng, 0, 3)
    u = (x * math.cos(angle) + y * math.sin(angle) + bent * smooth(rng, side, 3)) / period
    v = (-x * math.sin(angle) + y * math.cos(angle) + bent * smooth(rng, side, 3)) / period * uniform(rng, 0.6, 1.6)
    twill = int(uniform(rng, 2, 5))
    over = ((u.floor() + v.floor() * (1 if chance(rng, 0.5) else 2)) % twill) < twill // 2
    warp = torch.sin(math.pi * (u % 1)) ** 0.7
    weft = torch.sin(math.pi * (v % 1)) ** 0.7
    first, second = (
        paint(palette, rank(smooth(rng, side, 2)) * 0.5),
        paint(palette, 0.5 + rank(smooth(rng, side, 2)) * 0.5),
    )
    return torch.where(over, first * warp, second * weft)


def clouds(rng: Generator, side: int, palette: Tensor) -> Tensor:
    """Power-law noise, isotropic or stretched: the only family with nothing but a spectrum."""
    slope, stretch, angle = uniform(rng, 0.3, 2.2), log_uniform(rng, 1, 6), uniform(rng, 0, math.pi)
    first = noise(rng, side, slope, cut=2, stretch=stretch, angle=angle)
    second = noise(rng, side, slope, cut=2, stretch=stretch, angle=angle)
    image = paint(palette, torch.sigmoid(1.5 * first))
    return image + 0.08 * second[None] * torch.randn(3, 1, 1, generator=rng)


def blobs(rng: Generator, side: int, palette: Tensor) -> Tensor:
    """Shaded rounded things, light from one side: what photographs are full of."""
    field = smooth(rng, side, log_uniform(rng, 2, 12))
    height = torch.relu(field - uniform(rng, -1, 0.3)) ** 0.5 * log_uniform(rng, 2, 10)
    angle = uniform(rng, 0, 2 * math.pi)
    slope = (height.roll(-1, 1) - height.roll(1, 1)) * math.cos(angle)
    slope = slope + (height.roll(-1, 0) - height.roll(1, 0)) * math.sin(angle)
    shade = torch.sigmoid(slope * 2)
    ground = paint(palette, rank(noise(rng, side, 1.5, cut=2)))
    return (paint(palette, torch.sigmoid(field)) * 0.7 + 0.3 * ground) * (0.3 + shade)


FAMILIES: dict[str, Family] = {
    f.__name__: f
    for f in (strokes, leaves, dots, lines, glass, marble, contours, turing, hatching, weave, clouds, washes, blobs)
}
SHARES = {"strokes": 5.0, "lines": 2.0, "leaves": 1.5, "dots": 1.5}  # of 1.0 for the others


def mix(rng: Generator, side: int, palette: Tensor) -> Tensor:
    """Two families: multiplied, one painted into the dark parts of the other, or side by side in patches."""
    first, second = (_pick(rng)(rng, side, palette) for _ in range(2))
    kind = int(uniform(rng, 0, 3))
    if kind == 0:
        return first * (0.4 + 0.6 * second)
    if kind == 1:
        return torch.where(first.mean(0) < first.mean(), first, second)
    share = torch.sigmoid(6 * smooth(rng, side, 4))
    return first * share + second * (1 - share)


def _pick(rng: Generator) -> Family:
    weights = torch.tensor([SHARES.get(name, 1.0) for name in FAMILIES])
    return list(FAMILIES.values())[int(torch.multinomial(weights, 1, generator=rng))]


def make_image(seed: int, side: int = 176) -> Tensor:
    """Image number ``seed``, (3, side, side) in [0, 1]; families in their shares, one in six a mixture."""
    rng = torch.Generator().manual_seed(seed)
    palette = make_palette(rng)
    image = (mix if chance(rng, 1 / 6) else _pick(rng))(rng, side, palette)
    if chance(rng, 0.3):
        image = image + log_uniform(rng, 0.005, 0.05) * noise(rng, side, uniform(rng, 0, 0.7))[None]
    if chance(rng, 0.25):
        image = F.avg_pool2d(F.pad(image[None], (1, 1, 1, 1), mode="reflect"), 3, 1)[0]
    return image.clamp(0, 1)


def main() -> None:
    """Draws a sheet of the families."""
    from PIL import Image

    rng = torch.Generator().manual_seed(5)
    families = (*FAMILIES.values(), mix)
    rows = [torch.cat([f(rng, 176, make_palette(rng)).clamp(0, 1) for _ in range(4)], 2) for f in families]
    half = (len(rows) + 1) // 2
    columns = [torch.cat(rows[:half], 1), torch.cat(rows[half:], 1)]
    sheet = torch.cat(columns, 2)
    Image.fromarray((sheet.permute(1, 2, 0).numpy() * 255).astype("uint8")).save(sys.argv[1])


if __name__ == "__main__":
    main()
