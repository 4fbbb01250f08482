"""Relief under light: bent normals against hand-computed ones."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from style3d.render.bump import bumped_normals
from style3d.render.fragments import trace_view
from style3d.render.rasterizer_embree import EmbreeRasterizer
from style3d.render.texels import texel_grid
from style3d.render.view import shading_normals
from tests.helpers.surfaces import flat_on, quad


def test_a_flat_relief_changes_nothing_and_a_tilted_one_leans_along_u_and_v() -> None:
    surface = quad()
    grid = texel_grid(surface.textures)
    fragments = trace_view(EmbreeRasterizer(surface), surface, flat_on(16), 1)
    normals = shading_normals(surface, fragments)
    flat = np.tile([0.0, 0.0, 1.0], (grid.entries, 1))
    assert np.allclose(bumped_normals(normals, surface, grid, fragments, flat), normals, atol=1e-6)
    tilted = np.tile([0.6, 0.0, 0.8], (grid.entries, 1))
    corners = surface.positions[surface.faces[0]]
    uv = surface.uvs[surface.faces[0]]
    slopes = np.linalg.solve(
        np.stack([uv[1] - uv[0], uv[2] - uv[0]]), np.stack([corners[1] - corners[0], corners[2] - corners[0]])
    )
    along = slopes[0] / np.linalg.norm(slopes[0])
    first = fragments.face == 0
    assert first.any()
    wanted = 0.6 * along + 0.8 * normals[first]
    assert np.allclose(bumped_normals(normals, surface, grid, fragments, tilted)[first], wanted, atol=1e-5)
    against = -slopes[1] / np.linalg.norm(slopes[1])
    upward = np.tile([0.0, 0.6, 0.8], (grid.entries, 1))
    wanted = 0.6 * against + 0.8 * normals[first]
    assert np.allclose(bumped_normals(normals, surface, grid, fragments, upward)[first], wanted, atol=1e-5)


def test_faces_without_area_in_the_texture_keep_their_normals() -> None:
    surface = quad()
    surface = replace(surface, uvs=np.zeros_like(surface.uvs))
    grid = texel_grid(surface.textures)
    fragments = trace_view(EmbreeRasterizer(surface), surface, flat_on(16), 1)
    normals = shading_normals(surface, fragments)
    relief = np.tile([0.6, 0.0, 0.8], (grid.entries, 1))
    assert np.allclose(bumped_normals(normals, surface, grid, fragments, relief), normals, atol=1e-6)
