"""This stand-in for LPIPS saves the download of AlexNet that nerfstudio's models start when they are made."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, final

import torch
import torchmetrics.image.lpip as lpip
from torch import Tensor, nn

ALEXNET = "alexnet-owt-7be5be79.pth"  # torchvision's name for the weights LPIPS is measured with
METRIC = "LearnedPerceptualImagePatchSimilarity"


@final
class CachedLPIPS(nn.Module):
    """The metric where AlexNet's weights are in torch's cache, NaN where they are not. Holds no state."""

    def __init__(self, **options: Any) -> None:
        super().__init__()
        self._options = options
        self._measure: list[Any] = []  # a list, so that the network is no part of what a checkpoint holds

    @torch.no_grad()
    def forward(self, first: Tensor, second: Tensor) -> Tensor:
        """Distance of two images (1, 3, h, w) in [0, 1]."""
        if not self._measure and (Path(torch.hub.get_dir()) / "checkpoints" / ALEXNET).is_file():
            self._measure.append(getattr(lpip, METRIC)(**self._options))
        if not self._measure:
            return torch.full((), torch.nan)
        distance: Tensor = self._measure[0].to(first.device)(first, second)
        return distance


@contextmanager
def without_downloads() -> Iterator[None]:
    """Within the block, models that make the metric get ours."""
    original = getattr(lpip, METRIC)
    setattr(lpip, METRIC, CachedLPIPS)
    try:
        yield
    finally:
        setattr(lpip, METRIC, original)


def lpips_figures(metrics: dict[str, float]) -> dict[str, float]:
    """The metrics that could be measured."""
    return {name: value for name, value in metrics.items() if not ("lpips" in name and value != value)}


def drop_networks(state: dict[str, Any], prefix: str) -> None:
    """Take out of a model's state the AlexNet that nerfstudio writes into every checkpoint."""
    for name in [name for name in state if name.startswith(f"{prefix}lpips.")]:
        del state[name]
