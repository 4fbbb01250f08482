"""Every feature extractor offers this interface, with masks at each layer's size and joint networks."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from typing import final

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from style3d.losses.network import FixedNetwork
from style3d.types import Image, Mask

Layers = dict[str, Tensor]  # layer name -> (1, c, h', w')


class Features(ABC):
    """Turns an image into named feature maps. Fixed: its parameters never receive gradients."""

    @property
    @abstractmethod
    def name(self) -> str:
        """Concretely: "wavelet"."""

    @property
    @abstractmethod
    def digest(self) -> str:
        """sha256 (hex) of weights and configuration: two extractors with one digest give the same features."""

    @property
    @abstractmethod
    def layers(self) -> tuple[str, ...]:
        """Names of the feature maps, finest first; style statistics are taken on all of them."""

    @property
    @abstractmethod
    def content_layer(self) -> str:
        """The layer on which content is compared by default: shape without brush strokes."""

    @abstractmethod
    def __call__(self, image: Image) -> Layers:
        """Feature maps (1, c, h', w') of a display-referred image in [0, 1]; differentiable to the image."""

    @abstractmethod
    def to(self, device: torch.device | str) -> Features:
        """Itself, moved to a device."""


@final
class Joint(FixedNetwork, Features):
    """Several extractors side by side; layers are named "extractor/layer"."""

    def __init__(self, parts: tuple[Features, ...], content: int = 0, name: str = "") -> None:
        digest = hashlib.sha256("+".join(part.digest for part in parts).encode()).hexdigest()
        super().__init__(name or "+".join(part.name for part in parts), digest, parts=parts)
        self.parts, self._content = parts, content

    @property
    def layers(self) -> tuple[str, ...]:
        """All layers of all parts."""
        return tuple(f"{part.name}/{layer}" for part in self.parts for layer in part.layers)

    @property
    def content_layer(self) -> str:
        """The content layer of the part chosen for it."""
        part = self.parts[self._content]
        return f"{part.name}/{part.content_layer}"

    def __call__(self, image: Image) -> Layers:
        """Feature maps of every part."""
        return {f"{part.name}/{name}": value for part in self.parts for name, value in part(image).items()}


def pool_mask(mask: Mask, size: tuple[int, int]) -> Float[Tensor, "1 1 rows columns"]:
    """Coverage averaged over each cell of a layer of ``size`` (h', w')."""
    if tuple(mask.shape[-2:]) == size:
        return mask
    return F.adaptive_avg_pool2d(mask, size)
