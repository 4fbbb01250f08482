"""VGG-19 and VGG-16 (Simonyan & Zisserman, ICLR 2015) use torchvision's layer names and do without torchvision."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import final

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from style3d.errors import Style3DError
from style3d.losses.features.base import Features, Layers
from style3d.losses.features.vgg_layers import plan
from style3d.losses.network import FixedNetwork, channels_last, digest_of, standard
from style3d.losses.weights_file import convolution, read_tensors, torchvision_names
from style3d.types import Image

MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # of ImageNet, as torchvision normalises
logger = logging.getLogger(__name__)


@final
class Vgg(FixedNetwork, Features):
    """The first convolutions of VGG, as far as ``tensors`` reach without a gap.

    Args:
        variant: "vgg19" or "vgg16".
        tensors: "features.N.weight" and "features.N.bias".
        name: on the command line, if that is not the variant.

    Raises:
        Style3DError: if not even the first layer is there, or a shape is wrong.
    """

    def __init__(self, variant: str, tensors: Mapping[str, Tensor], name: str = "") -> None:
        self._rows, every = [], nn.ModuleDict()
        for relu, key, inputs, outputs in plan(variant):
            if not {f"{key}.weight", f"{key}.bias"} <= tensors.keys():
                break
            every[relu] = convolution(tensors, key, variant, (outputs, inputs, 3, 3))
            self._rows.append(relu)
        if not self._rows:
            raise Style3DError(
                f"no {variant} weights found", expected="tensors named features.0.weight, features.0.bias"
            )
        self._layers = tuple(relu for relu in self._rows if relu.endswith("_1"))
        self._content = "relu4_2" if "relu4_2" in self._rows else self._layers[-1]
        last = self._rows.index(max(self._layers[-1], self._content))
        del self._rows[last + 1 :]
        self._convolutions = nn.ModuleDict({relu: every[relu] for relu in self._rows})
        channels_last(self._convolutions)
        digest = digest_of(self._convolutions.state_dict(), f"{variant} {self._rows[-1]}")
        super().__init__(name or variant, digest, self._convolutions, standard(MEAN, DEVIATION))

    @property
    def layers(self) -> tuple[str, ...]:
        """relu1_1 … relu5_1, as far as the weights reach (Gatys et al. 2016)."""
        return self._layers

    @property
    def content_layer(self) -> str:
        """relu4_2 (Gatys et al. 2016), or the deepest layer there is."""
        return self._content

    def __call__(self, image: Image) -> Layers:
        """Feature maps; the image is ImageNet-normalised and borders are reflected, not black."""
        x: Tensor = self.standardise(image).contiguous(memory_format=torch.channels_last)
        layers: Layers = {}
        for relu in self._rows:
            if relu.endswith("_1") and relu != "relu1_1":
                if min(x.shape[-2:]) < 4:
                    break
                x = F.max_pool2d(x, 2)
            x = self._convolutions[relu](F.pad(x, (1, 1, 1, 1), mode="reflect")).relu()
            if relu in self._layers or relu == self._content:
                layers[relu] = x
        return layers


def random_vgg(variant: str, seed: int) -> Vgg:
    """VGG with He-initialised weights (He et al., ICCV 2015): the baseline that says what training is worth."""
    rng = torch.Generator().manual_seed(seed)
    tensors = {}
    for _, key, inputs, outputs in plan(variant):
        tensors[f"{key}.weight"] = torch.randn(outputs, inputs, 3, 3, generator=rng) * (2 / (9 * inputs)) ** 0.5
        tensors[f"{key}.bias"] = torch.zeros(outputs)
    return Vgg(variant, tensors, "random")


def load_vgg(variant: str, weights: Path | None = None, progress: Callable[[int, int], None] | None = None) -> Vgg:
    """VGG from a local .safetensors or .pth file, or, without one, from the cache or the network.

    Raises:
        Style3DError: if the file cannot be read or holds something else.
    """
    if weights is None:
        from style3d.losses.features.download import fetch_vgg

        weights = fetch_vgg(variant, progress)
    net = Vgg(variant, torchvision_names(read_tensors(weights)))
    logger.info("%s from %s: layers %s, sha256 %s", variant, weights, ", ".join(net.layers), net.digest[:16])
    return net
