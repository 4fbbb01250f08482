"""Panels are the pictures of all layers at one size, side by side: the exemplar of a pass of patches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np
import torch
from jaxtyping import Float32, Int32, Int64
from torch import Tensor

from style3d.paint.layers import StyleLayer
from style3d.paint.patch_guide import Guide
from style3d.paint.patch_search import REACH, Exemplar
from style3d.paint.style_library import resize_style

FEWEST = 30  # pixels that are worth a patch
NARROWEST = 4 * REACH  # pixels along a picture's shorter side, for there to be patches
HELD = 0.3  # of a mask's largest value: where a layer's patches come from

Matches = Int32[np.ndarray, "_ _ 2"]


@final
@dataclass(frozen=True)
class Panels:
    """The pictures of all layers at one size, side by side. Layers that may take the same places are one source."""

    exemplar: Exemplar
    source: Int64[np.ndarray, "layers"]  # of each layer
    places: Int64[np.ndarray, "sources most 2"]  # middles that each may take, repeated up to the longest
    left: Int64[np.ndarray, "panels"]  # column where each picture begins
    sizes: Int64[np.ndarray, "panels 2"]  # rows and columns of each
    ranks: Float32[np.ndarray, "sources 2 n"]  # see `Guide.ranks_of`

    def at_this_size(self, other: Panels, match: Matches) -> Matches:
        """Matches in the same pictures at another size, here; -1 stays."""
        panel = np.searchsorted(other.left, match[..., 1], side="right") - 1
        panel = panel.clip(0)
        scale = self.sizes[panel] / other.sizes[panel]
        found = match.astype(np.float64)
        found[..., 1] -= other.left[panel]
        found *= scale
        top = self.sizes[panel] - REACH - 1
        found = np.clip(np.round(found), REACH, top)
        found[..., 1] += self.left[panel]
        return np.where(match[..., :1] < 0, -1, found).astype(np.int32)


def panels_of(layers: Sequence[StyleLayer], guide: Guide, extent: float) -> Panels:
    """All layers' pictures where the whole object spans ``extent`` pixels."""
    panels: dict[tuple[int, float], tuple[Float32[np.ndarray, "h w 3"], list[tuple[int, np.ndarray]]]] = {}
    for number, layer in enumerate(layers):
        for image, mask in layer.styles.visible_pictures():
            key = (image.data_ptr(), layer.styles.scale)
            if key not in panels:
                panels[key] = (_resize_picture(image, extent * layer.styles.scale), [])
            picture, held = panels[key]
            size = torch.nn.functional.interpolate(mask, picture.shape[:2], mode="bilinear", antialias=True)
            held.append((number, size[0, 0].numpy()))
    rows = max(picture.shape[0] for picture, _ in panels.values())
    left = np.cumsum([0, *(picture.shape[1] for picture, _ in panels.values())])
    pictures, answers = (np.zeros((rows, int(left[-1]), channels), np.float32) for channels in (3, 6))
    allowed = np.zeros((len(layers), rows, int(left[-1])), bool)
    for begin, (picture, held) in zip(left, panels.values(), strict=False):
        here = np.s_[: picture.shape[0], begin : begin + picture.shape[1]]
        pictures[here], answers[here] = picture, guide.of_picture(picture)
        for number, one in held:
            allowed[number][here] |= _middles(one)
    sources: dict[bytes, int] = {}
    source = np.array([sources.setdefault(one.tobytes(), len(sources)) for one in allowed])
    allowed = allowed[np.unique(source, return_index=True)[1]]
    places = [np.argwhere(one) for one in allowed]
    most = max(map(len, places))
    sizes = np.array([picture.shape[:2] for picture, _ in panels.values()])
    used = np.zeros(pictures.shape[:2], np.float32)
    repeated = np.stack([np.resize(one, (most, 2)) for one in places])
    ranks = guide.ranks_of(answers, allowed)
    return Panels(Exemplar(pictures, answers, allowed, used), source, repeated, left[:-1], sizes, ranks)


def _resize_picture(image: Tensor, longer: float) -> Float32[np.ndarray, "h w 3"]:
    """A picture at a size, large enough for patches."""
    small = resize_style(image, longer)
    if min(small.shape[-2:]) < NARROWEST:
        factor = NARROWEST / min(small.shape[-2:])
        size = [max(NARROWEST, round(side * factor)) for side in small.shape[-2:]]
        small = torch.nn.functional.interpolate(image, size, mode="bilinear", antialias=True)
    return np.ascontiguousarray(small[0].permute(1, 2, 0).cpu().numpy(), dtype=np.float32)


def _middles(mask: Float32[np.ndarray, "h w"]) -> np.ndarray:
    """Where patches lie within a picture, and their middles under the mask; all of it if there are hardly any."""
    inner = np.zeros(mask.shape, bool)
    inner[REACH:-REACH, REACH:-REACH] = True
    held = inner & (mask >= HELD * mask.max())
    enough = min(FEWEST, int(inner.sum()))
    if held.sum() >= enough:
        return held
    return inner & (mask >= np.sort(mask[inner])[-enough])
