"""The surface of a radiance grid lies where its density passes the level at which its views see it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from jaxtyping import Float32

from style3d.core.camera import Camera
from style3d.errors import Style3DError
from style3d.mesh_from_field.clean_surface import Shell
from style3d.mesh_from_field.depth_fusion import DepthImage
from style3d.mesh_from_field.marching_cubes import CHUNK, Chunk, extract_surface
from style3d.render.grid_field import RadianceGrid
from style3d.render.rasterizer import Hits
from style3d.render.rasterizer_embree import EmbreeRasterizer
from style3d.render.surface import Material, Surface
from style3d.types import Flags

LEVELS = (0.03, 0.06, 0.12, 0.25, 0.5, 1.0, 2.0)  # optical depths of a cell's side that are tried
VIEWS_COMPARED = 6  # views that say which is best
FAR = 10.0  # cells beside what a view sees, as which a hole counts
RINGS = 2  # of neighbours that stay with what is seen


def shell_of_grid(grid: RadianceGrid, views: Sequence[DepthImage]) -> Shell:
    """Of the levels tried the surface that lies nearest to the depth of the views, as far as any of them sees it.

    How dense a surface is differs from fit to fit, and within what nobody sees density is anything.

    Raises:
        Style3DError: no level is passed anywhere.
    """
    compared = views[:: max(1, len(views) // VIEWS_COMPARED)]
    tried = [shell for level in LEVELS if len((shell := density_shell(grid, level)).faces)]
    if not tried:
        raise Style3DError("the grid shows no surface", hint="its density is fog everywhere in its middle")
    best = min(tried, key=lambda shell: _distance_to_views(shell, compared, FAR * grid.cell * grid.space.radius))
    return best.with_faces(seen_faces(best, [view.camera for view in views]))


def density_shell(grid: RadianceGrid, depth: float) -> Shell:
    """Where the optical depth of a cell's side is ``depth``, scene units; only in the space that is not contracted."""
    found = extract_surface(_chunks(grid), -depth)
    return Shell(grid.space.expand(found.positions * grid.cell - grid.space.half), found.faces)


def _chunks(grid: RadianceGrid) -> Iterator[Chunk]:
    """Boxes of the lattice with optical depths, negative, so that they fall going in; 0 where there is no vertex."""
    side = grid.side
    index = grid.index.reshape(side, side, side)
    first = int(np.ceil((grid.space.half - 1) / grid.cell))
    last = side - 1 - first
    for low in np.ndindex(*(-(-side // CHUNK),) * 3):
        start = np.array(low) * CHUNK
        box = tuple(slice(int(k), int(min(k + CHUNK + 1, side))) for k in start)
        rows = index[box]
        if (rows < 0).all():
            continue
        values = np.where(rows >= 0, -np.logaddexp(0, grid.density[rows]), 0).astype(np.float32)
        place = np.meshgrid(*(np.arange(part.start, part.stop) for part in box), indexing="ij")
        near = np.logical_and.reduce([(first <= k) & (k <= last) for k in place])
        yield Chunk(start.astype(np.int64), values, near)


def seen_faces(shell: Shell, cameras: Sequence[Camera]) -> Flags:
    """Faces that some camera sees, and `RINGS` rings of neighbours."""
    caster, seen = _caster(shell), np.zeros(len(shell.faces), dtype=bool)
    for camera in cameras:
        face = _hits(caster, camera).face
        seen[face[face >= 0]] = True
    for _ in range(RINGS):
        reached = np.zeros(len(shell.positions), dtype=bool)
        reached[shell.faces[seen]] = True
        seen = reached[shell.faces].any(1)
    return seen


def _distance_to_views(shell: Shell, views: Sequence[DepthImage], far: float) -> float:
    """Mean distance between the shell and what the views see within its box, scene units; a hole counts as ``far``."""
    caster, off = _caster(shell), list[Float32[np.ndarray, "n"]]()
    low, high = shell.positions.min(0), shell.positions.max(0)
    for view in views:
        known = np.flatnonzero(np.isfinite(view.depth.ravel()))
        depth = view.depth.ravel()[known]
        place = view.camera.position + view.camera.directions()[known] * depth[:, None]
        inside = ((place > low) & (place < high)).all(1)
        hits = _hits(caster, view.camera)
        found = np.where(hits.face >= 0, hits.depth, np.inf)[known][inside]
        off.append(np.minimum(np.abs(found - depth[inside]), far).astype(np.float32))
    joined = np.concatenate(off)
    return float(joined.mean()) if len(joined) else far


def _hits(caster: EmbreeRasterizer, camera: Camera) -> Hits:
    rays = camera.directions()
    return caster.trace(np.repeat(camera.position[None], len(rays), 0), rays)


def _caster(shell: Shell) -> EmbreeRasterizer:
    count, faces = len(shell.positions), len(shell.faces)
    return EmbreeRasterizer(
        Surface(
            positions=shell.positions,
            normals=np.zeros((count, 3), np.float32),
            faces=shell.faces.astype(np.int32),
            uvs=np.zeros((count, 2)),
            tint=np.ones((count, 3), np.float32),
            alpha=np.ones(count, np.float32),
            entry=np.full(count, -1, np.int64),
            material=np.zeros(faces, np.int32),
            materials=(Material("bare"),),
        )
    )
