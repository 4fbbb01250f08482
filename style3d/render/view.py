"""A surface and a camera become A_v and b_v, once per view and off the gradient path."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Int32

from style3d.core.camera import Camera
from style3d.core.operator import SparseMap, ViewOperator
from style3d.core.pyramid import unique_entries
from style3d.render.bump import Relief, bumped_normals
from style3d.render.fragments import Fragments, trace_view
from style3d.render.lighting import Lighting, light_factors
from style3d.render.pyramid import SpacePyramid
from style3d.render.rasterizer import Rasterizer
from style3d.render.space import space_rows
from style3d.render.surface import Surface
from style3d.render.texels import TexelGrid
from style3d.render.texture import texture_rows
from style3d.render.vertex import vertex_rows
from style3d.types import Flags, Points

Light = tuple[Lighting, Relief | None]  # a lamp, and the relief it falls on; None for the surface as it is


def build_view(
    surface: Surface,
    grid: TexelGrid,
    pyramid: SpacePyramid,
    level: int,
    rasterizer: Rasterizer,
    camera: Camera,
    lighting: Lighting = "studio",
    samples: int = 2,
) -> ViewOperator:
    """The operator of one view onto the table of ``level``; ``samples``² rays a pixel."""
    return build_lit(surface, grid, pyramid, level, rasterizer, camera, [(lighting, None)], samples)[0]


def build_lit(
    surface: Surface,
    grid: TexelGrid,
    pyramid: SpacePyramid,
    level: int,
    rasterizer: Rasterizer,
    camera: Camera,
    lights: Sequence[Light],
    samples: int = 2,
) -> list[ViewOperator]:
    """The operators of one view in each light; they share their rows, since only the factor a pixel differs."""
    fragments = trace_view(rasterizer, surface, camera, samples)
    if level > 0:
        rows = space_rows(surface, pyramid, level, fragments, _painted_faces(surface)[fragments.face])
    elif surface.painted == "texture":
        rows = texture_rows(surface, grid, camera, samples, fragments)
    else:
        rows = vertex_rows(surface, fragments)
    indptr, index, weight = rows
    entries, local = unique_entries(index, pyramid.sizes[level])
    matrix = SparseMap(indptr, local, weight, len(entries))
    smooth, operators = shading_normals(surface, fragments), []
    for lighting, relief in lights:
        normals = smooth if relief is None else bumped_normals(smooth, surface, grid, fragments, relief)
        light, fixed, alpha = _shade(surface, camera, lighting, samples, fragments, normals)
        operators.append(ViewOperator(matrix, entries, light, fixed, alpha, camera.height, camera.width))
    return operators


def _shade(
    surface: Surface, camera: Camera, lighting: Lighting, samples: int, fragments: Fragments, normals: Points
) -> tuple[Float[np.ndarray, "pixels 3"], Float[np.ndarray, "pixels 3"], Float[np.ndarray, "pixels"]]:
    """Per pixel: factor on the painted colour, premultiplied colour that is not painted, and coverage."""
    pixels = len(fragments.start) - 1
    corners = surface.faces[fragments.face]
    bary = np.stack([1 - fragments.u - fragments.v, fragments.u, fragments.v], 1)[..., None]
    factor = light_factors(lighting, normals, camera.directions(samples)[fragments.ray], camera)
    tint = (surface.tint[corners] * bary).sum(1) * factor[:, None]
    painted = _painted_faces(surface)[fragments.face]
    constant = np.array([m.rgb for m in surface.materials], dtype=np.float32)[surface.material[fragments.face]]
    pixel, weight = fragments.pixel, fragments.weight
    share = np.bincount(pixel, weights=weight * painted, minlength=pixels)
    light, fixed = (np.empty((pixels, 3), dtype=np.float32) for _ in range(2))
    for c in range(3):
        sums = np.bincount(pixel, weights=weight * painted * tint[:, c], minlength=pixels)
        light[:, c] = np.clip(np.where(share > 0, sums / np.maximum(share, 1e-12), 1.0), 0, 1)
        untouched = weight * ~painted * tint[:, c] * constant[:, c]
        fixed[:, c] = np.bincount(pixel, weights=untouched, minlength=pixels)
    alpha = np.clip(np.bincount(pixel, weights=weight, minlength=pixels), 0, 1)
    return light, fixed, alpha.astype(np.float32)


def shading_normals(surface: Surface, fragments: Fragments) -> Points:
    """Unit normals of fragments, interpolated from their corners."""
    corners = surface.faces[fragments.face]
    bary = np.stack([1 - fragments.u - fragments.v, fragments.u, fragments.v], 1)[..., None]
    return _unit((surface.normals[corners] * bary).sum(1), surface, corners)


def _unit(
    normals: Float[np.ndarray, "n 3"], surface: Surface, corners: Int32[np.ndarray, "n 3"]
) -> Float[np.ndarray, "n 3"]:
    """Unit shading normals; the face's own where the file's cancel out."""
    length = np.linalg.norm(normals, axis=1, keepdims=True)
    if (length < 1e-6).any():
        a, b, c = (surface.positions[corners[:, k]] for k in range(3))
        own = np.cross(b - a, c - a)
        own /= np.maximum(np.linalg.norm(own, axis=1, keepdims=True), 1e-300)
        normals, length = np.where(length < 1e-6, own, normals), np.where(length < 1e-6, 1.0, length)
    return normals / length


def _painted_faces(surface: Surface) -> Flags:
    """Faces whose colour is in θ."""
    if surface.painted == "vertices":
        painted: Flags = surface.entry[surface.faces[:, 0]] >= 0
        return painted
    return surface.face_texture >= 0
