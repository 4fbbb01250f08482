"""A perceptual network small enough for tests: three seeded convolutions."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from style3d.losses.features.base import Features
from style3d.losses.objective import Objective, default_objective


class Tiny(Features):
    """Random filters of 3, 8 and 8 channels; milliseconds at 64²."""

    def __init__(self) -> None:
        generator = torch.Generator().manual_seed(0)
        self.kernels = [torch.randn(8, c, 3, 3, generator=generator) / (3 * c**0.5) for c in (3, 8, 8)]

    @property
    def name(self) -> str:
        return "tiny"

    @property
    def digest(self) -> str:
        return "0" * 64

    @property
    def layers(self) -> tuple[str, ...]:
        return ("a", "b", "c")

    @property
    def content_layer(self) -> str:
        return "b"

    def __call__(self, image: Tensor) -> dict[str, Tensor]:
        out = {}
        for name, kernel in zip(self.layers, self.kernels, strict=True):
            image = F.relu(
                F.conv2d(F.pad(image, (1, 1, 1, 1), mode="replicate"), kernel.to(image), stride=1 if name == "a" else 2)
            )
            out[name] = image
        return out

    def to(self, device: torch.device | str) -> Features:
        return self


def tiny_objective() -> Objective:
    """The default losses on `Tiny`."""
    return default_objective(Tiny())
