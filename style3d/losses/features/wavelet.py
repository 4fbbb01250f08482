"""Rectified oriented wavelets are features without weights (Brochard, Zhang, Mallat, ICLR 2022; Zhang & Mallat 2021).

For colour channel c, octave j and orientation θ, with a complex Morlet-like wavelet ψ,

    f_{c,j,θ,α} = relu(Re(e^{iα} · (x_c ∗ ψ_{j,θ})))        α ∈ {0, π/2, π, 3π/2}

The four phases keep the sign and the phase of an edge, so that covariances between channels (between orientations,
colours and, through pooling, neighbouring octaves) tell strokes from noise of the same spectrum.
"""

from __future__ import annotations

import math
from typing import final

import torch
from torch import Tensor
from torch.nn import functional as F

from style3d.losses.features.base import Features, Layers
from style3d.losses.network import FixedNetwork, digest_of
from style3d.types import Image

_OPPONENT = ((1, 1, 1), (1, 0, -1), (1, -2, 1))  # brightness, red-blue, green-purple; decorrelates natural colour
_GAIN = (1.0, 1.5, 2.0)  # colour differences are weaker than brightness in paintings


@final
class Wavelet(FixedNetwork, Features):
    """Octave j is filtered on an image halved j times, so each costs a quarter of the one before.

    Args:
        octaves: number of scales, at most; small images use fewer layers.
        first: the finest octave given; finer ones are not computed.
        orientations: number of directions in half a turn.
        size: side of the filters, pixels of their octave.
    """

    def __init__(self, octaves: int = 5, first: int = 0, orientations: int = 4, size: int = 7) -> None:
        self._octaves = range(first, octaves)
        rows = torch.tensor(_OPPONENT, dtype=torch.float32)
        gain = torch.tensor(_GAIN)[:, None]
        opponent = (gain * rows / rows.norm(dim=1, keepdim=True))[:, :, None, None]
        tap = torch.tensor([1.0, 4.0, 6.0, 4.0, 1.0]) / 16
        blur = (tap[:, None] * tap[None, :])[None, None]
        key = f"wavelet-1 octaves={first}..{octaves} orientations={orientations} size={size}"
        constants = {"filters": morlet(orientations, size), "opponent": opponent, "blur": blur}
        super().__init__("wavelet", digest_of({}, key), constants=constants)

    @property
    def layers(self) -> tuple[str, ...]:
        """One per octave, finest first."""
        return tuple(f"octave{j}" for j in self._octaves)

    @property
    def content_layer(self) -> str:
        """Edges four to eight pixels wide."""
        return f"octave{min(2, self._octaves.stop - 1)}"

    def __call__(self, image: Image) -> Layers:
        """Channels of octave j: rectified responses, then those of octave j−1 averaged down beside them."""
        x = F.conv2d(image, self._constants["opponent"])
        channels, layers = x.transpose(0, 1), Layers()  # colours travel as a batch: (3, 1, h, w)
        previous: Tensor | None = None
        for _ in range(self._octaves.start):
            channels = self._half_size(channels)
        for name in self.layers:
            if min(channels.shape[-2:]) < self._constants["filters"].shape[-1]:
                break
            rectified = self._filter_responses(channels)
            layers[name] = rectified if previous is None else torch.cat([rectified, previous], 1)
            channels = self._half_size(channels)
            previous = F.adaptive_avg_pool2d(rectified, (channels.shape[-2], channels.shape[-1]))
        return layers

    def _half_size(self, channels: Tensor) -> Tensor:
        return F.conv2d(F.pad(channels, (2, 2, 2, 2), mode="reflect"), self._constants["blur"], stride=2)

    def _filter_responses(self, channels: Tensor) -> Tensor:
        half = self._constants["filters"].shape[-1] // 2
        response = F.conv2d(F.pad(channels, (half, half, half, half), mode="reflect"), self._constants["filters"])
        response = response.reshape(1, -1, *response.shape[-2:])
        return torch.cat([response.relu(), (-response).relu()], 1)


def morlet(orientations: int, size: int, frequency: float = 0.6 * math.pi, width: float = 1.25) -> Tensor:
    """Real and imaginary parts of oriented band-pass filters, (2 · orientations, 1, size, size), zero mean, unit norm.

    ψ_θ(u) = g(u) · (e^{i ξ u·θ} − κ), g a Gaussian of standard deviation ``width`` px along θ and twice that across,
    ξ the ``frequency`` in radians per pixel, κ such that ψ sums to zero.
    """
    axis = torch.arange(size, dtype=torch.float64) - size // 2
    v, u = torch.meshgrid(axis, axis, indexing="ij")
    filters = []
    for k in range(orientations):
        angle = math.pi * k / orientations
        along = u * math.cos(angle) + v * math.sin(angle)
        across = -u * math.sin(angle) + v * math.cos(angle)
        window = torch.exp(-0.5 * ((along / width) ** 2 + (across / (1.6 * width)) ** 2))
        real = window * torch.cos(frequency * along)
        real = real - window * real.sum() / window.sum()
        imaginary = window * torch.sin(frequency * along)
        filters += [real / real.norm(), imaginary / imaginary.norm()]
    return torch.stack(filters)[:, None].to(torch.float32)
