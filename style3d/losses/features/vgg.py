"""VGG-19 and VGG-16 (Simonyan & Zisserman, ICLR 2015) with torchvision's layer names, and without torchvision."""

from __future__ import annotations

import logging
import pickle
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import final

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from style3d.errors import Style3DError
from style3d.losses.features.base import Features, Layers, channels_last, digest_of
from style3d.losses.features.vgg_layers import plan
from style3d.types import Image

MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # of ImageNet, as torchvision normalises
logger = logging.getLogger(__name__)


@final
class Vgg(Features):
    """The first convolutions of VGG, as far as ``tensors`` reach without a gap.

    Args:
        variant: "vgg19" or "vgg16".
        tensors: "features.N.weight" and "features.N.bias".
        name: on the command line, if that is not the variant.

    Raises:
        Style3DError: if not even the first layer is there, or a shape is wrong.
    """

    def __init__(self, variant: str, tensors: Mapping[str, Tensor], name: str = "") -> None:
        self._name, self._rows = name or variant, []
        net = nn.ModuleDict()
        for relu, key, inputs, outputs in plan(variant):
            weight, bias = tensors.get(f"{key}.weight"), tensors.get(f"{key}.bias")
            if weight is None or bias is None:
                break
            if tuple(weight.shape) != (outputs, inputs, 3, 3) or tuple(bias.shape) != (outputs,):
                raise Style3DError(
                    f"{key} is not {variant}'s", got=tuple(weight.shape), expected=str((outputs, inputs, 3, 3))
                )
            net[relu] = nn.Conv2d(inputs, outputs, 3)
            net[relu].load_state_dict({"weight": weight.float(), "bias": bias.float()})
            self._rows.append(relu)
        if not self._rows:
            raise Style3DError(
                f"no {variant} weights found", expected="tensors named features.0.weight, features.0.bias"
            )
        self._layers = tuple(relu for relu in self._rows if relu.endswith("_1"))
        self._content = "relu4_2" if "relu4_2" in self._rows else self._layers[-1]
        last = self._rows.index(max(self._layers[-1], self._content))
        del self._rows[last + 1 :]
        self._net = nn.ModuleDict({relu: net[relu] for relu in self._rows})
        self._net.requires_grad_(False).eval()
        channels_last(self._net)
        self._mean, self._deviation = (torch.tensor(v)[None, :, None, None] for v in (MEAN, DEVIATION))
        self._digest = digest_of(self._net, f"{variant} {self._rows[-1]}")

    @property
    def name(self) -> str:
        """Its name on the command line."""
        return self._name

    @property
    def digest(self) -> str:
        """Of the layers in use."""
        return self._digest

    @property
    def layers(self) -> tuple[str, ...]:
        """relu1_1 … relu5_1, as far as the weights reach (Gatys et al. 2016)."""
        return self._layers

    @property
    def content_layer(self) -> str:
        """relu4_2 (Gatys et al. 2016), or the deepest layer there is."""
        return self._content

    def to(self, device: torch.device | str) -> Vgg:
        """Moves the weights."""
        self._net.to(device)
        self._mean, self._deviation = self._mean.to(device), self._deviation.to(device)
        return self

    def __call__(self, image: Image) -> Layers:
        """Feature maps; the image is ImageNet-normalised and borders are reflected, not black."""
        x: Tensor = ((image - self._mean) / self._deviation).contiguous(memory_format=torch.channels_last)
        layers: Layers = {}
        for relu in self._rows:
            if relu.endswith("_1") and relu != "relu1_1":
                if min(x.shape[-2:]) < 4:
                    break
                x = F.max_pool2d(x, 2)
            x = self._net[relu](F.pad(x, (1, 1, 1, 1), mode="reflect")).relu()
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
    net = Vgg(variant, read_tensors(weights))
    logger.info("%s from %s: layers %s, sha256 %s", variant, weights, ", ".join(net.layers), net.digest[:16])
    return net


def read_tensors(path: Path) -> dict[str, Tensor]:
    """Tensors of a weights file, whole classifier or features only, under torchvision's names."""
    if not path.is_file():
        raise Style3DError(f"there is no weights file {path}", expected="a .safetensors or .pth file")
    try:
        if path.suffix == ".safetensors":
            from safetensors.torch import load_file

            tensors = load_file(path)
        else:
            tensors = torch.load(path, map_location="cpu", weights_only=True)
            tensors = tensors.get("state_dict", tensors)
        return {(key if "." in key.removesuffix(".weight").removesuffix(".bias") else f"features.{key}"): value
                for key, value in tensors.items() if isinstance(value, Tensor)}  # fmt: skip
    except pickle.UnpicklingError as error:  # what torch advises there is to run the file's code
        hint = "only tensors are read, no objects: save them as .safetensors"
        raise Style3DError(f"{path} is broken, or holds more than tensors", hint=hint) from error
    except Exception as error:  # a broken file raises almost anything
        raise Style3DError(f"cannot read the weights {path}", got=str(error)[:200]) from error
