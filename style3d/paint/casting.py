"""Casting says which part of a scene is painted after which area of a picture.

A scene falls into parts and a picture into areas, each by colour, texture and height. Areas are handed to parts by
unbalanced optimal transport (Chizat, Peyré, Schmitzer & Vialard, "Scaling algorithms for unbalanced optimal transport
problems", 2018): every part gets its own, no area need be used, and none is used for everything.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np
import torch
from jaxtyping import Float, Float32, Float64
from scipy.ndimage import gaussian_filter, uniform_filter
from scipy.special import logsumexp

from style3d.color.clusters import cluster_centres
from style3d.color.lab import lab
from style3d.core.pyramid import entry_values, level_means
from style3d.core.scene import Scene
from style3d.job.cast import RGB, cast_word
from style3d.paint.form import Drawing
from style3d.paint.style_library import resize_style
from style3d.types import AnyImage, AnyMask

MOST_PARTS, MOST_AREAS = 5, 8
PLAINEST = 4  # parts of what is all light and no colour
DISTINCT, DISTINCT_AREAS = 13.0, 8.0  # L*a*b* between two parts, or areas, under which they are one
SMALLEST_PART, SMALLEST_AREA = 0.02, 0.04  # of the whole
SKETCHED = 2  # level of a scene's pyramid that is parted
SKETCH = 160  # pixels along the longer side of the picture that is parted
BUSY = 1.5  # weight of local contrast, beside colour, when a picture is parted
MASS = 4.0  # pixels of the sketch over which a picture's colours are one mass
PLACE = 18.0  # L*a*b* between top and bottom of a picture or of a plain scene
SOFT = 0.35  # width of the border between parts, of the distance between their colours
FAINT = 0.08  # share of an entry that is given to the others: a view's pixels then belong to few parts
ROUNDS = 200
WHOLE = 0.35  # of the rest of a picture that every part of what is plain is painted after, too
STRICT = 9.0  # how much more all areas have to be used where nothing but light tells which
ALIKE, MINGLED = 0.8, 0.25  # of a part's largest area, from which another is taken beside it; in what is plain
SHARP, YIELD = 0.012, 0.1  # of the transport: entropy, and how much areas may be used more or less than their size


@final
@dataclass(frozen=True)
class Portion:
    """What a part of a scene, or an area of a picture, is like."""

    color: Float64[np.ndarray, "3"]  # mean, L*a*b*
    rgb: RGB  # mean, display-referred
    tone: float  # rank of its lightness, 0 darkest, 1 lightest
    busy: float  # rank of its local contrast
    height: float  # 0 bottom, 1 top
    size: float  # of the whole


@final
@dataclass(frozen=True)
class Parted:
    """A scene or a picture in portions, with each one's share of every entry or pixel."""

    portions: tuple[Portion, ...]
    share: Float32[np.ndarray, "n portions"]  # rows sum to one


def scene_parts(scene: Scene, drawing: Drawing, wanted: Float64[np.ndarray, "k 3"] | None = None) -> Parted:
    """The parts of a scene that looks like ``drawing``.

    Where much of the drawing is light rather than colour, height tells parts apart, too.

    Args:
        wanted: L*a*b* colours of the parts, where they are known; of these none is left out.
    """
    level = min(SKETCHED, scene.hierarchy.levels - 1)
    coarse = level_means(scene.hierarchy, level, drawing.colors)
    known = torch.isfinite(coarse).all(1).numpy()
    table, height = coarse.nan_to_num(0.5).numpy(), _unit(scene.points(level)[:, 1], known)
    features = lab(table)
    if wanted is None:
        features = np.concatenate([features, PLACE * drawing.plain * height[:, None]], 1)
    most = round(MOST_PARTS + (PLAINEST - MOST_PARTS) * drawing.plain)
    centres = cluster_centres(features[known], most, DISTINCT, SMALLEST_PART) if wanted is None else wanted
    share = entry_values(scene.hierarchy, level, torch.from_numpy(_shares(features, centres))).numpy()
    share[share < FAINT] = 0
    share /= share.sum(1, keepdims=True)
    inside = scene.inside
    colors, heights = drawing.colors.numpy()[inside], _unit(scene.points(0)[:, 1], inside)[inside]
    return Parted(_portions(colors, heights, np.zeros(len(colors)), share[inside]), share.astype(np.float32))


def picture_areas(image: AnyImage) -> tuple[Parted, tuple[int, int]]:
    """The areas of a picture, and the rows and columns of the sketch whose pixels their shares are of."""
    rgb = resize_style(image.cpu(), SKETCH)[0].permute(1, 2, 0).numpy()
    size, colors = (rgb.shape[0], rgb.shape[1]), lab(rgb)
    spread = np.sqrt(np.maximum(uniform_filter(colors[..., 0] ** 2, 9) - uniform_filter(colors[..., 0], 9) ** 2, 0))
    busy = gaussian_filter(spread, MASS)
    calm = gaussian_filter(colors, (MASS, MASS, 0))
    rows = np.broadcast_to(np.linspace(1, 0, size[0])[:, None], size)
    columns = np.broadcast_to(np.linspace(0, 1, size[1])[None], size)
    place = np.stack([rows, columns], 2)
    features = np.concatenate([calm, BUSY * busy[..., None], PLACE * place], 2).reshape(-1, 6)
    centres = cluster_centres(features, MOST_AREAS, DISTINCT_AREAS, SMALLEST_AREA)
    share = _shares(features, centres).reshape(*size, -1)
    share = gaussian_filter(share, (2.0, 2.0, 0)).reshape(-1, len(centres))
    share /= share.sum(1, keepdims=True)
    portions = _portions(rgb.reshape(-1, 3), rows.ravel(), busy.ravel(), share)
    return Parted(portions, share.astype(np.float32)), size


def transport(parts: Sequence[Portion], areas: Sequence[Portion], plain: float) -> Float64[np.ndarray, "parts areas"]:
    """How much of each area every part is painted after; rows sum to one."""
    cost = np.array([[_unlike(part, area, plain) for area in areas] for part in parts])
    power = 0.5 + 0.5 * plain  # small parts with colours of their own count for more than their size
    rows, columns = (
        np.array([max(portion.size, 1e-6) for portion in portions]) ** power for portions in (parts, areas)
    )
    rows, columns = rows / rows.sum(), columns / columns.sum()
    strict = YIELD * (1 + STRICT * plain)
    kernel, yielding = -cost / SHARP, strict / (strict + SHARP)
    u, v = np.zeros(len(parts)), np.zeros(len(areas))
    for _ in range(ROUNDS):  # Sinkhorn's, in logarithms
        u = np.log(rows) - logsumexp(kernel + v, axis=1)
        v = yielding * (np.log(columns) - logsumexp(kernel.T + u, axis=1))
    plan = np.exp(u[:, None] + kernel + v)
    plan /= plan.sum(1, keepdims=True)
    alike = ALIKE + (MINGLED - ALIKE) * plain
    plan[plan < alike * plan.max(1, keepdims=True)] = 0
    return plan / plan.sum(1, keepdims=True)


@final
@dataclass(frozen=True)
class Role:
    """A part of a scene, and what it is painted after."""

    share: Float32[np.ndarray, "entries"]  # of each entry of θ, [0, 1]
    masks: tuple[AnyMask, ...]  # of each picture: what of it counts
    words: tuple[str, ...]  # the pairs of colours that ask for it, the most of it first


@final
@dataclass(frozen=True)
class Played:
    """A part of a scene and its areas, for people to look at."""

    words: tuple[str, ...]  # the pairs of colours, the most of it first
    share: Float32[np.ndarray, "entries"]  # of each entry of θ, [0, 1]
    pictures: tuple[tuple[AnyImage, AnyMask], ...]  # each with what of it counts


def roles(
    scene: Scene, drawing: Drawing, images: Sequence[AnyImage], pairs: Sequence[tuple[RGB, RGB]] = ()
) -> list[Role]:
    """The parts of a scene, each with its areas of every picture.

    Args:
        pairs: colours of parts, and of the areas they are painted after; found where none are given.
    """
    wanted = lab(np.array([part for part, _ in pairs])) if pairs else None
    parts = scene_parts(scene, drawing, wanted)
    masks: list[list[AnyMask]] = [[] for _ in parts.portions]
    words: list[list[str]] = [[] for _ in parts.portions]
    for image in images:
        areas, size = picture_areas(image)
        plan = (
            _parts_as_told(areas.portions, pairs) if pairs else transport(parts.portions, areas.portions, drawing.plain)
        )
        shown = areas.share @ (plan / plan.max(1, keepdims=True)).T.astype(np.float32)
        shown = np.maximum(shown, 0.0 if pairs else WHOLE * drawing.plain)
        for number, part in enumerate(parts.portions):
            masks[number].append(torch.from_numpy(shown[:, number].reshape(1, 1, *size).clip(0, 1)))
            order = [k for k in np.argsort(-plan[number], kind="stable") if plan[number, k] > 0]
            words[number] += [cast_word(part.rgb, areas.portions[k].rgb) for k in order]
    return [Role(np.ascontiguousarray(parts.share[:, k]), tuple(masks[k]), tuple(words[k])) for k in range(len(masks))]


def _parts_as_told(areas: Sequence[Portion], pairs: Sequence[tuple[RGB, RGB]]) -> Float64[np.ndarray, "parts areas"]:
    """Every part after the area whose mean colour is nearest to what was asked for."""
    asked, colors = lab(np.array([area for _, area in pairs])), np.array([area.color for area in areas])
    nearest = np.linalg.norm(asked[:, None] - colors[None], axis=2).argmin(1)
    return np.eye(len(areas))[nearest]


def _unlike(part: Portion, area: Portion, plain: float) -> float:
    """What it costs to paint a part after an area: lightness first, then hue where the part has any, then place."""
    tone = (0.7 * (part.tone - area.tone) + 0.3 * (part.color[0] - area.color[0]) / 100) ** 2
    chroma = np.hypot(*part.color[1:])
    colored = min(1.0, chroma / 25)
    hue = float(np.sum((part.color[1:] - area.color[1:]) ** 2)) / 60**2
    return tone + (0.05 + 0.6 * colored) * hue + 0.15 * plain * (part.height - area.height) ** 2


def _portions(
    colors: Float[np.ndarray, "n 3"],
    heights: Float[np.ndarray, "n"],
    busy: Float[np.ndarray, "n"],
    share: Float[np.ndarray, "n k"],
) -> tuple[Portion, ...]:
    weight = share / np.maximum(share.sum(0), 1e-9)
    means, rgb, sizes = weight.T @ lab(colors), weight.T @ colors, share.mean(0)
    tones, contrasts = _ranks(means[:, 0], sizes), _ranks(weight.T @ busy, sizes)
    return tuple(
        Portion(
            means[k],
            (float(rgb[k, 0]), float(rgb[k, 1]), float(rgb[k, 2])),
            tones[k],
            contrasts[k],
            float(weight[:, k] @ heights),
            float(sizes[k]),
        )
        for k in range(len(sizes))
    )


def _ranks(values: Float[np.ndarray, "k"], sizes: Float[np.ndarray, "k"]) -> list[float]:
    """Of each value, how much of the whole lies below it, its own half counted."""
    whole = max(float(sizes.sum()), 1e-12)
    return [float((sizes[values < v].sum() + sizes[values == v].sum() / 2) / whole) for v in values]


def _shares(features: Float64[np.ndarray, "n d"], centres: Float64[np.ndarray, "k d"]) -> Float64[np.ndarray, "n k"]:
    """Soft membership: w_k ∝ exp(−d_k² / 2 s²) with s in proportion to the distance of the two nearest centres."""
    if len(centres) == 1:
        return np.ones((len(features), 1))
    square = ((features[:, None] - centres[None]) ** 2).sum(2)
    nearest = np.argsort(square, axis=1)[:, :2]
    gap = np.linalg.norm(centres[nearest[:, 0]] - centres[nearest[:, 1]], axis=1)
    weight = np.exp(-(square - square.min(1, keepdims=True)) / (2 * (SOFT * gap[:, None]) ** 2))
    return weight / weight.sum(1, keepdims=True)


def _unit(values: Float64[np.ndarray, "n"], known: np.ndarray) -> Float64[np.ndarray, "n"]:
    """Values from 0 to 1 over what is known."""
    low, high = (values[known].min(), values[known].max()) if known.any() else (0.0, 1.0)
    return np.clip((values - low) / max(high - low, 1e-12), 0, 1)
