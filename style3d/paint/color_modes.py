"""A colour mode takes the style's colours, keeps the original's hues, or uses a palette."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import final

import torch
from jaxtyping import Float
from torch import Tensor

from style3d.color.match import LUMA, affine_color_match, keep_luminance
from style3d.color.palette import onto_palette, read_palette
from style3d.core.scene import Scene
from style3d.job import Job
from style3d.types import Colors

AnyImage = Float[Tensor, "1 3 rows columns"]


class Colorway(ABC):
    """How styles, views and the result are coloured."""

    @abstractmethod
    def style(self, image: AnyImage) -> AnyImage:
        """A style image before it is measured."""

    @abstractmethod
    def judged_image(self, image: AnyImage) -> AnyImage:
        """What is judged of a view's image; differentiable to it."""

    @abstractmethod
    def finished_colors(self, before: Colors, after: Colors) -> Colors:
        """The table that results from the optimised one."""


@final
@dataclass(frozen=True)
class StyleColors(Colorway):
    """The style's own colours."""

    def style(self, image: AnyImage) -> AnyImage:
        """As it is."""
        return image

    def judged_image(self, image: AnyImage) -> AnyImage:
        """As it is."""
        return image

    def finished_colors(self, before: Colors, after: Colors) -> Colors:
        """As it was optimised."""
        return after


@final
@dataclass(frozen=True)
class OriginalColors(Colorway):
    """Luminance-only transfer (Gatys, Bethge, Hertzmann, Shechtman, "Preserving Color in Neural Artistic Style
    Transfer", 2016, §3.2): the style's luminance, matched to the mean and deviation of the original's, is painted, and
    the original's hues stay."""

    mean: float  # of the original's luminance
    deviation: float

    def style(self, image: AnyImage) -> AnyImage:
        """Its luminance, L' = σ_C / σ_S (L − μ_S) + μ_C."""
        luma = _luma(image)
        scale = self.deviation / max(float(luma.std()), 1e-6)
        return ((luma - luma.mean()) * scale + self.mean).clamp(0, 1).expand_as(image)

    def judged_image(self, image: AnyImage) -> AnyImage:
        """Its luminance."""
        return _luma(image).expand_as(image)

    def finished_colors(self, before: Colors, after: Colors) -> Colors:
        """The new luminance under the old hues."""
        return keep_luminance(after, before)


@final
@dataclass(frozen=True)
class PaletteColors(Colorway):
    """The style's strokes in the colours of a palette: styles are recoloured before, the result is moved onto it."""

    palette: Float[Tensor, "colors 3"]

    def style(self, image: AnyImage) -> AnyImage:
        """Given the palette's mean and covariance, then moved onto it."""
        flat = image[0].flatten(1).T
        step = max(1, len(flat) // 50_000)
        sample, palette = flat[::step], self.palette.to(flat)
        matrix, offset = affine_color_match(sample, torch.ones(len(sample), device=flat.device), palette)
        return onto_palette(flat @ matrix.T + offset, palette).T.reshape(image.shape)

    def judged_image(self, image: AnyImage) -> AnyImage:
        """As it is."""
        return image

    def finished_colors(self, before: Colors, after: Colors) -> Colors:
        """Moved onto the palette."""
        return onto_palette(after, self.palette)


def colorway_of(scene: Scene, job: Job) -> Colorway:
    """The way that a job asks for.

    Raises:
        Style3DError: the palette cannot be read.
    """
    if job.palette:
        return PaletteColors(read_palette(job.palette))
    if job.preserve_color:
        luma = scene.initial()[torch.from_numpy(scene.inside)] @ torch.tensor(LUMA)
        return OriginalColors(float(luma.mean()), max(float(luma.std()), 0.02))
    return StyleColors()


def _luma(image: AnyImage) -> Float[Tensor, "1 1 rows columns"]:
    return (image * image.new_tensor(LUMA)[None, :, None, None]).sum(1, keepdim=True)
