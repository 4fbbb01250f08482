"""`--base-color` gives a picture to a model that names none, as many OBJ files without an MTL do."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from style3d.errors import Style3DError
from style3d.images import read_image
from style3d.mesh.asset import MeshAsset
from style3d.mesh.textures import resize_image


def with_base_color(asset: MeshAsset, path: Path) -> MeshAsset:
    """The asset with ``path`` as the original of every painted texture that was one plain colour.

    Raises:
        Style3DError: the picture cannot be read, or no painted texture is plain.
    """
    picture = read_image(path, upright=False)[..., :3]
    plain = [float(np.ptp(texture.rgb, axis=(0, 1)).max()) < 1e-6 for texture in asset.surface.textures]
    if not any(plain):
        raise Style3DError(
            f"--base-color {path.name} cannot be used", got="a model whose materials have pictures of their own"
        )
    textures = tuple(
        replace(texture, rgb=resize_image(picture, texture.rgb.shape[1::-1], texture.wrap)) if bare else texture
        for texture, bare in zip(asset.surface.textures, plain, strict=True)
    )
    note = f"{path.name} stands in for the base colour that the model does not name"
    return replace(asset, surface=replace(asset.surface, textures=textures), notes=(*asset.notes, note))
