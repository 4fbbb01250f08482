"""What every perceptual feature extractor offers, and the two seams terms read: masks at a layer's size, joint nets."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from typing import final

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

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
class Joint(Features):
    """Several extractors side by side; layers are named "extractor/layer"."""

    def __init__(self, parts: tuple[Features, ...], content: int = 0, name: str = "") -> None:
        self.parts = parts
        self._name = name or "+".join(part.name for part in parts)
        self._content = content

    @property
    def name(self) -> str:
        """Concretely: "wavelet+embedded"."""
        return self._name

    @property
    def digest(self) -> str:
        """Digest of the parts' digests."""
        return hashlib.sha256("+".join(part.digest for part in self.parts).encode()).hexdigest()

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

    def to(self, device: torch.device | str) -> Joint:
        """Moves every part."""
        for part in self.parts:
            part.to(device)
        return self


def pool_mask(mask: Mask, size: tuple[int, int]) -> Float[Tensor, "1 1 rows columns"]:
    """Coverage averaged over each cell of a layer of ``size`` (h', w')."""
    if tuple(mask.shape[-2:]) == size:
        return mask
    return F.adaptive_avg_pool2d(mask, size)


def digest_of(module: nn.Module, configuration: str) -> str:
    """sha256 over a configuration string and every tensor of a module, in name order."""
    total = hashlib.sha256(configuration.encode())
    for name, tensor in sorted(module.state_dict().items()):
        total.update(name.encode())
        total.update(tensor.detach().cpu().contiguous().to(torch.float32).numpy().tobytes())
    return total.hexdigest()


def channels_last(module: nn.Module) -> None:
    """Lays out convolution weights for channels-last images, which the processor's kernels prefer."""
    for parameter in module.parameters():
        if parameter.dim() == 4:
            parameter.data = parameter.data.contiguous(memory_format=torch.channels_last)
