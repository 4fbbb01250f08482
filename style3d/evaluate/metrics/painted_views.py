"""Painted views pair views with their originals, the style and the geometry, for metrics of style and content."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar, final

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from style3d.core.scene import Scene
from style3d.evaluate.footage.controls import image_and_mask
from style3d.evaluate.footage.footage import Footage
from style3d.evaluate.footage.render import image_over_grey
from style3d.evaluate.metrics.yardstick import Yardstick
from style3d.losses.features.base import Features
from style3d.losses.term import Frame, make_frame
from style3d.paint.style_library import resize_style
from style3d.types import Image, Mask, Picture

COVERAGE = "the object's coverage"
WHOLE = 0.999  # coverage over which a pixel shows nothing but the object
Found = TypeVar("Found")


@final
@dataclass(frozen=True)
class PaintedViews:
    """Pictures to be measured, and all they can be measured against. Concretely: six stylised views of a fox.

    What several metrics read is computed when the first of them asks; see `once` for what only some share.
    """

    footage: Footage  # the original views, with cameras, depth and coverage
    images: tuple[Picture, ...]  # what is measured, one a view: stylised, unstylised, or a control
    yardstick: Yardstick
    scene: Scene | None = None  # the original in three dimensions; None where there are only frames
    _kept: dict[Any, Any] = field(default_factory=dict, repr=False, compare=False)

    def once(self, compute: Callable[[PaintedViews], Found]) -> Found:
        """``compute(self)``, remembered: for what two metrics have in common."""
        if compute not in self._kept:
            self._kept[compute] = compute(self)
        found: Found = self._kept[compute]
        return found

    @cached_property
    def pairs(self) -> list[tuple[Image, Mask]]:
        """Each picture with its coverage, as networks take them."""
        return [image_and_mask(view, image) for view, image in zip(self.footage.views, self.images, strict=True)]

    @cached_property
    def insides(self) -> list[Bool[np.ndarray, "h w"]]:
        """Pixels of each picture that show the object and nothing else."""
        return [view.mask > WHOLE for view in self.footage.views]

    @cached_property
    def daylight(self) -> list[Picture] | None:
        """What the shape of the original draws by itself, seen as the pictures are; None where it gives no form."""
        light = None if self.scene is None else self.scene.form()
        if self.scene is None or light is None:
            return None
        table = torch.from_numpy(np.ascontiguousarray(light))[:, None].float().expand(-1, 3).contiguous()
        return [image_over_grey(self.scene.operator(view.camera, 0), table) for view in self.footage.views]

    @cached_property
    def style(self) -> Image:
        """The style picture (1, 3, h, w), at the size that its strokes have in these views."""
        assert self.yardstick.style is not None  # who needs it says so in its row
        return resize_style(self.yardstick.style, self.yardstick.style_scale * max(self.images[0].shape[:2]))

    @cached_property
    def style_array(self) -> Float[np.ndarray, "rows columns 3"]:
        """The same as an array."""
        return np.ascontiguousarray(self.style[0].permute(1, 2, 0).numpy())

    @cached_property
    def style_frame(self) -> Frame:
        """The style picture's features."""
        return make_frame(self.yardstick.features, self.style, None)

    @cached_property
    def frames(self) -> list[Frame]:
        """Each picture's features; around the object is the style's mean colour."""
        fill = self.style.mean((0, 2, 3))
        return [frame_over(self.yardstick.features, image, mask, fill) for image, mask in self.pairs]


def frame_over(features: Features, image: Image, mask: Tensor, fill: Float[Tensor, "3"]) -> Frame:
    """A view over ``fill`` (the style's mean colour), so that what is outside the mask is no contrast to it."""
    over = image * mask + fill[None, :, None, None] * (1 - mask)
    return make_frame(features, over, mask)
