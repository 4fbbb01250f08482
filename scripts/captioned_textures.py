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

sys.path[:0] = [str(Path(__file__).resolve().parents[1])]
from style3d.losses.text.words import COLORS, MATERIALS  # noqa: E402
from style3d.prompt_pictures.fields import chance, log_uniform, uniform  # noqa: E402
from style3d.prompt_pictures.patterns import PATTERNS  # noqa: E402
from style3d.prompt_pictures.surfaces import GRAIN, draw_material, draw_medium, ground, pick, surface  # noqa: E402

Scene = tuple[Tensor, list[str]]  # image (3, side, side), words that say what it is
TECHNIQUES = (
    "oil", "oil", "strokes", "strokes", "watercolour", "ink", "engraving", "woodcut", "pencil", "pointillism", "leads",
    "mosaic", "embroidery", "confetti",
)  # fmt: skip


def draw_tone(rng: Generator, names: list[str]) -> tuple[Tensor, str]:
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


def draw_size(rng: Generator) -> tuple[float, str]:
    """The size of one element, pixels, and the word for it."""
    kind = pick(rng, ["fine", "", "", "large"])
    return {"fine": log_uniform(rng, 2.5, 4.5), "": log_uniform(rng, 5, 11), "large": log_uniform(rng, 13, 24)}[
        kind
    ], kind


def names_of(rng: Generator, count: int) -> list[str]:
    """That many different colour names."""
    order = torch.randperm(len(COLORS), generator=rng)[:count].tolist()
    return [list(COLORS)[index] for index in order]


def list_colors(rng: Generator, names: list[str]) -> str:
    """Colour names as people list them, in any order."""
    order = torch.randperm(len(names), generator=rng).tolist()
    return " and ".join(names[index] for index in order)


def phrase(*words: str) -> str:
    """The words that are not empty, in a row."""
    return " ".join(word for word in words if word)


def pattern_scene(rng: Generator, side: int) -> Scene:
    """A pattern of one colour on another."""
    name = pick(rng, tuple(PATTERNS))
    (first, *others), (unit, size) = names_of(rng, 3 if chance(rng, 0.15) else 2), draw_size(rng)
    rgb, tone = draw_tone(rng, [first, *others])
    mask = PATTERNS[name](rng, side, unit)
    image = mask * ground(rng, side, rgb[:1]) + (1 - mask) * ground(rng, side, rgb[1:])
    manner = pick(rng, ["", "", "", "glossy", "rough", "soft"])
    below = list_colors(rng, others)
    phrases = [
        phrase(size, tone, first, name, "on", tone, below), phrase(size, first, name, "on", below),
        phrase(tone, list_colors(rng, [first, *others]), size, name), phrase(first, name), phrase(manner, size, name),
        phrase(below, "with", size, first, name), phrase(manner, list_colors(rng, [first, *others])),
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
    rgb, tone = draw_tone(rng, colors)
    unit = log_uniform(rng, 6, 18) if name == "porcelain" else log_uniform(rng, 3, 16)
    image = draw_material(rng, side, name, pattern, rgb, unit)
    color = "" if own and chance(rng, 0.6) else list_colors(rng, colors)
    carved = "carving" if name in ("wood", "stone", "marble") else "object"
    phrases = [
        phrase(tone, color, name), phrase(tone, color, name),
        phrase(manner, color, name, pick(rng, ["surface", "texture", "object"])),
        phrase("a", tone, color, name, pick(rng, [carved, "vase"])), phrase(carved, "made of", tone, color, name),
        phrase(name, "in", list_colors(rng, colors)), phrase(color, manner, name),
    ]  # fmt: skip
    return surface(rng, image, manner), phrases


def medium(rng: Generator, side: int) -> Scene:
    """A painting, print or drawing in a technique."""
    name = pick(rng, TECHNIQUES)
    colors = names_of(rng, int(uniform(rng, 2, 5)))
    (unit, size), manner = draw_size(rng), ""
    if name in ("ink", "engraving", "pencil", "woodcut") and chance(rng, 0.7):
        colors = [{"pencil": "grey"}.get(name, "black"), pick(rng, ["white", "cream"])]
    rgb, tone = draw_tone(rng, colors)
    if name in ("oil", "strokes", "embroidery"):
        manner = "straight" if name == "embroidery" or chance(rng, 0.3) else "curved"
    image = draw_medium(rng, side, name, rgb, unit, manner == "curved")
    size = "" if name == "watercolour" else size
    said = {
        "leads": "leads glass",
        "strokes": pick(rng, ["strokes", "strokes of painting"]),
        "oil": pick(rng, ["oil painting", "oil strokes"]),
    }
    word = said.get(name, name)
    many = "colourful" if len(colors) > 2 else ""
    phrases = [
        phrase(word, "in", tone, list_colors(rng, colors)), phrase(tone, list_colors(rng, colors), word),
        phrase("a", many, word), phrase(manner, size, word), phrase("a", many, word, "in", pick(rng, colors)),
        phrase(size, word, "in", list_colors(rng, colors)), phrase("picture painted in", word),
    ]  # fmt: skip
    return image, phrases


def layer_scene(rng: Generator, side: int) -> Scene:
    """One over another: wood with blue glaze, stone covered with moss, leather with gold dots."""
    base, phrases = material(rng, side)
    what = phrases[0]
    color, unit = pick(rng, tuple(COLORS)), draw_size(rng)
    rgb, tone = draw_tone(rng, [color])
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
        phrase(what, "with", tone, color, name), phrase("a", what, "carving with", color, name),
        phrase(tone, color, name, "on", what),
        phrase(what, "covered with", color, name), phrase(color, name), phrase(what, "with", name), what,
    ]  # fmt: skip
    return mask * over + (1 - mask) * base, said


def plain(rng: Generator, side: int) -> Scene:
    """A colour, smooth or glossy."""
    names = names_of(rng, 1)
    rgb, tone = draw_tone(rng, names)
    manner = pick(rng, ["plain", "glossy", "smooth", "rough"])
    image = surface(rng, ground(rng, side, rgb), manner)
    color = names[0]
    over = ["glaze"] if manner == "glossy" else []
    return image, [
        phrase(tone, color), phrase(manner, tone, color), phrase(color, manner, "surface"),
        phrase("a", color, "object"),
        phrase(tone, color, *over), phrase(manner, color, *over), phrase("painted", color),
    ]  # fmt: skip


KINDS: tuple[tuple[Callable[[Generator, int], Scene], float], ...] = (
    (material, 0.36), (pattern_scene, 0.26), (medium, 0.2), (layer_scene, 0.12), (plain, 0.06),
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
