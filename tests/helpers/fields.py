"""Small radiance grids made on the spot, for tests that need geometry and no file."""

from __future__ import annotations

import numpy as np

from style3d.core.camera import Camera
from style3d.core.operator import ViewOperator
from style3d.render.grid import grid_view
from style3d.render.grid_field import Contraction, RadianceGrid
from style3d.render.pyramid import SpacePyramid, point_pyramid


def ball(side: int = 20, tail: float = 0.0, seed: int = 0) -> RadianceGrid:
    """A soft ball of radius 0.7 with random colours that shine differently from every side."""
    random = np.random.default_rng(seed)
    space = Contraction((0.0, 0.0, 0.0), 1.0, tail)
    line = np.linspace(-space.half, space.half, side)
    radius = np.linalg.norm(np.stack(np.meshgrid(line, line, line, indexing="ij"), -1), axis=-1).ravel()
    vertices = np.flatnonzero(radius < 0.7 + 2 * space.half / side)
    return RadianceGrid(
        space,
        side,
        vertices.astype(np.int64),
        (20 * (0.7 - radius[vertices]) - 1).astype(np.float32),
        random.random((len(vertices), 3), np.float32),
        (0.05 * random.standard_normal((len(vertices), 3))).astype(np.float32),
    )


def matte(grid: RadianceGrid) -> RadianceGrid:
    """The same without directional brightness."""
    return RadianceGrid(
        grid.space, grid.side, grid.vertices, grid.density, grid.colors, np.zeros_like(grid.shift), grid.near
    )


def pyramid_above(grid: RadianceGrid) -> SpacePyramid:
    """The pyramid over a grid's colours."""
    return point_pyramid(grid.places, grid.cell)


def grid_view_of(grid: RadianceGrid, camera: Camera, level: int = 0) -> ViewOperator:
    """The operator of a view."""
    return grid_view(grid, pyramid_above(grid), level, camera, 2)
