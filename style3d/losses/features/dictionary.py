"""These features are rectified responses to a dictionary of small colour patches, at several scales."""

from __future__ import annotations

from pathlib import Path
from typing import final

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from style3d.losses.features.base import Features, Layers
from style3d.losses.features.embedded import half_size
from style3d.losses.network import FixedNetwork, digest_of
from style3d.losses.weights_file import fill, read_tensors
from style3d.types import Image

SHIPPED = Path(__file__).resolve().parents[1] / "weights" / "dictionary.safetensors"
ATOMS, SIDE = 64, 5
SMALLEST = 8  # pixels along the shorter side of the coarsest octave


@final
class Dictionary(FixedNetwork, Features):
    """One layer of learnt patches, applied to the image halved again and again.

    The patches are k-means centres of whitened patches (Coates, Lee & Ng, AISTATS 2011), and respond above a
    threshold. Each sees the three colours together: edges of brightness and of colour stay where they belong, which
    filters on one colour axis at a time leave open (coloured fringes). One layer of wide filters at several scales is
    known to hold textures (Ustyuzhaninov et al., ICLR 2017).

    Args:
        convolution: ``ATOMS`` filters of ``SIDE``² pixels in three colours, two pixels apart (the statistics are the
            same at a quarter of the cost), with their thresholds as bias.
        octaves: number of scales, at most; small images use fewer.
    """

    def __init__(self, convolution: nn.Conv2d, octaves: int = 4) -> None:
        digest = digest_of(convolution.state_dict(), f"dictionary-1 octaves={octaves}")
        super().__init__("dictionary", digest, convolution, fast=convolution)
        self._octaves = octaves

    @property
    def layers(self) -> tuple[str, ...]:
        """One per octave, finest first."""
        return tuple(f"octave{j}" for j in range(self._octaves))

    @property
    def content_layer(self) -> str:
        """Edges some ten pixels wide."""
        return f"octave{min(2, self._octaves - 1)}"

    def __call__(self, image: Image) -> Layers:
        """Channels of octave j: responses to each patch, then those of octave j−1 averaged down beside them."""
        layers, edge = Layers(), SIDE // 2
        x, finer = image.contiguous(memory_format=torch.channels_last), None
        for name in self.layers:
            if min(x.shape[-2:]) < SMALLEST:
                break
            padded = F.pad(x, (edge, edge, edge, edge), mode="reflect")
            response: Tensor = self._net(padded.to(self._dtype)).relu().float()
            layers[name] = response if finer is None else torch.cat([response, pool_to_size(finer, response)], 1)
            x, finer = half_size(x), response
        return layers


def pool_to_size(finer: Tensor, like: Tensor) -> Tensor:
    """A map averaged down to the size of another."""
    return F.adaptive_avg_pool2d(finer, (like.shape[-2], like.shape[-1]))


def load_dictionary() -> Dictionary:
    """The shipped patches.

    Raises:
        Style3DError: if the installation is damaged.
    """
    net = nn.Conv2d(3, ATOMS, SIDE, stride=2)
    fill(net, read_tensors(SHIPPED), SHIPPED, "the shipped dictionary: install style3d again")
    return Dictionary(net)
