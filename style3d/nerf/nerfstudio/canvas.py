"""A canvas gives the painter images of a field that another program trained, and their gradients."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Float32
from torch import Tensor
from torch.nn import Parameter
from torch.utils.checkpoint import checkpoint

from style3d.core.camera import Camera
from style3d.types import Image


@dataclass(frozen=True)
class CanvasView:
    """A view of the field as it was before painting."""

    image: Image  # display-referred, in [0, 1]
    depth: Float32[np.ndarray, "h w"]  # along the camera's z, scene units
    mask: Float32[np.ndarray, "h w"]  # share of the pixel that is scene and not backdrop, in [0, 1]
    traced: Any  # what `Canvas.render_painted` needs of it: all that does not change while colours do
    nbytes: int = 0  # memory that `traced` takes


class Canvas(ABC):
    """A field with its geometry held still, whose colours are painted."""

    @abstractmethod
    def trace(self, camera: Camera) -> CanvasView:
        """The view before painting, and what its painted counterpart is made of; once a view."""

    @abstractmethod
    def render_painted(self, traced: Any) -> Image:
        """The painted field in a traced view, in [0, 1]; differentiable to `paint`; every step."""

    @property
    @abstractmethod
    def paint(self) -> list[Parameter]:
        """What is optimised."""

    @property
    @abstractmethod
    def rates(self) -> dict[str, float]:
        """The optimiser's groups that hold `paint`, and what a step size in units of colour is multiplied by."""

    @abstractmethod
    def start_painting(self, matrix: Float[Tensor, "3 3"], offset: Float[Tensor, "3"]) -> None:
        """Freeze the geometry, and start painting on a copy of the original's colours.

        Where colours can be recoloured in closed form, x ↦ A x + b is applied to them; others are fitted to
        recoloured photos afterwards (see `recolors_exactly`).
        """

    @abstractmethod
    def freeze_geometry(self) -> None:
        """Freeze everything but `paint`."""

    @property
    @abstractmethod
    def recolors_exactly(self) -> bool:
        """Whether `start_painting` recolours, so that nothing need be fitted to recoloured photos."""


def render_deferred(
    render: Callable[[int, int], Float[Tensor, "n 3"]], count: int, chunk: int
) -> Float[Tensor, "pixels 3"]:
    """A picture of ``count`` pixels whose gradient is taken ``chunk`` pixels at a time.

    Deferred back-propagation (Zhang et al., "ARF", ECCV 2022, §3.4): the picture is rendered whole and nothing of how
    is kept; when the loss hands back a gradient per pixel, each chunk is rendered again and its graph lives only until
    its gradient is through. Memory is that of one chunk, whatever the picture's size; a picture of a single chunk is
    rendered once.

    Args:
        render: pixels [start, end), row by row; must give the same values each time.
        count: pixels in all.
        chunk: pixels at a time.
    """
    if count <= chunk:
        return render(0, count)
    parts: Sequence[Tensor] = [
        checkpoint(render, start, min(start + chunk, count), use_reentrant=False) for start in range(0, count, chunk)
    ]
    return torch.cat(list(parts))
