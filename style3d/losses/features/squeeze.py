"""SqueezeNet 1.0 and 1.1 (Iandola et al. 2016) are small, trained on photographs, and named as in torchvision."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import final

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from style3d.errors import Style3DError
from style3d.losses.features.base import Features, Layers
from style3d.losses.features.vgg import DEVIATION, MEAN
from style3d.losses.network import FixedNetwork, digest_of, standard
from style3d.losses.weights_file import convolution, read_tensors, torchvision_names
from style3d.types import Image

FIRES = {"squeezenet1_0": (3, 4, 5, 7, 8, 9, 10, 12), "squeezenet1_1": (3, 4, 6, 7, 9, 10, 11, 12)}
POOLS = {"squeezenet1_0": (2, 6, 11), "squeezenet1_1": (2, 5, 8)}
TAPS = (1, 3, 4, 5, 6, 7)  # which of the eight fires LPIPS looks at, after the first convolution


@final
class Squeeze(FixedNetwork, Features):
    """The variant that the tensors' shapes say; layers are the first convolution and six of the fires.

    Raises:
        Style3DError: tensors are missing or have other shapes.
    """

    def __init__(self, tensors: Mapping[str, Tensor]) -> None:
        first = tensors.get("features.0.weight")
        shapes = {(96, 3, 7, 7): "squeezenet1_0", (64, 3, 3, 3): "squeezenet1_1"}
        if first is None or tuple(first.shape) not in shapes:
            raise Style3DError("no SqueezeNet weights found", expected="a tensor features.0.weight of 1.0 or 1.1")
        name = shapes[(first.shape[0], first.shape[1], first.shape[2], first.shape[3])]
        self._taps, self._pools = tuple(FIRES[name][place] for place in TAPS), POOLS[name]
        self._convolutions = nn.ModuleDict({"0": convolution(tensors, "features.0", name, stride=2)})
        for fire in FIRES[name]:
            for part in ("squeeze", "expand1x1", "expand3x3"):
                wide = int(part == "expand3x3")
                key = f"features.{fire}.{part}"
                self._convolutions[f"{fire}_{part}"] = convolution(tensors, key, name, padding=wide)
        digest = digest_of(self._convolutions.state_dict(), name)
        super().__init__(name, digest, self._convolutions, standard(MEAN, DEVIATION))

    @property
    def layers(self) -> tuple[str, ...]:
        """conv1, then fires by their number."""
        return ("conv1", *(f"fire{number}" for number in self._taps))

    @property
    def content_layer(self) -> str:
        """The third fire that is looked at: eighth size, shapes without strokes."""
        return self.layers[3]

    def __call__(self, image: Image) -> Layers:
        """Feature maps of the ImageNet-normalised image; a picture too small for a pooling ends the list."""
        x: Tensor = self._convolutions["0"](self.standardise(image)).relu()
        layers: Layers = {"conv1": x}
        for index in range(2, 13):
            if index in self._pools:
                if min(x.shape[-2:]) < 3:
                    break
                x = F.max_pool2d(x, 3, 2, ceil_mode=True)
            else:
                x = self._convolutions[f"{index}_squeeze"](x).relu()
                wide = [
                    self._convolutions[f"{index}_expand1x1"](x).relu(),
                    self._convolutions[f"{index}_expand3x3"](x).relu(),
                ]
                x = torch.cat(wide, 1)
            if index in self._taps:
                layers[f"fire{index}"] = x
        return layers


def load_squeeze(weights: Path) -> Squeeze:
    """SqueezeNet from a local .safetensors or .pth file.

    Raises:
        Style3DError: the file cannot be read or holds something else.
    """
    return Squeeze(torchvision_names(read_tensors(weights)))
