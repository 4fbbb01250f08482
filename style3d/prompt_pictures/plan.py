"""A plan says what a prompt asks to be drawn: a base and what lies over it, their colours, sizes and light."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import final

from style3d.losses.text.words import COLORS, MATERIALS, RGB, read_words, with_tone
from style3d.prompt_pictures.patterns import PATTERNS
from style3d.prompt_pictures.surfaces import GRAIN

TECHNIQUES = ("oil", "strokes", "watercolour", "ink", "engraving", "woodcut", "pencil", "pointillism", "leads",
              "mosaic", "embroidery", "confetti")  # fmt: skip
DRAWINGS = ("ink", "engraving", "woodcut", "pencil")  # lines on paper
GLAZE = "glaze"
LINKS = ("with", "on", "in", "covered", "made")
SIZES = {"fine": "fine", "thin": "fine", "large": "large", "thick": "large"}
LIGHTS = ("glossy", "rough", "soft", "smooth", "plain")
COLORFUL = ("red", "yellow", "blue", "green", "orange")
PAPER = ("black", "cream")  # of drawings and prints, when no colour is named


@final
@dataclass(frozen=True)
class Layer:
    """One thing to draw. Concretely: flowers in cobalt, large."""

    name: str  # of a material, a technique, a pattern, "glaze", or "" for plain colour
    colors: tuple[RGB, ...] = ()  # () where the prompt names none
    size: str = ""  # fine, large, or neither
    light: str = ""  # glossy, rough, soft, or the name's own
    pattern: str = ""  # the lines of a drawing, where the prompt says which


@final
@dataclass(frozen=True)
class Plan:
    """Layers from below. Concretely: white porcelain, under blue flowers."""

    base: Layer
    over: tuple[Layer, ...] = ()
    colored: bool = True  # whether any colour was named, or is a material's own


def read_plan(prompt: str, unwanted: Collection[str] = ()) -> Plan | None:
    """What a prompt names, or None where it names nothing that can be drawn; ``unwanted`` words count as not said.

    "X on Y" and "Y with X" put X over Y; colours belong to the name after them, or, alone behind a link, to the one
    before. A technique draws in the colours of the material it is of: "an oil painting of fire".
    """
    avoided = {word for text in unwanted for word in read_words(text)[0]} - set(LINKS)
    words = [word for word in read_words(prompt)[0] if word not in avoided]
    phrases = _phrases(words)
    if "painting" in words and not any(layer.name in TECHNIQUES for _, part in phrases for layer in part):
        phrases.insert(0, ("", [Layer("oil", size=_size(words))]))
    layers = _settle_links(phrases)
    if not layers:
        return None
    colored = any(layer.colors for _, layer in layers) or any(layer.name in TECHNIQUES for _, layer in layers)
    base = _lowest(layers)
    over = tuple(layer for _, layer in layers if layer is not base)
    if base.name in DRAWINGS:
        return Plan(_drawing(base, over))
    if base.name in TECHNIQUES and not base.colors:
        subject = next((layer for layer in over if layer.colors), None)
        if subject is not None:
            base = replace(base, colors=subject.colors)
            over = tuple(layer for layer in over if layer is not subject or layer.name in PATTERNS)
    own = {pattern for pattern, _ in GRAIN.get(base.name, ())}  # knitted wool is knitted once
    over = tuple(layer for layer in over if layer.colors or layer.name not in own)
    if base.name in PATTERNS:
        below, rest = _below(base, over)
        return Plan(below, (replace(base, colors=base.colors[:1]), *rest), colored)
    return Plan(base, over)


def own_colors(name: str) -> tuple[RGB, ...]:
    """Colours of a material or technique when none is named."""
    names = MATERIALS.get(name, PAPER if name in DRAWINGS else COLORFUL)
    return tuple(COLORS[color] for color in names)


def _phrases(words: list[str]) -> list[tuple[str, list[Layer]]]:
    """(link, layers) of each part between linking words; colours without a name make a layer called ""."""
    parts: list[tuple[str, list[str]]] = [("", [])]
    for word in words:
        if word in LINKS:
            parts.append((word, []))
        else:
            parts[-1][1].append(word)
    return [(link, _layers(part)) for link, part in parts if part]


def _layers(words: list[str]) -> list[Layer]:
    """The layers that one phrase names."""
    layers: list[Layer] = []
    colors: list[RGB] = []
    size, light = _size(words), next((word for word in words if word in LIGHTS), "")
    for before, word in zip(["", *words], words, strict=False):
        if word in COLORS:
            colors.append(with_tone(COLORS[word], before))
        elif word == "colourful":
            colors += [COLORS[name] for name in COLORFUL]
        elif word in MATERIALS or word in TECHNIQUES or word in PATTERNS or word == GLAZE:
            own = tuple(with_tone(color, before) for color in own_colors(word)) if word in MATERIALS else ()
            if all(layer.name != word for layer in layers):  # "polka dots" says it twice
                layers.append(Layer(word, tuple(colors) or own, size, light))
            colors = []
    if colors and layers:
        layers[-1] = replace(layers[-1], colors=(*layers[-1].colors, *colors))
    elif colors:
        layers.append(Layer("", tuple(colors), size, light))
    return layers


def _size(words: list[str]) -> str:
    return next((SIZES[word] for word in words if word in SIZES), "")


def _settle_links(phrases: list[tuple[str, list[Layer]]]) -> list[tuple[str, Layer]]:
    """(link, layer) in order; colours alone behind "in" or "with" join the layer before them."""
    layers: list[tuple[str, Layer]] = []
    for link, part in phrases:
        for layer in part:
            if not layer.name and layers and link in ("in", "with", "made"):
                before, last = layers.pop()
                layers.append((before, replace(last, colors=layer.colors)))
            else:
                layers.append((link, layer))
    return layers


def _lowest(layers: list[tuple[str, Layer]]) -> Layer:
    """What lies under the rest: a technique, else what is behind "on", else the first material, else the first."""
    for wanted in (
        [layer for _, layer in layers if layer.name in TECHNIQUES],
        [layer for link, layer in layers if link == "on" and layer.name not in PATTERNS][-1:],
        [layer for link, layer in layers if layer.name in MATERIALS and link == ""][-1:],
        [layer for _, layer in layers if layer.name in MATERIALS],
        [layer for _, layer in layers if not layer.name],
    ):
        if wanted:
            return wanted[0]
    return layers[0][1]


def _drawing(base: Layer, over: tuple[Layer, ...]) -> Layer:
    """Lines in the technique's first colour, in the pattern named, on the paper named."""
    named = [layer for layer in over if layer.colors]
    line = base.colors or (named[0].colors if named and named[0].name in PATTERNS else ())
    paper = base.colors[1:] or next((layer.colors for layer in named if layer.name not in PATTERNS), ())
    line, paper = line[:1] or own_colors(base.name)[:1], paper[:1] or own_colors(base.name)[1:]
    pattern = next((layer.name for layer in over if layer.name in PATTERNS), "")
    return replace(base, colors=(*line, *paper), pattern=pattern)


def _below(pattern: Layer, over: tuple[Layer, ...]) -> tuple[Layer, tuple[Layer, ...]]:
    """What a pattern with nothing under it lies on: its own second colour, else white or black, as shows it better."""
    if len(pattern.colors) > 1:
        return Layer("", pattern.colors[1:], light=pattern.light), over
    bright = bool(pattern.colors) and sum(pattern.colors[0]) > 1.8
    return Layer("", (COLORS["navy" if bright else "cream"],), light=pattern.light), over
