"""The texture table lists which textures are painted, and the colours each starts from."""

from __future__ import annotations

from dataclasses import replace
from typing import final

import numpy as np

from style3d.mesh.document_view import Pool, image_name
from style3d.mesh.materials import BaseColor, Lookup
from style3d.mesh.textures import LEAST, flat, resize_image, target_size, tint
from style3d.remarks import count_of
from style3d.render.surface import Texture

BUDGET = 64 << 20  # texels of all textures together
SWATCH = 4  # texels on a side of what stands for a plain colour


@final
class TextureTable:
    """Textures to be painted, one for each image with its factor and wrap, or for each material without an image."""

    def __init__(self, pool: Pool, texture_size: int | None, notes: list[str]) -> None:
        self.pool, self.texture_size, self.notes = pool, texture_size, notes
        self.textures: list[Texture] = []
        self.blank: set[int] = set()  # those of one colour, which may shrink
        self._index: dict[tuple[object, ...], int] = {}

    def add(self, material: int, color: BaseColor) -> int:
        """Index of the texture for a material."""
        found = self.pool.lookup(color)
        key = ("flat", material) if found.image is None else (found, color.factor[:3])
        if key not in self._index:
            self._index[key] = len(self.textures)
            self.textures.append(self._texture(found, color))
        return self._index[key]

    def add_swatch(self, color: BaseColor) -> int:
        """Index of a few texels that stand for a material's plain colour."""
        self.textures.append(Texture(self._unique(color.name), flat(color.factor, SWATCH)))
        return len(self.textures) - 1

    def _texture(self, lookup: Lookup, color: BaseColor) -> Texture:
        image, wrap, shown = lookup.image, lookup.wrap, lookup.magnified
        found = None if image is None else self.pool.image(image)
        name = self._unique((image_name(self.pool.document, image) if image is not None else "") or color.name)
        if found is None:
            self.blank.add(len(self.textures))
            return Texture(name, flat(color.factor, self.texture_size or LEAST), None, wrap)
        rgb, alpha = found
        size = target_size(rgb.shape[1], rgb.shape[0], self.texture_size)
        opacity = None if alpha is None else resize_image(alpha[..., None], size, wrap, shown)[..., 0]
        return Texture(name, tint(resize_image(rgb, size, wrap, shown), color.factor), opacity, wrap)

    def _unique(self, name: str) -> str:
        taken, wanted, count = {texture.name for texture in self.textures}, name, 2
        while wanted in taken:
            wanted, count = f"{name} {count}", count + 1
        return wanted

    def fit_textures(self) -> tuple[Texture, ...]:
        """The textures, those of one colour made smaller where all together would be too large."""
        textures, side = list(self.textures), self.texture_size or LEAST
        while sum(t.rgb.shape[0] * t.rgb.shape[1] for t in textures) > BUDGET and side > 128:
            side //= 2
            for index in self.blank:
                textures[index] = replace(textures[index], rgb=np.ascontiguousarray(textures[index].rgb[:side, :side]))
        if side != (self.texture_size or LEAST):
            self.notes.append(f"{count_of(len(self.blank), 'texture')} of one colour: {side} texels, to save memory")
        return tuple(textures)
