"""A relief in the texture bends shading normals, as a normal map does."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from style3d.render.fragments import Fragments
from style3d.render.surface import Surface
from style3d.render.texels import TexelGrid
from style3d.types import Points

Relief = Float[np.ndarray, "entries 3"]  # unit normals in tangent space: x along u, y against v, z out of the surface


def bumped_normals(normals: Points, surface: Surface, grid: TexelGrid, fragments: Fragments, relief: Relief) -> Points:
    """Unit world normals of fragments under a relief given for each texel, nearest texel.

    Tangents are each face's own, from its corners' places and texture coordinates, made perpendicular to the shading
    normal; where a face has no area in the texture, or is not painted, its normal stays.
    """
    texture = surface.face_texture[fragments.face]
    corners = surface.faces[fragments.face]
    along, against = _tangents(surface, corners, normals)
    known = (texture >= 0) & np.isfinite(along).all(1) & np.isfinite(against).all(1)
    bary = np.stack([1 - fragments.u - fragments.v, fragments.u, fragments.v], 1)[..., None]
    uv = (surface.uvs[corners] * bary).sum(1)
    bent = normals.copy()
    x, y, z = relief[grid.texel(texture[known], uv[known])].T[..., None]
    bent[known] = along[known] * x + against[known] * y + normals[known] * z
    return bent / np.maximum(np.linalg.norm(bent, axis=1, keepdims=True), 1e-12)


def _tangents(
    surface: Surface, corners: np.ndarray, normals: Points
) -> tuple[Float[np.ndarray, "n 3"], Float[np.ndarray, "n 3"]]:
    """Unit directions in which u grows and v falls, perpendicular to the normals; not finite where there are none."""
    first, second = (surface.positions[corners[:, k]] - surface.positions[corners[:, 0]] for k in (1, 2))
    (u1, v1), (u2, v2) = ((surface.uvs[corners[:, k]] - surface.uvs[corners[:, 0]]).T[..., None] for k in (1, 2))
    with np.errstate(divide="ignore", invalid="ignore"):
        area = u1 * v2 - u2 * v1
        ways = (first * v2 - second * v1) / area, (first * u2 - second * u1) / area
        flat = [way - normals * (way * normals).sum(1, keepdims=True) for way in ways]
        along, against = (way / np.linalg.norm(way, axis=1, keepdims=True) for way in flat)
    return along, against
