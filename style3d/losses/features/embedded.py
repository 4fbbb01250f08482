"""The network that ships with style3d was trained on images the project generates (scripts/train_embedded.py)."""

from __future__ import annotations

from pathlib import Path
from typing import final

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from style3d.losses.features.base import Features, Layers
from style3d.losses.network import FixedNetwork, digest_of
from style3d.losses.weights_file import fill, read_tensors
from style3d.types import Image

SHIPPED = Path(__file__).resolve().parents[1] / "weights" / "embedded.safetensors"
WIDTHS = (32, 64, 128, 256)
# (convolution, halve before it); a layer of features ends each size
PLAN = (("conv1", False), ("conv2a", True), ("conv2b", False), ("conv3a", True), ("conv3b", False), ("conv4a", True),
        ("conv4b", False))  # fmt: skip
LAYERS = ("conv1", "conv2b", "conv3b", "conv4b")


def embedded_convolutions(widths: tuple[int, ...] = WIDTHS) -> nn.ModuleDict:
    """One 5×5 and six 3×3 convolutions, untrained."""
    convolutions, inputs = nn.ModuleDict(), 3
    for name, _ in PLAN:
        outputs, size = widths[int(name[4]) - 1], 5 if name == "conv1" else 3
        convolutions[name] = nn.Conv2d(inputs, outputs, size, padding=size // 2)
        inputs = outputs
    return convolutions


@final
class Embedded(FixedNetwork, Features):
    """Convolutions, ReLU and blurred halving; each channel's mean over the training images is about one.

    Runs channels-last, and in bfloat16 where the processor multiplies it natively (several times as fast there).
    """

    def __init__(self, convolutions: nn.ModuleDict) -> None:
        super().__init__("network", digest_of(convolutions.state_dict(), "embedded-2"), convolutions, fast=convolutions)
        self._convolutions = convolutions

    @property
    def layers(self) -> tuple[str, ...]:
        """The last of each size: 1, 1/2, 1/4 and 1/8 of the image."""
        return LAYERS

    @property
    def content_layer(self) -> str:
        """Quarter size: shapes, without the brush strokes on them."""
        return "conv3b"

    def __call__(self, image: Image) -> Layers:
        """Feature maps in float32; the gradient is exact up to the precision it runs in."""
        layers: Layers = {}
        x: Tensor = ((image - 0.5) * 4).contiguous(memory_format=torch.channels_last)
        for name, halve in PLAN:
            if halve and min(x.shape[-2:]) < 4:
                break
            x = self._convolutions[name]((half_size(x) if halve else x).to(self._dtype)).relu()
            if name in LAYERS:
                layers[name] = x.float()
        return layers


def half_size(x: Tensor) -> Tensor:
    """Every other pixel after a binomial blur (1 3 3 1)² / 64 (Zhang, "Making Convolutional Networks Shift-Invariant
    Again", ICML 2019): averaging 2 × 2 pixels alone lets woven patterns through. In float32, where it is fastest."""
    tap = torch.tensor([1.0, 3.0, 3.0, 1.0], device=x.device) / 8
    kernel = (tap[:, None] * tap[None, :]).expand(x.shape[1], 1, 4, 4)
    return F.conv2d(x.float(), kernel, stride=2, padding=1, groups=x.shape[1])


def load_embedded(weights: Path | None = None) -> Embedded:
    """The shipped network, or one of the same shape from a .safetensors file.

    Raises:
        Style3DError: if the file is missing or holds another network.
    """
    path = weights or SHIPPED
    net = embedded_convolutions()
    fill(net, read_tensors(path), path, "the tensors of embedded.safetensors")
    return Embedded(net)
