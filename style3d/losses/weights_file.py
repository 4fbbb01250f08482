"""Weights files hold tensors by name. Networks are filled once names and shapes are checked."""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor, nn

from style3d.errors import Style3DError


def read_tensors(path: Path) -> dict[str, Tensor]:
    """Tensors of a .safetensors or .pth file, under the names they have there; nothing else in it is run or read.

    Raises:
        Style3DError: there is no such file, it is broken, or holds more than tensors.
    """
    if not path.is_file():
        raise Style3DError(f"there is no weights file {path}", expected="a .safetensors or .pth file")
    try:
        if path.suffix == ".safetensors":
            from safetensors.torch import load_file

            return load_file(path)
        held = torch.load(path, map_location="cpu", weights_only=True)
        return {name: value for name, value in held.get("state_dict", held).items() if isinstance(value, Tensor)}
    except pickle.UnpicklingError as error:  # what torch advises there is to run the file's code
        hint = "only tensors are read, no objects: save them as .safetensors"
        raise Style3DError(f"{path} is broken, or holds more than tensors", hint=hint) from error
    except Exception as error:  # a broken file raises almost anything
        raise Style3DError(f"cannot read the weights {path}", got=str(error)[:200]) from error


def read_note(path: Path, name: str) -> str:
    """A text that a .safetensors file holds beside its tensors; empty if it has none of that name.

    Raises:
        Style3DError: the file cannot be read.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, "pt") as file:
            return (file.metadata() or {}).get(name, "")
    except (OSError, SafetensorError) as error:
        raise Style3DError(f"cannot read the weights {path}", got=str(error)[:200]) from error


def torchvision_names(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The same under torchvision's names: "0.weight" of a file that holds features alone is "features.0.weight"."""
    bare = {name: "." not in name.removesuffix(".weight").removesuffix(".bias") for name in tensors}
    return {f"features.{name}" if bare[name] else name: value for name, value in tensors.items()}


def fill(net: nn.Module, tensors: Mapping[str, Tensor], source: Path, expected: str) -> None:
    """Give a network its weights, in float32.

    Args:
        source: where they are from, for messages.
        expected: what should have been there.

    Raises:
        Style3DError: a tensor is missing, has another shape, or has no place in the network.
    """
    wanted = {name: tuple(value.shape) for name, value in net.state_dict().items()}
    for name in sorted(wanted.keys() | tensors.keys()):
        shape = tuple(tensors[name].shape) if name in tensors else "nothing"
        if shape != wanted.get(name):
            what = f"{name}: {shape}, not {wanted.get(name, 'anything')}"
            raise Style3DError(f"{source} holds another network", got=what, expected=expected)
    net.load_state_dict({name: value.float() for name, value in tensors.items()})


def convolution(
    tensors: Mapping[str, Tensor], key: str, whose: str, shape: tuple[int, ...] | None = None, stride: int = 1,
    padding: int = 0,
) -> nn.Conv2d:  # fmt: skip
    """A convolution with the weight and bias of a key.

    Args:
        whose: the network's name, for messages.
        shape: of the weight, (outputs, inputs, rows, columns); none takes what is there.

    Raises:
        Style3DError: they are missing, or have another shape.
    """
    weight, bias = tensors.get(f"{key}.weight"), tensors.get(f"{key}.bias")
    got = "nothing" if weight is None or bias is None else f"{tuple(weight.shape)} and {tuple(bias.shape)}"
    wanted = tuple(weight.shape) if weight is not None and shape is None else shape
    if weight is None or bias is None or weight.dim() != 4 or weight.shape != wanted or bias.shape != weight.shape[:1]:
        told = str(shape) if shape else "a square kernel and a bias"
        raise Style3DError(f"{key} is not {whose}'s", got=got, expected=told)
    layer = nn.Conv2d(weight.shape[1], weight.shape[0], (weight.shape[2], weight.shape[3]), stride, padding)
    layer.load_state_dict({"weight": weight.float(), "bias": bias.float()})
    return layer
