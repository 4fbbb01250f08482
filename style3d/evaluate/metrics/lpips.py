"""LPIPS: how different two pictures look, by a network's features and weights learnt from people's judgement."""

from __future__ import annotations

import warnings
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any, final

import torch
from jaxtyping import Float
from torch import Tensor

from style3d.errors import Style3DError
from style3d.losses.features.base import Features, pool_mask
from style3d.losses.features.squeeze import load_squeeze
from style3d.optional.libraries import library
from style3d.types import Image, Mask


class Distance(ABC):
    """How different two pictures look where a mask says so: 0 for the same picture."""

    @property
    @abstractmethod
    def name(self) -> str:
        """What figures call it."""

    @property
    @abstractmethod
    def digest(self) -> str:
        """sha256 (hex) of the weights."""

    @abstractmethod
    def __call__(self, a: Image, b: Image, mask: Mask) -> Float[Tensor, ""]:
        """The distance, averaged over the mask."""


@final
class Lpips(Distance):
    """Zhang, Isola, Efros, Shechtman, Wang (CVPR 2018), eq. 1: Σ_l mean over places of ‖w_l ⊙ (â_l − b̂_l)‖².

    Features are scaled to unit length at each place; the weights w_l² are the released linear heads, one a channel.
    Heads made for another backbone fit by channel count only: then the name says "uncalibrated", and a layer without
    a fitting head counts all channels alike.
    """

    def __init__(self, features: Features, heads: list[Tensor]) -> None:
        self._features, self._heads = features, heads

    @property
    def name(self) -> str:
        """Concretely: "lpips squeezenet1_1"."""
        calibrated = self._features.name == "squeezenet1_1"
        return f"lpips {self._features.name}" + (
            "" if calibrated else " (uncalibrated: the heads are another network's)"
        )

    @property
    def digest(self) -> str:
        """Of backbone and heads."""
        from hashlib import sha256

        total = sha256(self._features.digest.encode())
        for head in self._heads:
            total.update(head.numpy().tobytes())
        return total.hexdigest()

    @torch.no_grad()
    def __call__(self, a: Image, b: Image, mask: Mask) -> Float[Tensor, ""]:
        """See `Distance`."""
        first, second = self._features(a), self._features(b)
        total = a.new_zeros(())
        for name, head in zip(self._features.layers, self._heads, strict=False):
            if name not in first:
                break
            squared = (_unit(first[name]) - _unit(second[name])).square()
            fits = head.shape[1] == squared.shape[1]
            weight = head if fits else head.mean().expand(1, squared.shape[1], 1, 1)
            total = total + masked(squared.mul(weight).sum(1, keepdim=True), mask)
        return total


@final
class FeatureDistance(Distance):
    """The same sum on any features with all channels counting alike: for want of learnt weights, and named so."""

    def __init__(self, features: Features) -> None:
        self._features = features

    @property
    def name(self) -> str:
        """Concretely: "unit features of embedded"."""
        return f"unit features of {self._features.name}"

    @property
    def digest(self) -> str:
        """Of the features."""
        return self._features.digest

    @torch.no_grad()
    def __call__(self, a: Image, b: Image, mask: Mask) -> Float[Tensor, ""]:
        """Mean over layers of half the squared distance between unit features: 1 − cosine, in [0, 2]."""
        first, second = self._features(a), self._features(b)
        parts = [
            masked((_unit(first[name]) - _unit(second[name])).square().sum(1, keepdim=True) / 2, mask) for name in first
        ]
        return torch.stack(parts).mean()


@final
class PackageLpips(Distance):
    """The `lpips` package's own network, where it and its backbone's weights are on this machine."""

    def __init__(self, net: str, model: Any, digest: str) -> None:
        self._net, self._model, self._digest = net, model, digest

    @property
    def name(self) -> str:
        """Concretely: "lpips alex 0.1"."""
        return f"lpips {self._net} 0.1"

    @property
    def digest(self) -> str:
        """Of backbone and heads."""
        return self._digest

    @torch.no_grad()
    def __call__(self, a: Image, b: Image, mask: Mask) -> Float[Tensor, ""]:
        """See `Distance`; the package wants [-1, 1]."""
        return masked(self._model(2 * a - 1, 2 * b - 1), mask)


def masked(values: Float[Tensor, "1 1 rows columns"], mask: Mask) -> Float[Tensor, ""]:
    """Mean over places, each counting as much as the mask covers it."""
    weight = pool_mask(mask, (values.shape[-2], values.shape[-1]))
    return (values * weight).sum() / weight.sum().clamp_min(1e-8)


def load_lpips(backbone: Path, heads: Path) -> Lpips:
    """LPIPS from local files: SqueezeNet as torchvision names it, and the released linear heads.

    Raises:
        Style3DError: a file cannot be read or holds something else.
    """
    from style3d.losses.features.vgg import read_tensors

    tensors = read_tensors(heads)
    names = [(f"features.lin{k}.weight", f"lin{k}.model.1.weight") for k in range(7)]  # bare names get torchvision's
    found = [tensors.get(bare, tensors.get(released)) for bare, released in names]
    whole = [head.float() for head in found if head is not None and head.dim() == 4]
    if len(whole) != 7:
        raise Style3DError(f"{heads} holds no LPIPS heads", expected="lin0.weight to lin6.weight, (1, c, 1, 1)")
    return Lpips(load_squeeze(backbone), whole)


def installed_lpips() -> Distance | str:
    """LPIPS as the `lpips` package has it, or why not; nothing is downloaded."""
    if not (row := library("lpips")).installed:
        return f"no --lpips BACKBONE HEADS was given, and {row.title} is not installed; {row.hint}"
    cached = sorted((Path(torch.hub.get_dir()) / "checkpoints").glob("alexnet-*.pth"))
    if not cached:
        return "the lpips package is there, but not the weights of its AlexNet; give --lpips BACKBONE HEADS"
    from style3d.losses.features.base import digest_of
    from style3d.optional.torchvision_compat import import_torchvision

    import_torchvision()  # which lpips imports
    import lpips

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it calls torchvision the old way
        model = lpips.LPIPS(net="alex", spatial=True, verbose=False).eval()
    return PackageLpips("alex", model, digest_of(model, "lpips alex 0.1"))


def _unit(features: Tensor) -> Tensor:
    return features / (features.square().sum(1, keepdim=True).sqrt() + 1e-10)
