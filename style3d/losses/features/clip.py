"""CLIP's image towers (Radford et al., ICML 2021) extract features: stages of a ResNet, token maps of a ViT."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, final

import torch
from torch import Tensor
from torch.nn import functional as F

from style3d.errors import Style3DError
from style3d.losses.features.base import Features, Layers
from style3d.losses.network import FixedNetwork, digest_of
from style3d.types import Image

STAGES: tuple[str, ...] = (
    "stem",
    "layer1",
    "layer2",
    "layer3",
    "layer4",
)  # of a ResNet: 1/4, 1/4, 1/8, 1/16, 1/32 of the image
DEPTHS = (1, 3, 6, 9)  # twelfths of a transformer's blocks after which token maps are taken


@final
class ClipFeatures(FixedNetwork, Features):
    """Feature maps of an image of any size.

    A transformer's positions are interpolated to the image's grid of patches, the image is resized to whole patches.

    Args:
        model: an open_clip model, or anything whose ``visual`` is one of its image towers.
        name: open_clip's name of it.

    Raises:
        Style3DError: its tower is neither a ResNet nor a plain transformer.
    """

    def __init__(self, model: Any, name: str) -> None:
        from style3d.losses.text.open_clip_models import clip_standard, import_open_clip

        open_clip = import_open_clip()
        self._tower = model.visual
        if isinstance(self._tower, open_clip.modified_resnet.ModifiedResNet):
            self._maps, self._layers = self._stages, STAGES
        elif isinstance(self._tower, open_clip.transformer.VisionTransformer):
            count = len(self._tower.transformer.resblocks)
            self._blocks = tuple(dict.fromkeys(max(1, round(count * twelfth / 12)) for twelfth in DEPTHS))
            self._maps, self._layers = self._tokens, tuple(f"block{number}" for number in self._blocks)
        else:
            kind = type(self._tower).__name__
            raise Style3DError(f"features of {name} are not readable", got=kind, expected="a ResNet or a plain ViT")
        digest = digest_of(self._tower.state_dict(), f"clip {name}")
        super().__init__(f"clip {name}", digest, self._tower, clip_standard(self._tower))

    @property
    def layers(self) -> tuple[str, ...]:
        """ResNet: stem, layer1 … layer4. ViT: the maps after 1, 3, 6 and 9 twelfths of its blocks."""
        return self._layers

    @property
    def content_layer(self) -> str:
        """layer3, or the map after three quarters of the blocks."""
        return "layer3" if self._layers == STAGES else self._layers[-1]

    def __call__(self, image: Image) -> Layers:
        """Feature maps, as far down as the image is large enough for."""
        return dict(zip(self._layers, self._maps(self.standardise(image)), strict=False))

    def _stages(self, x: Tensor) -> Iterator[Tensor]:
        x = self._tower.stem(x)
        yield x
        for name in STAGES[1:]:
            if name != "layer1" and min(x.shape[-2:]) < 4:
                return
            x = getattr(self._tower, name)(x)
            yield x

    def _tokens(self, x: Tensor) -> Iterator[Tensor]:
        tower, patch = self._tower, self._tower.patch_size
        rows, columns = (max(1, round(side / step)) for side, step in zip(x.shape[-2:], patch, strict=True))
        x = F.interpolate(
            x, (rows * patch[0], columns * patch[1]), mode="bilinear", align_corners=False, antialias=True
        )
        x = tower.conv1(x).flatten(2).transpose(1, 2)
        first = tower.class_embedding.expand(1, 1, -1)
        x = tower.ln_pre(
            torch.cat([first, x], 1) + positions(tower.positional_embedding, tower.grid_size, (rows, columns))
        )
        for number, block in enumerate(tower.transformer.resblocks, 1):
            x = block(x) if tower.transformer.batch_first else block(x.transpose(0, 1)).transpose(0, 1)
            if number in self._blocks:
                yield x[:, 1:].transpose(1, 2).reshape(1, -1, rows, columns)
            if number == self._blocks[-1]:
                return


def positions(table: Tensor, trained: tuple[int, int], wanted: tuple[int, int]) -> Tensor:
    """A transformer's positional embedding (1 + tokens, c) for another grid (rows, columns), bicubic as in DeiT."""
    if tuple(trained) == wanted:
        return table
    grid = table[1:].T.reshape(1, -1, *trained)
    grid = F.interpolate(grid, wanted, mode="bicubic", align_corners=False)
    return torch.cat([table[:1], grid.flatten(2)[0].T])
