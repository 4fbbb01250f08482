"""An atlas texture draws pictures, material factors and vertex colours where the faces lie."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np
from jaxtyping import Float32, Float64, Int32

from style3d.images import decode_srgb, encode_srgb
from style3d.mesh.bake import bake_faces, spread
from style3d.mesh.materials import BaseColor
from style3d.mesh.primitives import Primitive
from style3d.mesh.textures import Opacity, Rgb, resize_image, sample_image
from style3d.mesh.unwrap import Unwrapped
from style3d.render.surface import Texture, Wrap

CHUNK = 1 << 20  # texels looked up at a time
Array = np.ndarray[Any, Any]


@final
@dataclass(frozen=True)
class SourceTexture:
    """A texture as a shader reads it. Concretely: a palette of 256 × 1 colours, shown without a blend between them."""

    rgb: Rgb
    alpha: Opacity | None
    wrap: tuple[Wrap, Wrap]
    nearest: bool  # whether texels show as squares when they are magnified


@final
@dataclass(frozen=True)
class Piece:
    """What one primitive brings into the atlas. Concretely: a sword's faces, its material, and its colours so far.

    Vertex colours move into the atlas where ``primitive`` has any; ``before`` is where its faces looked ``picture`` up.
    """

    primitive: Primitive
    color: BaseColor
    unwrapped: Unwrapped
    picture: SourceTexture | None = None
    before: Float64[np.ndarray, "vertices 2"] | None = None  # of the primitive's vertices as they were


def atlas_texture(pieces: Sequence[Piece], size: int) -> Texture:
    """Draw the colours of unwrapped primitives into an image of ``size`` texels on a side.

    Opacity is kept where a blended or cut-out material has a picture or vertex colours that are not opaque.
    """
    image = np.zeros((size, size, 4), dtype=np.float32)
    filled = np.zeros((size, size), dtype=np.int32)
    for piece in pieces:
        if piece.picture is None or piece.before is None:
            _draw_corners(piece, image, filled)
    for like in _alike(pieces):
        _draw_picture(like, image, filled)
    image = spread(image, filled)
    opaque = image[..., 3].min() >= 1 - 1e-6
    alpha = None if opaque else np.ascontiguousarray(image[..., 3])
    return Texture("atlas", encode_srgb(image[..., :3]), alpha)


def _draw_corners(piece: Piece, image: Float32[np.ndarray, "h w 4"], filled: Int32[np.ndarray, "h w"]) -> None:
    """Factor times vertex colours."""
    corners = np.ones((len(piece.unwrapped.source), 4))
    if piece.primitive.colors is not None:
        corners = piece.primitive.colors[piece.unwrapped.source]
    corners = corners * [*piece.color.factor[:3], 1.0]
    if piece.color.alpha_mode == "OPAQUE":
        corners[:, 3] = 1.0
    bake_faces(piece.unwrapped.uvs, piece.unwrapped.faces, corners, image, filled)


def _alike(pieces: Sequence[Piece]) -> list[list[Piece]]:
    """Pieces with pictures by material, so that each is looked up at once."""
    groups: dict[int | None, list[Piece]] = {}
    for piece in pieces:
        if piece.picture is not None and piece.before is not None:
            groups.setdefault(piece.primitive.material, []).append(piece)
    return list(groups.values())


def _draw_picture(pieces: list[Piece], image: Float32[np.ndarray, "h w 4"], filled: Int32[np.ndarray, "h w"]) -> None:
    """The picture's colours times the factor, looked up through the UVs as they were."""
    picture, color, size = pieces[0].picture, pieces[0].color, image.shape[0]
    assert picture is not None  # `_alike` asks for it
    corners = np.concatenate([piece.unwrapped.uvs[piece.unwrapped.faces] for piece in pieces])
    places = np.concatenate([_before(piece) for piece in pieces])
    levels = np.repeat(_levels(corners * size, places * picture.rgb.shape[1::-1]), 3)
    here = np.zeros((size, size), dtype=np.int32)
    lookup = np.zeros((size, size, 3), dtype=np.float32)
    values = np.column_stack([places.reshape(-1, 2), levels])
    bake_faces(corners.reshape(-1, 2), np.arange(len(values)).reshape(-1, 3), values, lookup, here)
    rows, columns = np.nonzero(here)
    for start in range(0, len(rows), CHUNK):
        at = (rows[start : start + CHUNK], columns[start : start + CHUNK])
        rgba = _look_up(picture, lookup[at])
        rgba[:, :3] *= color.factor[:3]
        if color.alpha_mode == "OPAQUE":
            rgba[:, 3] = 1.0
        image[at] = rgba
    filled |= here


def _before(piece: Piece) -> Float64[np.ndarray, "faces 3 2"]:
    assert piece.before is not None  # `_alike` asks for it
    return np.nan_to_num(piece.before[piece.unwrapped.source][piece.unwrapped.faces])


def _levels(new: Float64[np.ndarray, "faces 3 2"], old: Float64[np.ndarray, "faces 3 2"]) -> Float64[np.ndarray, "_"]:
    """How often the picture is halved for each face, so that no texel of it is missed where many become one."""
    areas = []
    for corners in (old, new):
        sides = corners[:, 1:] - corners[:, :1]
        areas.append(np.abs(sides[:, 0, 0] * sides[:, 1, 1] - sides[:, 0, 1] * sides[:, 1, 0]))
    return np.floor(np.log2(np.clip(areas[0] / np.maximum(areas[1], 1e-9), 1, 4.0**12)) / 2)


def _look_up(picture: SourceTexture, lookup: Float32[np.ndarray, "n 3"]) -> Float64[np.ndarray, "n 4"]:
    """Linear colour and opacity at (u, v, level)."""
    layers = picture.rgb if picture.alpha is None else np.dstack([picture.rgb, picture.alpha])
    result = np.ones((len(lookup), 4))
    levels = np.rint(lookup[:, 2])
    for level in np.unique(levels):
        at, size = levels == level, np.maximum(np.array(layers.shape[1::-1]) // 2 ** int(level), 1)
        uvs = lookup[at, :2].astype(np.float64)
        if picture.nearest and level == 0:
            uvs = (np.floor(uvs * size) + 0.5) / size
        width, height = size.tolist()
        found = sample_image(resize_image(layers, (width, height), picture.wrap), uvs, picture.wrap)
        result[at, : found.shape[1]] = np.column_stack([decode_srgb(found[:, :3]), found[:, 3:]])
    return result
