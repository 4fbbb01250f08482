"""The atlas gives every texel its place in space."""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Bool, Float64
from numba import njit
from scipy.ndimage import distance_transform_edt

from style3d.render.surface import Surface
from style3d.render.texels import WRAPS, TexelGrid, wrap
from style3d.types import Flags


def texel_points(
    surface: Surface, grid: TexelGrid
) -> tuple[Float64[np.ndarray, "entries 3"], Bool[np.ndarray, "entries"]]:
    """The world point at every texel's centre, and which texels lie in a UV island.

    A texel outside all islands takes the point of the nearest one inside; of several faces that share a texel the
    first counts.
    """
    texture_of = surface.face_texture
    points = np.zeros((grid.entries, 3))
    inside = np.zeros(grid.entries, dtype=bool)
    for number, (height, width) in enumerate(grid.shapes):
        part = slice(grid.offsets[number], grid.offsets[number + 1])
        image, mask = np.zeros((height, width, 3)), np.zeros((height, width), dtype=bool)
        codes = np.array([WRAPS.index(mode) for mode in grid.wraps[number]], dtype=np.int64)
        faces = surface.faces[texture_of == number]
        _draw(surface.positions, surface.uvs, faces, codes, image, mask)
        if mask.any() and not mask.all():
            nearest = distance_transform_edt(~mask, return_distances=False, return_indices=True)
            image = image[nearest[0], nearest[1]]
        points[part], inside[part] = image.reshape(-1, 3), mask.ravel()
    return points, inside


def texels_of(surface: Surface, grid: TexelGrid, faces: Flags) -> Bool[np.ndarray, "entries"]:
    """Texels that show the given faces: those in their UV islands, and beyond all islands what is nearest to theirs."""
    chosen = np.zeros(grid.entries, dtype=bool)
    for number, (height, width) in enumerate(grid.shapes):
        codes = np.array([WRAPS.index(mode) for mode in grid.wraps[number]], dtype=np.int64)
        masks = []
        for flags in (surface.face_texture == number, (surface.face_texture == number) & faces):
            masks.append(np.zeros((height, width), dtype=bool))
            image = np.zeros((height, width, 3))
            _draw(surface.positions, surface.uvs, surface.faces[flags], codes, image, masks[-1])
        islands, own = masks
        if islands.any() and not islands.all():
            nearest = distance_transform_edt(~islands, return_distances=False, return_indices=True)
            own = own[nearest[0], nearest[1]]
        chosen[grid.offsets[number] : grid.offsets[number + 1]] = own.ravel()
    return chosen


@njit(cache=True)
def _draw(positions: Any, uvs: Any, faces: Any, codes: Any, image: Any, mask: Any) -> None:
    height, width = mask.shape
    for face in range(len(faces)):
        a, b, c = faces[face, 0], faces[face, 1], faces[face, 2]
        ax, ay = uvs[a, 0] * width - 0.5, uvs[a, 1] * height - 0.5
        bx, by = uvs[b, 0] * width - 0.5 - ax, uvs[b, 1] * height - 0.5 - ay
        cx, cy = uvs[c, 0] * width - 0.5 - ax, uvs[c, 1] * height - 0.5 - ay
        area = bx * cy - by * cx
        if area == 0.0 or not np.isfinite(area):
            continue
        left, right = int(np.ceil(ax + min(0.0, bx, cx))), int(np.floor(ax + max(0.0, bx, cx)))
        top, bottom = int(np.ceil(ay + min(0.0, by, cy))), int(np.floor(ay + max(0.0, by, cy)))
        right, bottom = min(right, left + width), min(bottom, top + height)  # a tile further on repeats
        for y in range(top, bottom + 1):
            for x in range(left, right + 1):
                u = ((x - ax) * cy - (y - ay) * cx) / area
                v = ((y - ay) * bx - (x - ax) * by) / area
                if u < -1e-9 or v < -1e-9 or u + v > 1 + 1e-9:
                    continue
                row, column = wrap(y, height, codes[1]), wrap(x, width, codes[0])
                if mask[row, column]:
                    continue
                mask[row, column] = True
                for k in range(3):
                    p = positions[a, k]
                    image[row, column, k] = p + u * (positions[b, k] - p) + v * (positions[c, k] - p)
