"""The table of texels: all textures in a row, and the same again at half the size for every pyramid level."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import final

import numpy as np
import torch
from jaxtyping import Float, Int64

from style3d.appearance import Hierarchy
from style3d.render.surface import Texture, Wrap
from style3d.types import Colors, Indices

WRAPS: tuple[Wrap, ...] = ("repeat", "clamp", "mirror")


@final
@dataclass(frozen=True)
class TexelGrid(Hierarchy):
    """Where each texel of each level is. Concretely: two 1024² textures and five levels down to 64²."""

    shapes: tuple[tuple[tuple[int, int], ...], ...]  # [level][texture] -> (height, width)
    wraps: tuple[tuple[Wrap, Wrap], ...]  # [texture] -> (u, v)

    @property
    def sizes(self) -> tuple[int, ...]:
        """Texels of each level."""
        return tuple(sum(h * w for h, w in level) for level in self.shapes)

    @cached_property
    def offsets(self) -> tuple[Int64[np.ndarray, "textures+1"], ...]:
        """First entry of each texture, by level."""
        return tuple(np.cumsum([0] + [h * w for h, w in level]).astype(np.int64) for level in self.shapes)

    def locate(self, level: int, entries: Indices) -> tuple[Indices, Indices, Indices]:
        """Texture, row and column of each entry."""
        offsets = self.offsets[level]
        texture = np.searchsorted(offsets, entries, side="right") - 1
        width = np.array([w for _, w in self.shapes[level]], dtype=np.int64)[texture]
        local = entries - offsets[texture]
        return texture, local // width, local % width

    def texel(self, texture: Indices, uv: Float[np.ndarray, "n 2"]) -> Indices:
        """Entry of level 0 that holds each texture coordinate."""
        shape = np.array(self.shapes[0], dtype=np.int64).reshape(-1, 2)[texture]
        code = np.array([[WRAPS.index(mode) for mode in wrap] for wrap in self.wraps]).reshape(-1, 2)[texture]
        x, y = (np.floor(uv[:, k] * shape[:, 1 - k]).astype(np.int64) for k in (0, 1))
        x, y = wrapped(x, shape[:, 1], code[:, 0]), wrapped(y, shape[:, 0], code[:, 1])
        return self.offsets[0][texture] + y * shape[:, 1] + x

    def parents(self, level: int, entries: Indices) -> tuple[Int64[np.ndarray, "n k"], Float[np.ndarray, "n k"]]:
        """The four coarser texels around each entry's centre, with bilinear weights; sides wrap as the sampler does."""
        texture, row, column = self.locate(level, entries)
        taps = []
        for axis, place in enumerate((row, column)):
            fine = np.array([shape[axis] for shape in self.shapes[level]])[texture]
            coarse = np.array([shape[axis] for shape in self.shapes[level + 1]])[texture]
            center = (place + 0.5) * coarse / fine - 0.5
            low = np.floor(center).astype(np.int64)
            code = np.array([WRAPS.index(wrap[1 - axis]) for wrap in self.wraps])[texture]
            taps.append((wrapped(low, coarse, code), wrapped(low + 1, coarse, code), center - low))
        (y0, y1, fy), (x0, x1, fx) = taps
        width = np.array([w for _, w in self.shapes[level + 1]], dtype=np.int64)[texture]
        start = self.offsets[level + 1][texture]
        index = np.stack([start + y * width + x for y in (y0, y1) for x in (x0, x1)], 1)
        weight = np.stack([wy * wx for wy in (1 - fy, fy) for wx in (1 - fx, fx)], 1)
        return index, weight.astype(np.float32)

    def restrict(self, level: int, colors: Colors) -> Colors:
        """Area average of every texture."""
        pairs = zip(self.split(level, colors), self.shapes[level + 1], strict=True)
        parts = [torch.nn.functional.interpolate(image[None], shape, mode="area")[0] for image, shape in pairs]
        return torch.cat([part.flatten(1).T for part in parts])

    def split(self, level: int, colors: Colors) -> list[Float[torch.Tensor, "3 h w"]]:
        """The textures of a table."""
        offsets = self.offsets[level]
        shapes = enumerate(self.shapes[level])
        return [colors[offsets[i] : offsets[i + 1]].T.reshape(3, h, w) for i, (h, w) in shapes]


def wrapped(index: Indices, size: Indices, code: Indices) -> Indices:
    """Texel indices brought into the texture by the sampler's mode (position in `WRAPS`)."""
    repeat = np.mod(index, size)
    clamp = np.clip(index, 0, size - 1)
    double = np.mod(index, 2 * size)
    mirror = np.where(double < size, double, 2 * size - 1 - double)
    return np.where(code == 0, repeat, np.where(code == 1, clamp, mirror))


def texel_grid(textures: tuple[Texture, ...], coarsest: int = 24, levels: int = 7) -> TexelGrid:
    """The pyramid of a set of textures: halved until the longest side would fall under ``coarsest``."""
    shape: tuple[tuple[int, int], ...] = tuple((t.rgb.shape[0], t.rgb.shape[1]) for t in textures)
    shapes = [shape]
    while len(shapes) < levels and max(max(s) for s in shapes[-1]) // 2 >= coarsest:
        shapes.append(tuple((max(1, -(-h // 2)), max(1, -(-w // 2))) for h, w in shapes[-1]))
    return TexelGrid(tuple(shapes), tuple(texture.wrap for texture in textures))
