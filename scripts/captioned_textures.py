"""Pictures with captions for training the small image–text model: materials, patterns, media, and one over another.

Every picture comes from a seed and so do its captions; nobody else's picture or text goes in.
`python scripts/captioned_textures.py sheet.png` draws forty and prints what they say.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Generator, Tensor

sys.path[:0] = [str(Path(__file__).resolve().parents[1]), str(Path(__file__).resolve().parent)]
from captioned_patterns import PATTERNS, cells, step  # noqa: E402
from generated_textures import (  # noqa: E402
    chance,
    flow,
    impasto,
    log_uniform,
    marks,
    noise,
    paint,
    rank,
    smooth,
    uniform,
    washes,
)

from style3d.losses.text.words import COLORS, MATERIALS  # noqa: E402

Scene = tuple[Tensor, list[str]]  # image (3, side, side), words that say what it is
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
TECHNIQUES = (
    "oil", "oil", "strokes", "strokes", "watercolour", "ink", "engraving", "woodcut", "pencil", "pointillism", "leads",
    "mosaic", "embroidery", "confetti",
)  # fmt: skip
DRAWN = {  # technique -> patterns of its lines
    "ink": ["swirls", "fur", "splashes"],
    "engraving": ["hatching", "contours"],
    "woodcut": ["contours", "swirls"],
    "pencil": ["hatching", "fur"],
}
OVER = ("dots", "stripes", "cracks", "veins", "flowers", "swirls", "splashes", "drips", "speckles", "spots")


def pick(rng: Generator, items: tuple[str, ...] | list[str]) -> str:
    """One of them."""
    return items[int(torch.randint(0, len(items), (), generator=rng))]


def toned(rng: Generator, names: list[str]) -> tuple[Tensor, str]:
    """Colours (n, 3) of these names, each a little off, and the tone all of them were given ("" for none)."""
    rgb = torch.tensor([COLORS[name] for name in names]) + 0.035 * torch.randn(len(names), 3, generator=rng)
    tone = pick(rng, ["dark", "light", "pale", "bright", "vivid", "muted", "pastel"]) if chance(rng, 0.25) else ""
    grey = rgb.mean(1, keepdim=True)
    if tone == "dark":
        rgb = 0.5 * rgb
    elif tone in ("light", "pale", "pastel"):
        rgb = rgb + {"light": 0.35, "pale": 0.6, "pastel": 0.5}[tone] * (1 - rgb)
    elif tone in ("bright", "vivid"):
        rgb = grey + 1.35 * (rgb - grey) + 0.05
    elif tone == "muted":
        rgb = grey + 0.45 * (rgb - grey)
    return rgb.clamp(0, 1), tone


def ground(rng: Generator, side: int, colors: Tensor) -> Tensor:
    """A surface in these colours, the first ruling, uneven by a little."""
    field = smooth(rng, side, uniform(rng, 1, 3))
    image = paint(torch.cat([colors, colors[-1:]]), (0.25 * field.abs()).clamp(0, 1) * float(len(colors) > 1))
    return image * (1 + 0.04 * smooth(rng, side, 3)[None])


def sized(rng: Generator) -> tuple[float, str]:
    """The size of one element, pixels, and the word for it."""
    kind = pick(rng, ["fine", "", "", "large"])
    return {"fine": log_uniform(rng, 2.5, 4.5), "": log_uniform(rng, 5, 11), "large": log_uniform(rng, 13, 24)}[
        kind
    ], kind


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
        padded = torch.nn.functional.pad(image[None], (1, 1, 1, 1), mode="reflect")
        return torch.nn.functional.avg_pool2d(padded, 3, 1)[0]
    return image


def names_of(rng: Generator, count: int) -> list[str]:
    """That many different colour names."""
    order = torch.randperm(len(COLORS), generator=rng)[:count].tolist()
    return [list(COLORS)[index] for index in order]


def listed(rng: Generator, names: list[str]) -> str:
    """Colour names as people list them, in any order."""
    order = torch.randperm(len(names), generator=rng).tolist()
    return " and ".join(names[index] for index in order)


def spoken(*words: str) -> str:
    """The words that are not empty, in a row."""
    return " ".join(word for word in words if word)


def patterned(rng: Generator, side: int) -> Scene:
    """A pattern of one colour on another."""
    name = pick(rng, tuple(PATTERNS))
    (first, *others), (unit, size) = names_of(rng, 3 if chance(rng, 0.15) else 2), sized(rng)
    rgb, tone = toned(rng, [first, *others])
    mask = PATTERNS[name](rng, side, unit)
    image = mask * ground(rng, side, rgb[:1]) + (1 - mask) * ground(rng, side, rgb[1:])
    manner = pick(rng, ["", "", "", "glossy", "rough", "soft"])
    below = listed(rng, others)
    phrases = [
        spoken(size, tone, first, name, "on", tone, below), spoken(size, first, name, "on", below),
        spoken(tone, listed(rng, [first, *others]), size, name), spoken(first, name), spoken(manner, size, name),
        spoken(below, "with", size, first, name), spoken(manner, listed(rng, [first, *others])),
    ]  # fmt: skip
    return surface(rng, image, manner), phrases


def material(rng: Generator, side: int) -> Scene:
    """A material in its own colours or in others."""
    name = pick(rng, tuple(MATERIALS))
    pattern, manner = GRAIN[name][int(torch.randint(0, len(GRAIN[name]), (), generator=rng))]
    own = chance(rng, 0.5)
    colors = list(MATERIALS[name]) if own else names_of(rng, 1 + int(chance(rng, 0.6)))
    if not own and len(colors) == 1:
        colors.append(pick(rng, ["black", "white", "grey"]))
    rgb, tone = toned(rng, colors)
    unit = log_uniform(rng, 6, 18) if name == "porcelain" else log_uniform(rng, 3, 16)
    mask = PATTERNS[pattern](rng, side, unit)
    if name == "fire":
        mask = (mask * 0.6 + 0.4 * rank(smooth(rng, side, 2))).clamp(0, 1)
    if len(rgb) > 2:
        image = paint(rgb, 0.85 * mask + 0.15 * rank(smooth(rng, side, 2)))
    else:
        image = mask * ground(rng, side, rgb[:1]) + (1 - mask) * ground(rng, side, rgb[1:])
    color = "" if own and chance(rng, 0.6) else listed(rng, colors)
    carved = "carving" if name in ("wood", "stone", "marble") else "object"
    phrases = [
        spoken(tone, color, name), spoken(tone, color, name),
        spoken(manner, color, name, pick(rng, ["surface", "texture", "object"])),
        spoken("a", tone, color, name, pick(rng, [carved, "vase"])), spoken(carved, "made of", tone, color, name),
        spoken(name, "in", listed(rng, colors)), spoken(color, manner, name),
    ]  # fmt: skip
    return surface(rng, image, manner), phrases


def brushed(rng: Generator, side: int, rgb: Tensor, unit: float, curve: float, aspect: float) -> Tensor:
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


def medium(rng: Generator, side: int) -> Scene:
    """A painting, print or drawing in a technique."""
    name = pick(rng, TECHNIQUES)
    colors = names_of(rng, int(uniform(rng, 2, 5)))
    (unit, size), manner = sized(rng), ""
    if name in ("ink", "engraving", "pencil", "woodcut") and chance(rng, 0.7):
        colors = [{"pencil": "grey"}.get(name, "black"), pick(rng, ["white", "cream"])]
    rgb, tone = toned(rng, colors)
    if name in ("oil", "strokes", "embroidery"):
        manner = "straight" if name == "embroidery" or chance(rng, 0.3) else "curved"
        image = brushed(rng, side, rgb, 1.3 * unit, 0.5 * (manner == "curved"), uniform(rng, 3, 6))
        image = impasto(rng, image, uniform(rng, 1, 3)) if name == "oil" else image
    elif name == "watercolour":
        image, size = washes(rng, side, rgb[rgb.sum(1).argsort()]), ""
    elif name in ("ink", "engraving", "woodcut", "pencil"):
        mask = PATTERNS[pick(rng, DRAWN[name])](rng, side, unit * (0.8 if name != "woodcut" else 1.2))
        mask = step((mask - 0.5) * 8) if name == "woodcut" else mask
        image = mask * ground(rng, side, rgb[:1]) + (1 - mask) * ground(rng, side, rgb[1:])
    elif name in ("pointillism", "confetti"):
        aspect, taper, cover = (1.0, 2.0, 1.0) if name == "pointillism" else (2.0, 8.0, 0.5)
        under = ground(rng, side, rgb[-1:])
        image = marks(rng, side, rgb, under, unit, aspect, flow(rng, side), 0.0, taper, cover, 0.4, 0.02)
    else:
        _, edge, index = cells(rng, side, unit * 1.3, unit * 0.2)
        image = rgb[torch.randint(0, len(rgb), (int(index.max()) + 1,), generator=rng)][index].permute(2, 0, 1)
        gap = step(edge - (1.2 if name == "leads" else 0.6)) * (1 - 0.15 * smooth(rng, side, 3).abs())
        image = image * gap + (0.05 if name == "leads" else 0.8) * (1 - gap)
        manner = ""
    said = {
        "leads": "leads glass",
        "strokes": pick(rng, ["strokes", "strokes of painting"]),
        "oil": pick(rng, ["oil painting", "oil strokes"]),
    }
    word = said.get(name, name)
    many = "colourful" if len(colors) > 2 else ""
    phrases = [
        spoken(word, "in", tone, listed(rng, colors)), spoken(tone, listed(rng, colors), word), spoken("a", many, word),
        spoken(manner, size, word), spoken("a", many, word, "in", pick(rng, colors)),
        spoken(size, word, "in", listed(rng, colors)), spoken("picture painted in", word),
    ]  # fmt: skip
    return image, phrases


def layered(rng: Generator, side: int) -> Scene:
    """One over another: wood with blue glaze, stone covered with moss, leather with gold dots."""
    base, phrases = material(rng, side)
    what = phrases[0]
    color, unit = pick(rng, tuple(COLORS)), sized(rng)
    rgb, tone = toned(rng, [color])
    if chance(rng, 0.45):
        name, pattern = "glaze", pick(rng, ["drips", "blobs", "splashes"])
        over = surface(rng, ground(rng, side, rgb), "glossy")
    else:
        name = pattern = pick(
            rng, ("dots", "stripes", "cracks", "veins", "flowers", "swirls", "splashes", "drips", "speckles", "spots")
        )
        over = ground(rng, side, rgb)
    mask = PATTERNS[pattern](rng, side, max(4.0, unit[0]))
    said = [
        spoken(what, "with", tone, color, name), spoken("a", what, "carving with", color, name),
        spoken(tone, color, name, "on", what),
        spoken(what, "covered with", color, name), spoken(color, name), spoken(what, "with", name), what,
    ]  # fmt: skip
    return mask * over + (1 - mask) * base, said


def plain(rng: Generator, side: int) -> Scene:
    """A colour, smooth or glossy."""
    names = names_of(rng, 1)
    rgb, tone = toned(rng, names)
    manner = pick(rng, ["plain", "glossy", "smooth", "rough"])
    image = surface(rng, ground(rng, side, rgb), manner)
    color = names[0]
    over = ["glaze"] if manner == "glossy" else []
    return image, [
        spoken(tone, color), spoken(manner, tone, color), spoken(color, manner, "surface"),
        spoken("a", color, "object"),
        spoken(tone, color, *over), spoken(manner, color, *over), spoken("painted", color),
    ]  # fmt: skip


KINDS: tuple[tuple[Callable[[Generator, int], Scene], float], ...] = (
    (material, 0.36), (patterned, 0.26), (medium, 0.2), (layered, 0.12), (plain, 0.06),
)  # fmt: skip


def make_captioned(seed: int, side: int = 144) -> Scene:
    """Picture number ``seed``, (3, side, side) in [0, 1], and seven true captions, from specific to vague."""
    rng = torch.Generator().manual_seed(seed)
    kind = int(torch.multinomial(torch.tensor([share for _, share in KINDS]), 1, generator=rng))
    image, captions = KINDS[kind][0](rng, side)
    return image.clamp(0, 1), captions


def main() -> None:
    """Draws a sheet and prints the captions."""
    from PIL import Image

    scenes = [make_captioned(10_000_000 + seed) for seed in range(40)]
    rows = [torch.cat([image for image, _ in scenes[i : i + 8]], 2) for i in range(0, 40, 8)]
    Image.fromarray((torch.cat(rows, 1).permute(1, 2, 0).numpy() * 255).astype("uint8")).save(sys.argv[1])
    for number, (_, captions) in enumerate(scenes):
        print(number // 8, number % 8, captions[0], "|", captions[3])


if __name__ == "__main__":
    main()
