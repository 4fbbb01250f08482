"""This module lists the words that the small image–text model knows, their colours, and how a prompt is read."""

from __future__ import annotations

import re

RGB = tuple[float, float, float]  # display-referred, in [0, 1]

COLORS: dict[str, RGB] = {
    "black": (0.07, 0.07, 0.08), "white": (0.95, 0.95, 0.93), "grey": (0.5, 0.5, 0.5), "silver": (0.75, 0.77, 0.79),
    "red": (0.82, 0.12, 0.12), "crimson": (0.6, 0.05, 0.16), "orange": (0.95, 0.5, 0.1), "yellow": (0.96, 0.86, 0.18),
    "gold": (0.83, 0.64, 0.2), "ochre": (0.76, 0.55, 0.22), "beige": (0.87, 0.79, 0.65), "cream": (0.97, 0.93, 0.8),
    "brown": (0.42, 0.26, 0.14), "terracotta": (0.75, 0.39, 0.26), "copper": (0.72, 0.42, 0.26),
    "green": (0.18, 0.55, 0.22), "olive": (0.44, 0.46, 0.17), "lime": (0.62, 0.85, 0.2), "mint": (0.66, 0.9, 0.76),
    "jade": (0.16, 0.6, 0.45), "teal": (0.06, 0.46, 0.49), "turquoise": (0.2, 0.78, 0.77), "blue": (0.14, 0.29, 0.75),
    "navy": (0.07, 0.11, 0.33), "cobalt": (0.06, 0.2, 0.62), "purple": (0.44, 0.17, 0.59), "violet": (0.58, 0.34, 0.82),
    "pink": (0.95, 0.6, 0.71), "magenta": (0.83, 0.14, 0.57),
}  # fmt: skip

MATERIALS: dict[str, tuple[str, ...]] = {  # the colours a material has when none is named, dark to light
    "wood": ("brown", "ochre", "beige"), "bark": ("black", "brown", "grey"), "stone": ("grey", "beige"),
    "granite": ("black", "grey", "white"), "marble": ("grey", "white"), "concrete": ("grey", "silver"),
    "porcelain": ("blue", "white"), "clay": ("terracotta", "brown"), "brick": ("terracotta", "beige"),
    "bronze": ("brown", "olive", "gold"), "rust": ("brown", "terracotta", "orange"), "iron": ("black", "grey"),
    "patina": ("teal", "copper", "mint"), "leather": ("brown", "black"), "denim": ("navy", "blue", "silver"),
    "wool": ("beige", "cream"), "straw": ("ochre", "yellow"), "grass": ("green", "lime"), "moss": ("olive", "green"),
    "leaves": ("green", "olive", "lime"), "fire": ("crimson", "orange", "yellow"), "lava": ("black", "red", "orange"),
    "ice": ("turquoise", "silver", "white"), "snow": ("silver", "white"), "water": ("teal", "blue", "turquoise"),
    "sand": ("ochre", "beige"), "sky": ("blue", "white"), "night": ("black", "navy", "yellow"),
    "paper": ("cream", "white"), "coral": ("terracotta", "pink"), "feathers": ("brown", "white"),
}  # fmt: skip

PATTERNS = (
    "strokes", "dots", "stripes", "checks", "grid", "mosaic", "cracks", "veins", "swirls", "spots", "maze", "hatching",
    "weave", "clouds", "speckles", "blobs", "pebbles", "scales", "fur", "waves", "splashes", "drips", "flowers",
    "bricks", "knit", "leads", "contours", "confetti",
)  # fmt: skip
MEDIA = ("oil", "watercolour", "ink", "engraving", "woodcut", "pencil", "pointillism", "glass", "glaze", "embroidery")
TONES = ("dark", "light", "pale", "bright", "vivid", "muted", "pastel", "colourful")
MANNERS = ("fine", "large", "thick", "thin", "curved", "straight", "soft", "rough", "smooth", "glossy", "plain")
NEUTRAL = (
    "a", "of", "in", "with", "and", "on", "painting", "photo", "pattern", "texture", "surface", "style", "made",
    "covered", "carving", "vase", "picture", "object", "painted",
)  # fmt: skip
VOCABULARY = tuple(dict.fromkeys((*NEUTRAL, *COLORS, *MATERIALS, *PATTERNS, *MEDIA, *TONES, *MANNERS)))

SAME: dict[str, str] = {  # other ways to say it
    "an": "a", "the": "a", "from": "of", "over": "on", "by": "in", "using": "with", "gray": "grey", "golden": "gold",
    "wooden": "wood", "timber": "wood", "oak": "wood", "rusty": "rust", "rusted": "rust", "mossy": "moss", "icy": "ice",
    "frozen": "ice", "snowy": "snow", "sandy": "sand", "stones": "stone", "rock": "stone", "woollen": "wool",
    "woolen": "wool", "flames": "fire", "burning": "fire", "volcanic": "lava", "sea": "water", "ocean": "water",
    "starry": "night", "metal": "iron", "metallic": "iron", "steel": "iron", "cement": "concrete",
    "ceramic": "porcelain", "china": "porcelain", "pottery": "clay", "feathered": "feathers", "leafy": "leaves",
    "grassy": "grass",
    "brushstrokes": "strokes", "stroke": "strokes", "brushed": "strokes", "impasto": "oil", "dot": "dots",
    "dotted": "dots", "polka": "dots", "stripe": "stripes", "striped": "stripes", "lines": "stripes",
    "banded": "stripes", "checked": "checks", "chequered": "checks", "checkered": "checks", "checkerboard": "checks",
    "tiles": "mosaic",
    "tiled": "mosaic", "cracked": "cracks", "crackled": "cracks", "crackle": "cracks", "veined": "veins",
    "marbled": "marble", "swirling": "swirls", "swirl": "swirls", "spirals": "swirls", "spotted": "spots",
    "labyrinth": "maze", "hatched": "hatching", "crosshatching": "hatching", "woven": "weave", "canvas": "weave",
    "fabric": "weave", "cloth": "weave", "cloudy": "clouds", "speckled": "speckles", "noise": "speckles",
    "bubbles": "blobs", "scaly": "scales", "furry": "fur", "hair": "fur", "hairy": "fur", "wavy": "waves",
    "splattered": "splashes", "splash": "splashes", "dripping": "drips", "floral": "flowers", "flower": "flowers",
    "knitted": "knit", "crochet": "knit", "leaded": "leads", "stained": "leads", "watercolor": "watercolour",
    "wash": "watercolour", "inked": "ink", "engraved": "engraving", "etching": "engraving", "print": "woodcut",
    "drawing": "pencil", "sketch": "pencil", "pointillist": "pointillism", "glazed": "glaze", "enamel": "glaze",
    "lacquer": "glaze", "embroidered": "embroidery", "deep": "dark", "faded": "muted", "dull": "muted",
    "colorful": "colourful", "multicoloured": "colourful", "multicolored": "colourful", "rainbow": "colourful",
    "small": "fine", "tiny": "fine", "delicate": "fine", "big": "large", "bold": "large", "coarse": "large",
    "broad": "thick", "flowing": "curved", "shiny": "glossy", "polished": "glossy", "flat": "plain",
    "carved": "carving", "sculpture": "object", "statue": "object", "figurine": "object", "toy": "object",
    "pot": "vase", "teapot": "vase", "photograph": "photo", "image": "picture", "coated": "covered",
    "paint": "painting", "dusk": "night", "midnight": "night", "scarlet": "red", "lilac": "violet", "indigo": "navy",
    "cyan": "turquoise",
    "azure": "blue", "emerald": "jade", "tan": "beige", "ivory": "cream", "maroon": "crimson", "amber": "orange",
}  # fmt: skip


def read_words(prompt: str) -> tuple[list[str], list[str]]:
    """The words of a prompt that the vocabulary has, in order and under their first name, and those it lacks."""
    known: list[str] = []
    unknown: list[str] = []
    for word in re.findall(r"[^\W\d_]+", prompt.lower()):
        name = SAME.get(word, word)
        (known if name in VOCABULARY else unknown).append(name)
    return known, unknown


def implied_palette(prompt: str) -> list[RGB]:
    """Colours that a prompt names, else those of the materials it names; empty if it names neither.

    Concretely: "a wooden carving with pale blue glaze" is brown, ochre, beige and blue mixed with white.
    """
    found: list[RGB] = []
    words, _ = read_words(prompt)
    for before, word in zip(["", *words], words, strict=False):
        if word in COLORS:
            found.append(with_tone(COLORS[word], before))
        elif word in MATERIALS and before not in COLORS:
            found += [with_tone(COLORS[name], before) for name in MATERIALS[word]]
    return list(dict.fromkeys(found))


def with_tone(color: RGB, tone: str) -> RGB:
    """A colour as the word before it changes it: dark, light, pale, pastel; any other word leaves it."""
    gain, white = {"dark": (0.5, 0.0), "light": (0.65, 0.35), "pale": (0.4, 0.6), "pastel": (0.5, 0.5)}.get(
        tone, (1, 0)
    )
    red, green, blue = (gain * part + white for part in color)
    return red, green, blue
