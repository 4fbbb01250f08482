"""A term is a named, weighted number that says how far an image is from what is wanted."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

import torch
from torch import Tensor

from style3d.color.match import split_band
from style3d.losses.features.base import Features, Layers, pool_mask
from style3d.types import Image, Mask

NARROWEST = 4  # pixels of an image that still has a coarser one

Prepared = dict[str, Tensor]  # what a term keeps of a style or of a content image


@dataclass(frozen=True)
class Frame:
    """An image, its coverage, and both at every layer, computed once and read by all terms."""

    image: Image  # display-referred, in [0, 1]
    mask: Mask  # coverage in [0, 1]
    features: Layers  # (1, c, h', w') by layer
    masks: dict[str, Tensor]  # (1, 1, h', w') by layer: the mask averaged to the layer's size
    _bands: list[tuple[Tensor, Tensor]] = field(default_factory=list, repr=False)  # as many as were asked for

    def bands(self, count: int) -> Sequence[tuple[Tensor, Tensor]]:
        """The finest bands of the image's Laplacian pyramid, each with the image that is left at half its size.

        ``count`` at most: an image under four pixels is not halved again. Computed once, whatever the mask.
        """
        while len(self._bands) < count:
            image = self._bands[-1][1] if self._bands else self.image
            if min(image.shape[-2:]) < NARROWEST:
                break
            self._bands.append(split_band(image))
        return self._bands[:count]

    def under(self, mask: Mask) -> Frame:
        """The same image and features under another mask."""
        return Frame(self.image, mask, self.features, _layer_masks(self.features, mask), self._bands)

    def at(self, layer: str) -> tuple[Tensor, Tensor]:
        """Features and mask of a layer; of the coarsest there is, where the image is too small for it."""
        name = layer if layer in self.features else list(self.features)[-1]
        return self.features[name], self.masks[name]


@dataclass(frozen=True)
class Term(ABC):
    """One number of the objective, with a name and a weight. Concretely: "style", 1.0, the distance of covariances.

    A term of one's own is a frozen dataclass with `loss`. It assumes that frames are display-referred images in [0,
    1], whose pixels outside the mask are filled with the style's mean colour. `prepare_style` runs once a style and
    `prepare_content` once a view, so that nothing constant is computed in the loop; what they return is handed to
    `loss`.

    ``name`` must differ from those of other terms: reports and plots use it. ``weight`` multiplies the loss.
    ``whole`` is for terms that compare a view with its original and know no style. They look at all that is painted
    at once; the others look at every layer of styles alone.

    Examples:
        >>> from dataclasses import dataclass
        >>> @dataclass(frozen=True)
        ... class Night(Term):
        ...     def loss(self, frame, style, content):
        ...         return (frame.image * frame.mask).sum() / (3 * frame.mask.sum())
        >>> Night("night", 0.5)
        Night(name='night', weight=0.5)
    """

    name: str
    weight: float
    whole: ClassVar[bool] = False
    """Whether it compares a view with its original and knows no style: then it looks at all that is painted at once."""

    def to(self, device: torch.device | str) -> None:
        """Moves a network of its own, if it has one."""
        return

    def prepare_style(self, frames: Sequence[tuple[Frame, float]]) -> Prepared:
        """What to remember of the style images; their weights sum to one."""
        return {}

    def prepare_content(self, frame: Frame) -> Prepared:
        """What to remember of a view of the original."""
        return {}

    @abstractmethod
    def loss(self, frame: Frame, style: Prepared, content: Prepared) -> Tensor:
        """The unweighted scalar; differentiable to ``frame.image``."""


def make_frame(features: Features, image: Image, mask: Mask | None) -> Frame:
    """Runs the extractor and brings the mask to every layer's size."""
    if mask is None:
        mask = image.new_ones(1, 1, *image.shape[-2:])
    layers = features(image)
    return Frame(image, mask, layers, _layer_masks(layers, mask))


def _layer_masks(layers: Layers, mask: Mask) -> dict[str, Tensor]:
    """The mask averaged to every layer's size."""
    return {name: pool_mask(mask, (value.shape[-2], value.shape[-1])) for name, value in layers.items()}


def mixture(parts: Sequence[tuple[Prepared, float]]) -> Prepared:
    """Weighted mean of statistics: for squared errors, the same gradient as the weighted sum of the losses."""
    total: Prepared = {}
    for prepared, weight in parts:
        for name, value in prepared.items():
            total[name] = total[name] + weight * value if name in total else weight * value
    return total
