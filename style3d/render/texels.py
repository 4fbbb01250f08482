"""The table of texels puts all textures in a row."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import final

import numpy as np
from jaxtyping import Float, Int64
from numba import njit
from torch import Tensor

from style3d.render.surface import Texture, Wrap
from style3d.types import Colors, Indices

WRAPS: tuple[Wrap, ...] = ("repeat", "clamp", "mirror")


@final
@dataclass(frozen=True)
class TexelGrid:
    """Where each texel is in the table. Concretely: two 1024² textures, the second from entry 1 048 576 on."""

    shapes: tuple[tuple[int, int], ...]  # [texture] -> (height, width)
    wraps: tuple[tuple[Wrap, Wrap], ...]  # [texture] -> (u, v)

    @cached_property
    def offsets(self) -> Int64[np.ndarray, "textures_and_end"]:
        """First entry of each texture, and the total at the end."""
        return np.cumsum([0] + [h * w for h, w in self.shapes]).astype(np.int64)

    @property
    def entries(self) -> int:
        """Texels in all."""
        return int(self.offsets[-1])

    def texel(self, texture: Indices, uv: Float[np.ndarray, "n 2"]) -> Indices:
        """Entry that holds each texture coordinate."""
        shape = np.array(self.shapes, dtype=np.int64).reshape(-1, 2)[texture]
        code = np.array([[WRAPS.index(mode) for mode in pair] for pair in self.wraps]).reshape(-1, 2)[texture]
        x, y = (np.floor(uv[:, k] * shape[:, 1 - k]).astype(np.int64) for k in (0, 1))
        x, y = wrap_all(x, shape[:, 1], code[:, 0]), wrap_all(y, shape[:, 0], code[:, 1])
        return self.offsets[texture] + y * shape[:, 1] + x

    def split(self, colors: Colors) -> list[Float[Tensor, "h w 3"]]:
        """The textures of a table."""
        shapes = enumerate(self.shapes)
        return [colors[self.offsets[i] : self.offsets[i + 1]].reshape(h, w, 3) for i, (h, w) in shapes]


@njit(cache=True, nogil=True)
def wrap(index: int, size: int, code: int) -> int:
    """A texel index brought into the texture by the sampler's mode (position in `WRAPS`)."""
    if code == 0:
        return index % size
    if code == 1:
        return min(max(index, 0), size - 1)
    double = index % (2 * size)
    return double if double < size else 2 * size - 1 - double


def wrap_all(index: Indices, size: Indices, code: Indices) -> Indices:
    """`wrap` for arrays."""
    repeat, clamp, double = np.mod(index, size), np.clip(index, 0, size - 1), np.mod(index, 2 * size)
    mirror = np.where(double < size, double, 2 * size - 1 - double)
    return np.where(code == 0, repeat, np.where(code == 1, clamp, mirror))


def texel_grid(textures: tuple[Texture, ...]) -> TexelGrid:
    """The table of a set of textures."""
    shapes = tuple((t.rgb.shape[0], t.rgb.shape[1]) for t in textures)
    return TexelGrid(shapes, tuple(texture.wrap for texture in textures))
