"""A grid samples the density and colours of a field that another program trained, at the vertices of a lattice."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Float, Float32, Float64, Int64
from scipy.ndimage import binary_dilation

from style3d.core.camera import Camera
from style3d.core.camera_path import camera_of_size
from style3d.errors import Style3DError
from style3d.nerf.grid import kernels
from style3d.nerf.grid.refine import corners_of, kept_entries
from style3d.nerf.grid.to_splats import stretch
from style3d.progress import Silent, Watcher
from style3d.render.grid_field import Contraction, RadianceGrid, cell_gaps, lattice
from style3d.render.grid_march import GridSteps
from style3d.types import Indices, Points

FAINT = 0.01  # optical depth of a cell's side up to which nothing is there
MOST_DEPTH = 30.0  # of a cell's side: nothing passes
CHUNK = 1 << 16  # places asked for at a time
VIEW_SIZE, VIEWS = 192, 48  # views that say what is seen, and their pixels
WORTH = 0.01  # share of a pixel that a place must be to count as seen
DIRECTIONS = 6  # directions from which a colour is asked for
STIFF = 0.03  # weight, in directions, of brightness not changing with the direction


class Volumetric(ABC):
    """Something that has a density and a colour everywhere. Concretely: a nerfacto in the capture's coordinates."""

    @abstractmethod
    def density(self, points: Points) -> Float[np.ndarray, "points"]:
        """Optical depth per scene unit, at least 0."""

    @abstractmethod
    def colors(self, points: Points, directions: Points) -> Float[np.ndarray, "points 3"]:
        """Display-referred RGB in [0, 1], seen along unit directions away from the camera."""


def sampled_grid(
    field: Volumetric,
    cameras: Sequence[Camera],
    space: Contraction,
    side: int,
    near: float,
    watcher: Watcher | None = None,
) -> RadianceGrid:
    """The field on a lattice: what its cameras see of it.

    A vertex gets the mean density of the cell around it, and the colour and the brightness by direction that fit what
    the `DIRECTIONS` nearest cameras that have it in their picture see there (least squares).

    Args:
        field: what is sampled.
        cameras: of the capture.
        space: what the lattice spans, and how.
        side: vertices along each axis.
        near: depth before which a camera sees nothing, scene units.
        watcher: hears of progress.

    Raises:
        Style3DError: the cameras see nothing.
    """
    watcher = watcher or Silent()
    vertices, depth = _dense(field, space, side, watcher)
    raw = (depth + np.log(-np.expm1(-depth))).astype(np.float32)  # the inverse of softplus
    kept = _seen_vertices(vertices, raw, cameras, space, side, near)
    if not len(kept):
        raise Style3DError("the field shows nothing to its cameras", hint="train it longer")
    vertices, raw = vertices[kept], raw[kept]
    points = space.expand(_places(vertices, space, side))
    colors, shift = np.empty((len(points), 3), np.float32), np.empty((len(points), 3), np.float32)
    watcher.phase("sampling colours", len(points))
    for start in range(0, len(points), CHUNK):
        rows = slice(start, start + CHUNK)
        colors[rows], shift[rows] = _vertex_colors(field, points[rows], cameras)
        watcher.advance(min(start + CHUNK, len(points)))
    return RadianceGrid(space, side, vertices, raw, colors.clip(0, 1), shift, near)


def _places(vertices: Indices, space: Contraction, side: int) -> Float64[np.ndarray, "n 3"]:
    """Contracted coordinates of vertices."""
    cell = 2 * space.half / (side - 1)
    return np.stack(np.unravel_index(vertices, (side,) * 3), 1) * cell - space.half


def _dense(
    field: Volumetric, space: Contraction, side: int, watcher: Watcher
) -> tuple[Indices, Float64[np.ndarray, "n"]]:
    """Vertices of cells with anything in them, and the optical depth of a cell's side around each."""
    cell = 2 * space.half / (side - 1)
    found = np.zeros(side**3, dtype=bool)
    watcher.phase("sampling density", side**3)
    for start in range(0, side**3, CHUNK):
        some = np.arange(start, min(start + CHUNK, side**3))
        found[some] = _depths(field, space, _places(some, space, side), cell) > FAINT
        watcher.advance(int(some[-1]) + 1)
    cells = binary_dilation(found.reshape((side,) * 3), np.ones((3, 3, 3), bool))
    vertices = np.flatnonzero(corners_of(cells))
    depth = np.zeros(len(vertices))
    watcher.phase("sampling density finely", len(vertices))
    for start in range(0, len(vertices), CHUNK):
        places = _places(vertices[start : start + CHUNK], space, side)
        for corner in np.ndindex(2, 2, 2):
            moved = np.clip(places + (np.array(corner) - 0.5) * (cell / 2), -space.half, space.half)
            depth[start : start + CHUNK] += _depths(field, space, moved, cell) / 8
        watcher.advance(min(start + CHUNK, len(vertices)))
    return vertices.astype(np.int64), np.clip(depth, 1e-4, MOST_DEPTH)


def _depths(
    field: Volumetric, space: Contraction, places: Float64[np.ndarray, "n 3"], cell: float
) -> Float64[np.ndarray, "n"]:
    """Optical depth of a cell's side at contracted places; its length is the cube root of its volume."""
    length = np.cbrt(np.abs(np.linalg.det(stretch(space, places, cell)))) * cell
    return np.nan_to_num(field.density(space.expand(places)).astype(np.float64) * length, posinf=MOST_DEPTH)


def _seen_vertices(
    vertices: Indices, raw: Float32[np.ndarray, "n"], cameras: Sequence[Camera], space: Contraction, side: int,
    near: float,
) -> Int64[np.ndarray, "kept"]:  # fmt: skip
    """Which of the vertices the cameras see, or nearly."""
    index = lattice(vertices, side)
    gaps, seen = cell_gaps(index, side), np.zeros(side**3, np.uint8)
    table = np.zeros((len(vertices), kernels.WIDTH), np.float32)
    table[:, 0] = raw
    steps = GridSteps(near, 1.0, np.array([*space.center, space.radius, space.tail]), side, gaps)
    for camera in cameras[:: max(1, len(cameras) // VIEWS)]:
        rays = camera_of_size(camera, VIEW_SIZE).directions()
        places = np.repeat(camera.position[None], len(rays), 0)
        kernels.mark_seen(places, rays, steps, kernels.VertexTable(index, table), WORTH, seen, 4 * side)
    return kept_entries(side, index, seen)


def _vertex_colors(field: Volumetric, points: Points, cameras: Sequence[Camera]) -> tuple[Any, Any]:
    """Colour and change of brightness with the direction, (n, 3) each; see `sampled_grid`."""
    chosen = _nearest(points, cameras)
    positions = np.stack([camera.position for camera in cameras])
    away = points[:, None] - positions[chosen]
    away /= np.maximum(np.linalg.norm(away, axis=2, keepdims=True), 1e-12)
    directions = away.shape[1]
    shown = field.colors(np.repeat(points, directions, 0), away.reshape(-1, 3)).reshape(len(points), directions, 3)
    middle, mean = away.mean(1, keepdims=True), shown.mean(1, keepdims=True)
    turn, change = away - middle, (shown - mean).mean(2)
    normal = np.einsum("nki,nkj->nij", turn, turn) + STIFF * np.eye(3)
    shift = np.linalg.solve(normal, np.einsum("nki,nk->ni", turn, change)[..., None])[..., 0]
    return mean[:, 0] - np.einsum("ni,ni->n", shift, middle[:, 0])[:, None], shift


def _nearest(points: Points, cameras: Sequence[Camera]) -> Any:
    """(n, directions) cameras near each point, those first that have it in their picture."""
    rank = np.empty((len(points), len(cameras)))
    for number, camera in enumerate(cameras):
        pixel, depth = camera.project(points)
        inside = (depth > 0) & (pixel >= 0).all(1) & (pixel < [camera.width, camera.height]).all(1)
        away = np.linalg.norm(points - camera.position, axis=1)
        rank[:, number] = np.where(inside, away, away + 1e6)
    return np.argsort(rank, axis=1, kind="stable")[:, :DIRECTIONS]
