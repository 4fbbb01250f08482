"""Judges that no method optimises: how far a picture's style is from a painting's, how much of a photo is left."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor
from torch.nn import functional as F

from style3d.losses.features.vgg import DEVIATION, MEAN, load_vgg

Taps = Callable[[Tensor], list[Tensor]]  # image (1, 3, h, w) -> feature maps, finest first


def squeezenet(path: Path) -> Taps:
    """SqueezeNet 1.0 (Iandola et al. 2016), taps after conv1 and fire 3, 5, 8, 10 and 12 (torchvision's numbering)."""
    tensors = {name: value.float() for name, value in load_file(path).items()}
    mean, deviation = (torch.tensor(value)[None, :, None, None] for value in (MEAN, DEVIATION))

    def conv(x: Tensor, name: str, padding: int = 0, stride: int = 1) -> Tensor:
        return F.conv2d(x, tensors[f"{name}.weight"], tensors[f"{name}.bias"], stride, padding).relu()

    def taps(image: Tensor) -> list[Tensor]:
        x = conv((image - mean) / deviation, "features.0", stride=2)
        out = [x]
        for index in range(2, 13):
            if index in (2, 6, 11):
                x = F.max_pool2d(x, 3, 2, ceil_mode=True)
                continue
            name = f"features.{index}"
            x = conv(x, f"{name}.squeeze")
            x = torch.cat([conv(x, f"{name}.expand1x1"), conv(x, f"{name}.expand3x3", 1)], 1)
            if index in (3, 5, 8, 10, 12):
                out.append(x)
        return out

    return taps


def vgg(path: Path) -> Taps:
    """VGG-19 as far as the file reaches, taps at relu1_1, relu2_1, …"""
    net = load_vgg("vgg19", path)
    return lambda image: list(net(image).values())


@torch.no_grad()
def style_distance(taps: Taps, image: Tensor, style: Tensor) -> float:
    """Mean over taps of ‖G − A‖ / ‖A‖ (Frobenius), G and A the Gram matrices per position: 0 for the same style."""

    def gram(x: Tensor) -> Tensor:
        flat = x.flatten(2)[0]
        return flat @ flat.T / flat.shape[1]

    pairs = [(gram(x), gram(y)) for x, y in zip(taps(image), taps(style), strict=True)]
    return float(torch.stack([(g - a).norm() / a.norm() for g, a in pairs]).mean())


@torch.no_grad()
def content_similarity(taps: Taps, image: Tensor, photo: Tensor, tap: int) -> float:
    """Mean over positions of the cosine between features of one tap, each image's own mean removed: 1 if unchanged."""
    a, b = (taps(x)[tap] for x in (image, photo))
    a, b = a - a.mean((2, 3), keepdim=True), b - b.mean((2, 3), keepdim=True)
    return float(F.cosine_similarity(a, b, dim=1).mean())
