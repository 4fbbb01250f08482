"""The library reads each style image once, and measures it at every brush size that views need."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

import numpy as np
import torch
from jaxtyping import Float, Float64
from torch import Tensor

from style3d.color.match import affine_color_match, split_band
from style3d.core.scene import Scene
from style3d.images import read_style
from style3d.job import Job
from style3d.losses.features import Features, build_features
from style3d.losses.moments import masked_mean
from style3d.losses.objective import CALM, COLOR, CONTENT, DETAIL, GAMUT, Objective, StyleTarget, default_objective
from style3d.losses.style_cache import cached_style, style_folder
from style3d.paint.grain import finest_band
from style3d.paint.prompts import is_drawn, prompt_palette, prompt_terms
from style3d.render.cache import BuiltView
from style3d.types import AnyImage, AnyMask, Colors, Image, Mask

STROKE, BROADEST = 0.06, 2.0  # length of a stroke on the object, of its size; the largest scale it may ask for
MEASURED, OCTAVES = 512, 6  # pixels along a picture, and octaves, in which its strokes are measured
SMALLEST = 96  # pixels along the longer side of a style image, below which strokes are lost
LEAST_GRAIN = 6.0  # pixels along the longer side, under which a picture has no texture left
ROUGHNESS = 0.03  # deviation of the grey grain where no picture says what it should be
INSIDE = 0.5  # of a mask, above which a pixel's colour stands for what is under it
BUCKETS = 2  # brush sizes per octave for which statistics are kept


@final
@dataclass(frozen=True)
class Palette:
    """Colours that stand for a style. Concretely: 60,000 pixels of a painting, or eight shades of blue and of white."""

    colors: Float[Tensor, "n 3"]  # display-referred, in [0, 1]; on the CPU
    match: bool  # whether a scene takes their mean and covariance before anything is optimised


@final
class StyleLibrary:
    """Style statistics by brush size, made when first asked for, and kept on disk for the next run."""

    def __init__(
        self,
        objective: Objective,
        images: Sequence[tuple[AnyImage, float]],
        scale: float,
        device: torch.device,
        palette: Palette | None = None,
        masks: Sequence[AnyMask] = (),
    ) -> None:
        self._objective, self.scale, self._folder = objective, scale, style_folder()
        self._images = [(image.to(device), weight) for image, weight in images]
        self._masks = [mask.to(device) for mask in masks]
        self._targets: dict[int, Any] = {}
        self._palette = palette or Palette(self._mixed_pixels(), match=True)
        means = [
            weight * masked_mean(image, self._mask(number, image))
            for number, (image, weight) in enumerate(self._images)
        ]
        self.backdrop: Float[Tensor, "3"] = (
            torch.stack(means).sum(0) if means else self._palette.colors.mean(0).to(device)
        )

    def at(self, extent: float) -> Any:
        """Statistics of the style with its longer side ``extent`` · style scale pixels long, to the nearest bucket.

        A picture is never enlarged past its own pixels: there is no finer brush work in it to give.
        """
        if not self._images:
            return StyleTarget(tuple({} for _ in self._objective.terms), self.backdrop)
        wanted = math.log2(max(SMALLEST, extent * self.scale))
        bucket = round(wanted * BUCKETS)
        if bucket not in self._targets:
            sized = [(resize_style(image, 2 ** (bucket / BUCKETS)), weight) for image, weight in self._images]
            with torch.no_grad():
                masks = [self._mask(number, image) for number, (image, _) in enumerate(sized)] if self._masks else []
                self._targets[bucket] = cached_style(self._objective, sized, self._folder, masks)
        return self._targets[bucket]

    @property
    def finest(self) -> float:
        """Pixels that the whole object spans where the pictures are at their own size; infinite without pictures."""
        return max((max(image.shape[-2:]) for image, _ in self._images), default=math.inf) / self.scale

    def strokes(self, extent: float) -> list[Float[Tensor, "1 3 rows columns"]]:
        """What the pictures show at this size (as in `at`) and no longer at half of it; a pattern each, times √weight.

        Nothing past a picture's own pixels. Without pictures a little grey noise.
        """
        if not self._images:
            return [
                ROUGHNESS * torch.randn(1, 1, 64, 64, generator=torch.Generator().manual_seed(0)).expand(-1, 3, -1, -1)
            ]
        longer, found = extent * self.scale, []
        for number, (image, weight) in enumerate(self._images):
            if LEAST_GRAIN <= longer <= max(image.shape[-2:]):
                small = resize_style(image, longer)
                found.append(math.sqrt(weight) * finest_band(small, self._mask(number, small) if self._masks else None))
        return found

    def _mask(self, number: int, image: AnyImage) -> Mask:
        """What counts of a picture, at the size of ``image``: all of it without masks."""
        if not self._masks:
            return image.new_ones(1, 1, *image.shape[-2:])
        size = (image.shape[-2], image.shape[-1])
        return torch.nn.functional.interpolate(self._masks[number], size, mode="bilinear", antialias=True).clamp(0, 1)

    def visible_pictures(self) -> tuple[tuple[AnyImage, AnyMask], ...]:
        """The pictures, each with what of it counts."""
        return tuple((image.cpu(), self._mask(k, image).cpu()) for k, (image, _) in enumerate(self._images))

    @property
    def palette(self) -> Palette:
        """The colours that a scene starts from."""
        return self._palette

    def _mixed_pixels(self, count: int = 60_000) -> Float[Tensor, "n 3"]:
        """Colours of the mixture, each image in proportion to its weight."""
        parts = []
        for number, (image, weight) in enumerate(self._images):
            flat = image[0].flatten(1).T
            shown = self._mask(number, image).flatten()
            flat = flat[shown >= INSIDE * shown.max()]
            index = torch.linspace(0, len(flat) - 1, max(1, round(count * weight))).round().long()
            parts.append(flat[index.to(flat.device)].cpu())
        return torch.cat(parts)


def brush_scale(images: Sequence[tuple[AnyImage, float]]) -> float:
    """The pictures' longer side, as a multiple of the object's size, at which their strokes are seen on the object.

    Strokes are as long as the mean wavelength of a picture's detail, weighted by its energy.
    """
    if not images:
        return 1.0
    wavelengths = [(_wavelength(image), weight) for image, weight in images]
    mean = sum(weight * math.log(wave) for wave, weight in wavelengths) / sum(weight for _, weight in wavelengths)
    return min(max(STROKE / math.exp(mean), 1.0), BROADEST)


def _wavelength(image: AnyImage) -> float:
    """Mean wavelength of a picture's detail, as a share of its longer side."""
    rest, total, weights = resize_style(image, MEASURED), 0.0, 0.0
    for octave in range(OCTAVES):
        band, rest = split_band(rest)
        energy = float(band.var())
        total, weights = total + energy * octave, weights + energy
    return 2 ** (1.5 + total / max(weights, 1e-12)) / MEASURED


def resize_style(image: Image, longer: float) -> Float[Tensor, "1 3 rows columns"]:
    """The picture with its longer side about ``longer`` pixels, averaged; never enlarged."""
    height, width = image.shape[-2:]
    factor = min(1.0, longer / max(height, width))
    size = max(8, round(height * factor)), max(8, round(width * factor))
    return torch.nn.functional.interpolate(image, size, mode="bicubic", antialias=True).clamp(0, 1)


def read_styles(mixture: Sequence[tuple[Path, float]]) -> list[tuple[AnyImage, float]]:
    """Style images as (1, 3, h, w) in [0, 1], with their weights."""
    pairs = ((read_style(path), weight) for path, weight in mixture)
    return [(torch.from_numpy(np.ascontiguousarray(rgb)).permute(2, 0, 1)[None], weight) for rgb, weight in pairs]


def mixed_styles(
    mixture: Sequence[tuple[Path, float]], drawn: Sequence[tuple[AnyImage, float]]
) -> list[tuple[AnyImage, float]]:
    """Style images, and drawn prompts that take their shares first; the weights of all sum to one."""
    rest = 1 - sum(weight for _, weight in drawn)
    return [*((image, rest * weight) for image, weight in read_styles(mixture)), *drawn]


def starting_palette(job: Job, scene: Scene, recolored: Callable[[Image], Image]) -> Palette:
    """Where there are no pictures: the colours that a job's prompts imply, else the scene's own, left as they are.

    ``recolored`` is what is done to a style image before it is measured.
    """
    shades = prompt_palette(job)
    if shades is not None:
        return Palette(recolored(shades.T[None, :, :, None])[0, :, :, 0].T.contiguous(), match=True)
    own = scene.initial()
    return Palette(own[torch.isfinite(own).all(1)].cpu(), match=False)


def features_of(job: Job) -> Features:
    """The perceptual network that a job names.

    Raises:
        Style3DError: its weights are missing or do not fit.
    """
    return build_features(job.features, job.weights, None, job.clip_model, job.clip_weights)


def default_objective_of(job: Job) -> Objective:
    """The default losses on the network that a job names, and on its prompts.

    Pictures, drawn ones too, and prompts that CLIP reads share the weight of the style as they share the mixture; what
    weighs nothing is left out.
    """
    features = features_of(job)
    pictured = 1.0 if is_drawn(job) else 1 - job.spoken_share
    default = default_objective(
        features,
        content_weight=CONTENT * job.content_weight,
        style_weight=pictured,
        color_weight=COLOR * pictured,
        gamut_weight=GAMUT * pictured,
        calm_weight=CALM * pictured,
        detail_weight=DETAIL * job.keep_detail,
    )
    return Objective(features, [*(term for term in default.terms if term.weight), *prompt_terms(job)])


def column_weights(views: Sequence[BuiltView], count: int) -> Float64[np.ndarray, "coarse"]:
    """Pixels that show each of ``count`` entries: column sums of the views that share the first one's level."""
    weights = np.zeros(count)
    for view in views:
        if view.level == views[0].level:
            entries, sums = view.operator.column_sums()
            weights[entries] += sums
    return weights


def match_colors(
    colors: Colors, table: Float[Tensor, "coarse 3"], weights: Float64[np.ndarray, "coarse"], palette: Palette
) -> Colors:
    """θ recoloured so that the mean and covariance of what is seen are the palette's (closed form, on θ itself).

    Args:
        table: θ on the level of the views; NaN counts for nothing.
        weights: how much each of its entries counts, see `column_weights`.
    """
    if not palette.match:
        return colors
    seen = torch.from_numpy(np.flatnonzero((weights > 0) & torch.isfinite(table).all(1).numpy()))
    if not len(seen):
        return colors
    counts = torch.from_numpy(weights).to(table)[seen]
    matrix, offset = affine_color_match(table[seen], counts, palette.colors)
    return (colors @ matrix.T + offset).clamp(0, 1)
