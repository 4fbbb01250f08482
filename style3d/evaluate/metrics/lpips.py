"""LPIPS tells how different two pictures look, by a network's features and weights learnt from people's judgement."""

from __future__ import annotations

import warnings
from abc import abstractmethod
from pathlib import Path
from typing import Any, final

import torch
from jaxtyping import Float
from torch import Tensor

from style3d.errors import Style3DError
from style3d.losses.features.base import Features, pool_mask
from style3d.losses.features.squeeze import load_squeeze
from style3d.losses.network import FixedNetwork, digest_of
from style3d.losses.weights_file import read_tensors
from style3d.optional.libraries import library
from style3d.types import Image, Mask


class Distance(FixedNetwork):
    """How different two pictures look where a mask says so: 0 for the same picture."""

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
        note = "" if features.name == "squeezenet1_1" else " (uncalibrated: the heads are another network's)"
        constants = {f"lin{place}": head for place, head in enumerate(heads)}
        digest = digest_of(constants, features.digest)
        super().__init__(f"lpips {features.name}{note}", digest, constants=constants, parts=(features,))
        self._features = features

    @torch.no_grad()
    def __call__(self, a: Image, b: Image, mask: Mask) -> Float[Tensor, ""]:
        """See `Distance`."""
        first, second = self._features(a), self._features(b)
        total = a.new_zeros(())
        for name, head in zip(self._features.layers, self._constants.values(), strict=False):
            if name not in first:
                break
            squared = (_unit(first[name]) - _unit(second[name])).square()
            fits = head.shape[1] == squared.shape[1]
            weight = head if fits else head.mean().expand(1, squared.shape[1], 1, 1)
            total = total + masked_mean(squared.mul(weight).sum(1, keepdim=True), mask)
        return total


@final
class FeatureDistance(Distance):
    """The same sum on any features with all channels counting alike: for want of learnt weights, and named so."""

    def __init__(self, features: Features) -> None:
        super().__init__(f"unit features of {features.name}", features.digest, parts=(features,))
        self._features = features

    @torch.no_grad()
    def __call__(self, a: Image, b: Image, mask: Mask) -> Float[Tensor, ""]:
        """Mean over layers of half the squared distance between unit features: 1 − cosine, in [0, 2]."""
        first, second = self._features(a), self._features(b)
        parts = [
            masked_mean((_unit(first[name]) - _unit(second[name])).square().sum(1, keepdim=True) / 2, mask)
            for name in first
        ]
        return torch.stack(parts).mean()


@final
class PackageLpips(Distance):
    """The `lpips` package's own network, where it and its backbone's weights are on this machine."""

    def __init__(self, net: str, model: Any) -> None:
        name = f"lpips {net} 0.1"
        super().__init__(name, digest_of(model.state_dict(), name), model)
        self._model = model

    @torch.no_grad()
    def __call__(self, a: Image, b: Image, mask: Mask) -> Float[Tensor, ""]:
        """See `Distance`; the package wants [-1, 1]."""
        return masked_mean(self._model(2 * a - 1, 2 * b - 1), mask)


def masked_mean(values: Float[Tensor, "1 1 rows columns"], mask: Mask) -> Float[Tensor, ""]:
    """Mean over places, each counting as much as the mask covers it."""
    weight = pool_mask(mask, (values.shape[-2], values.shape[-1]))
    return (values * weight).sum() / weight.sum().clamp_min(1e-8)


def load_lpips(backbone: Path, heads: Path) -> Lpips:
    """LPIPS from local files: SqueezeNet as torchvision names it, and the released linear heads.

    Raises:
        Style3DError: a file cannot be read or holds something else.
    """
    tensors = read_tensors(heads)
    names = [(f"lin{k}.weight", f"lin{k}.model.1.weight") for k in range(7)]
    found = [tensors.get(bare, tensors.get(released)) for bare, released in names]
    whole = [head.float() for head in found if head is not None and head.dim() == 4]
    if len(whole) != 7:
        raise Style3DError(f"{heads} holds no LPIPS heads", expected="lin0.weight to lin6.weight, (1, c, 1, 1)")
    return Lpips(load_squeeze(backbone), whole)


def installed_lpips() -> Distance | str:
    """LPIPS as the `lpips` package has it, or why not; nothing is downloaded."""
    if not (row := library("lpips")).is_installed:
        return f"no --lpips BACKBONE HEADS was given, and {row.title} is not installed; {row.hint}"
    cached = sorted((Path(torch.hub.get_dir()) / "checkpoints").glob("alexnet-*.pth"))
    if not cached:
        return "the lpips package is there, but not the weights of its AlexNet; give --lpips BACKBONE HEADS"
    from style3d.optional.torchvision_compat import import_torchvision

    import_torchvision()  # which lpips imports
    import lpips

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it calls torchvision the old way
        model = lpips.LPIPS(net="alex", spatial=True, verbose=False).eval()
    return PackageLpips("alex", model)


def _unit(features: Tensor) -> Tensor:
    return features / (features.square().sum(1, keepdim=True).sqrt() + 1e-10)
