"""Every fixed network shares this base: a name, a digest of its weights, its constants, and its device."""

from __future__ import annotations

import hashlib
from abc import ABC
from collections.abc import Mapping, Sequence
from typing import Protocol, TypeVar, runtime_checkable

import torch
from torch import Tensor, nn

from style3d.device import fast_dtype
from style3d.types import Image

Own = TypeVar("Own", bound="FixedNetwork")


@runtime_checkable
class Movable(Protocol):
    """Anything that can be moved to a device."""

    def to(self, device: torch.device | str) -> object:
        """Moves it."""


class FixedNetwork(ABC):  # noqa: B024 - what it is called with is the contract's that stands beside it
    """Weights and constants that never receive gradients. Concretely: `Vgg`, with ImageNet's mean and deviation.

    A network names it before its contract, ``class Vgg(FixedNetwork, Features)``, and calls it on `_net` and
    `_constants`.

    Args:
        name: what reports call it.
        digest: sha256 (hex) of weights and configuration; see `digest_of`.
        net: the weights.
        constants: tensors that move with the weights and are none.
        fast: the part of ``net`` that runs in the precision that is fast on its device, `_dtype`.
        parts: other networks that it is made of, which move with it.
    """

    def __init__(
        self, name: str, digest: str, net: nn.Module | None = None, constants: Mapping[str, Tensor] | None = None,
        fast: nn.Module | None = None, parts: Sequence[Movable] = (),
    ) -> None:  # fmt: skip
        self._name, self._digest = name, digest
        self._net = (nn.Module() if net is None else net).requires_grad_(False).eval()
        self._constants, self._fast, self._parts = dict(constants or {}), fast, tuple(parts)
        self._dtype = torch.float32
        if fast is not None:
            channels_last(fast)
            self._run_fast("cpu")

    @property
    def name(self) -> str:
        """What reports call it."""
        return self._name

    @property
    def digest(self) -> str:
        """sha256 (hex) of weights and configuration: two networks with one digest give the same."""
        return self._digest

    def to(self: Own, device: torch.device | str) -> Own:
        """Itself, moved to a device, in the precision that is fast there."""
        self._net.to(device)
        self._constants = {name: value.to(device) for name, value in self._constants.items()}
        for part in self._parts:
            part.to(device)
        self._run_fast(device)
        return self

    def _run_fast(self, device: torch.device | str) -> None:
        if self._fast is not None:
            self._dtype = fast_dtype(device)
            self._fast.to(self._dtype)

    def standardise(self, image: Image) -> Image:
        """The image as networks trained on photographs want it; needs the constants of `standard`."""
        return (image - self._constants["mean"]) / self._constants["deviation"]


def standard(mean: Sequence[float], deviation: Sequence[float]) -> dict[str, Tensor]:
    """Constants for `FixedNetwork.standardise`: what is taken from each channel, and what it is divided by."""
    named = {"mean": mean, "deviation": deviation}
    return {name: torch.tensor(value)[None, :, None, None] for name, value in named.items()}


def digest_of(tensors: Mapping[str, Tensor], configuration: str) -> str:
    """sha256 (hex) over a configuration string and every tensor, in name order."""
    total = hashlib.sha256(configuration.encode())
    for name, tensor in sorted(tensors.items()):
        total.update(name.encode())
        total.update(tensor.detach().cpu().contiguous().to(torch.float32).numpy().tobytes())
    return total.hexdigest()


def channels_last(module: nn.Module) -> None:
    """Lays out convolution weights for channels-last images, which the processor's kernels prefer."""
    for parameter in module.parameters():
        if parameter.dim() == 4:
            parameter.data = parameter.data.contiguous(memory_format=torch.channels_last)
