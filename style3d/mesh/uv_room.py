"""`--uv auto` decides by how much room a model's own UVs leave for paint."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, final

import numpy as np
from jaxtyping import Float64

from style3d.mesh.bake import OVERLAP_SIZE, layers_of
from style3d.mesh.document_view import Key, Pool
from style3d.mesh.materials import transform_uvs
from style3d.mesh.textures import Rgb, sample_image
from style3d.render.surface import Wrap

POINTS = 4000  # of the surface that stand for all of it
INNER = 8  # more in the face of each, to see whether the texture changes within faces
PACKED = 0.6  # of an atlas that unwrapping fills
CROWD = 3  # faces on a texel; mirrored halves lie two deep on purpose
LITTLE = 0.1  # of the texels that an atlas would give; palettes reach 0.06, layouts that are made for paint 0.18
SPARSE = 0.15  # of the texture in use; palettes reach 0.14
PLAIN = 0.06  # standard deviation within faces; gradients of palettes reach 0.04
FLAT = 0.01  # the same of faces of one colour, which lose nothing wherever on the texture they lie
Array = np.ndarray[Any, Any]


@final
@dataclass(frozen=True)
class Room:
    """What one texture offers to the faces that show it, at the median point of their surface.

    Concretely: a knight on a palette, 3 faces on a texel, 0.06 of an atlas's texels, 0.13 of the palette in use.
    """

    layers: float  # faces on the point's texel
    own: float  # texels for the point alone, as a share of those in an atlas of its own
    cover: float  # share of the texture that faces lie on
    contrast: float | None  # of the texture within a face, display-referred; None without a texture

    @property
    def is_cramped(self) -> bool:
        """Whether paint would become blocks and streaks.

        What repeats a picture on purpose has room, and so has any picture with a drawing in it.
        """
        if self.contrast is None:
            return self.layers > CROWD or (self.own < LITTLE and self.cover < SPARSE)
        return self.own < LITTLE and self.contrast < (PLAIN if self.cover < SPARSE else FLAT)


def cramped_rooms(pool: Pool, with_uvs: dict[Key, int]) -> list[tuple[Room, list[Key]]]:
    """Textures, and materials without one, that have too little room, and the primitives that share it."""
    groups: dict[tuple[int | None, int | None], list[Key]] = {}
    for key in with_uvs:
        image = pool.lookup(pool.color(key)).image
        material = pool.primitives[key].material if image is None else None
        groups.setdefault((image, material), []).append(key)
    found = []
    for (image, _), keys in groups.items():
        parts = []
        for key in keys:
            primitive = pool.primitives[key]
            uvs = transform_uvs(primitive.uvs[with_uvs[key]], pool.color(key))
            parts.append((pool.world_positions(key)[primitive.faces], uvs[primitive.faces]))
        picture = None if image is None else pool.image(image)
        wrap = pool.lookup(pool.color(keys[0])).wrap
        corners, uvs = (np.concatenate(part) for part in zip(*parts, strict=True))
        room = room_of(corners, uvs, None if picture is None else picture[0], wrap)
        if room.is_cramped:
            found.append((room, keys))
    return found


def room_of(
    corners: Float64[np.ndarray, "faces 3 3"],
    uvs: Float64[np.ndarray, "faces 3 2"],
    picture: Rgb | None,
    wrap: tuple[Wrap, Wrap],
) -> Room:
    """Measure triangles in space against their triangles in UV space; those without area count for nothing."""
    area = np.nan_to_num(np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1))
    area = np.where(np.isfinite(uvs).all((1, 2)), area, 0.0)
    if not area.sum() > 0:
        return Room(1.0, 1.0, 1.0, None)
    counts = layers_of(np.nan_to_num(uvs).reshape(-1, 2), np.arange(3 * len(uvs)).reshape(-1, 3))
    random = np.random.default_rng(0)
    chosen = random.choice(len(area), POINTS, p=area / area.sum())
    weights = random.dirichlet((1, 1, 1), (POINTS, INNER))
    places = np.einsum("nsk,nkc->nsc", weights, uvs[chosen])
    column, row = np.moveaxis(np.floor(places[:, 0] * OVERLAP_SIZE).astype(np.int64) % OVERLAP_SIZE, 1, 0)
    layers = np.maximum(counts[row, column], 1)
    sides = uvs[:, 1:] - uvs[:, :1]
    flat = np.abs(sides[:, 0, 0] * sides[:, 1, 1] - sides[:, 0, 1] * sides[:, 1, 0])
    share = flat[chosen] / 2 / (area[chosen] / area.sum()) / PACKED
    contrast = None
    if picture is not None:
        shown = sample_image(picture, places.reshape(-1, 2), wrap).reshape(POINTS, INNER, 3)
        contrast = float(np.median(shown.std(1).mean(1)))
    cover = float((counts > 0).mean())
    return Room(float(np.median(layers)), float(np.median(share / layers)), cover, contrast)
