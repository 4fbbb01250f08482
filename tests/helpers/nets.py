"""Networks small enough for tests: three seeded convolutions, and CLIP models of a few channels."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from style3d.errors import Style3DError
from style3d.losses.features.base import Features
from style3d.losses.objective import Objective, default_objective


class Tiny(Features):
    """Random filters of 3, 8 and 8 channels; milliseconds at 64²."""

    def __init__(self) -> None:
        generator = torch.Generator().manual_seed(0)
        self.kernels = [torch.randn(8, c, 3, 3, generator=generator) / (3 * c**0.5) for c in (3, 8, 8)]

    @property
    def name(self) -> str:
        return "tiny"

    @property
    def digest(self) -> str:
        return "0" * 64

    @property
    def layers(self) -> tuple[str, ...]:
        return ("a", "b", "c")

    @property
    def content_layer(self) -> str:
        return "b"

    def __call__(self, image: Tensor) -> dict[str, Tensor]:
        out = {}
        for name, kernel in zip(self.layers, self.kernels, strict=True):
            image = F.relu(
                F.conv2d(F.pad(image, (1, 1, 1, 1), mode="replicate"), kernel.to(image), stride=1 if name == "a" else 2)
            )
            out[name] = image
        return out

    def to(self, device: torch.device | str) -> Features:
        return self


def tiny_objective() -> Objective:
    """The default losses on `Tiny`."""
    return default_objective(Tiny())


TEXT = {"context_length": 77, "vocab_size": 49408, "width": 8, "heads": 2, "layers": 1}
VIT = {"image_size": 32, "patch_size": 8, "width": 16, "layers": 4, "head_width": 8}
RESNET = {"image_size": 64, "layers": [1, 1, 1, 1], "width": 8}


def tiny_clips(folder: Path) -> dict[str, Path]:
    """Names and weights files of a tiny ViT and a tiny ResNet that open_clip now lists; skips where it is absent."""
    from style3d.losses.text.open_clip_models import import_open_clip

    try:
        open_clip = import_open_clip()
    except Style3DError as error:
        pytest.skip(str(error))
    files = {}
    for name, vision in (("tiny-vit", VIT), ("tiny-resnet", RESNET)):
        (folder / f"{name}.json").write_text(json.dumps({"embed_dim": 16, "vision_cfg": vision, "text_cfg": TEXT}))
        open_clip.add_model_config(folder / f"{name}.json")
        torch.manual_seed(0)
        files[name] = folder / f"{name}.pt"
        torch.save(open_clip.create_model(name).state_dict(), files[name])
    return files
