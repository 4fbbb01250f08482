"""Depth maps of many views are fused into signed distances (Curless and Levoy 1996), kept only near the surface."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, final

import numpy as np
from jaxtyping import Float32, Float64, Int64
from numba import njit, prange

from style3d.core.camera import Camera
from style3d.errors import Style3DError
from style3d.mesh_from_field.marching_cubes import CHUNK, Chunk
from style3d.types import Points, Vector

SIDE = 8  # voxels along each side of a block
REACH = 3.0  # voxels on both sides of a surface within which distances are kept
MOST_BLOCKS = 100_000  # 400 MB
UNSURE = np.float32(np.nan)  # depth of a pixel that says nothing; infinite depth says that nothing is there
BITS = 20  # of each block coordinate in a key


@final
@dataclass(frozen=True)
class DepthImage:
    """What one camera sees of a surface. Concretely: 512 × 512 depths of a motorcyclist before an empty sky."""

    camera: Camera
    depth: Float32[np.ndarray, "h w"]  # along z, scene units; infinite: nothing there; NaN: not known


@final
@dataclass(frozen=True)
class Volume:
    """Signed distances in blocks of 8³ voxels, only where surface is near. Concretely: 20 000 blocks, 80 MB."""

    origin: Float64[np.ndarray, "3"]  # of voxel (0, 0, 0), scene units
    voxel: float  # scene units between voxels
    blocks: Int64[np.ndarray, "blocks 3"]  # coordinates of each block, in blocks, ascending
    distance: Float32[np.ndarray, "blocks 8 8 8"]  # mean, in units of the reach; 1 is outside, -1 inside
    weight: Float32[np.ndarray, "blocks 8 8 8"]  # views that say something

    @cached_property
    def _rows(self) -> dict[tuple[int, int, int], int]:
        return {(int(x), int(y), int(z)): row for row, (x, y, z) in enumerate(self.blocks)}

    def chunks(self) -> Iterator[Chunk]:
        """The lattice of voxels as overlapping boxes, those that hold any block."""
        wide = CHUNK // SIDE
        for place in np.unique(self.blocks // wide, axis=0):
            yield self._chunk(place * wide, wide)

    def _chunk(self, first: Int64[np.ndarray, "3"], wide: int) -> Chunk:
        """A box of ``wide``³ blocks, and a layer of voxels of those behind it."""
        size = (wide + 1) * SIDE
        values, weight = np.ones((size,) * 3, np.float32), np.zeros((size,) * 3, np.float32)
        for step in itertools.product(range(wide + 1), repeat=3):
            row = self._rows.get((int(first[0]) + step[0], int(first[1]) + step[1], int(first[2]) + step[2]))
            if row is not None:
                box = tuple(slice(SIDE * k, SIDE * (k + 1)) for k in step)
                values[box], weight[box] = self.distance[row], self.weight[row]
        cut = (slice(wide * SIDE + 1),) * 3
        return Chunk(first * SIDE, values[cut], weight[cut] > 0)

    def scene_points(self, lattice: Points) -> Points:
        """Scene units of lattice coordinates."""
        return lattice * self.voxel + self.origin


def fuse_depths(views: Sequence[DepthImage], center: Vector, radius: float, voxel: float) -> Volume:
    """A volume of everything within a ball that the views see.

    A voxel's value is the mean over the views that see it, or look past it, of its distance to the surface along the
    view's axis, held to ± `REACH` voxels; what lies deeper behind a surface than that, a view says nothing of.

    Args:
        views: depth from all sides.
        center: of the ball, scene units.
        radius: of the ball, scene units.
        voxel: scene units between voxels; made larger where there would be too many.

    Raises:
        Style3DError: no view sees anything in the ball.
    """
    volume = _allocate_blocks(views, center, radius, voxel)
    for view in views:
        camera = view.camera
        lens = np.array([camera.focal, camera.cx, camera.cy])
        pose = np.ascontiguousarray(camera.camera_to_world[:3, :3]), np.ascontiguousarray(camera.position)
        _integrate(volume.blocks, volume.origin, volume.voxel, *pose, lens, view.depth, volume.distance, volume.weight)
    return volume


def fuse_depths_reference(views: Sequence[DepthImage], center: Vector, radius: float, voxel: float) -> Volume:
    """The slow twin of `fuse_depths`: one view after another over all voxels at once."""
    volume = _allocate_blocks(views, center, radius, voxel)
    within = np.stack(np.meshgrid(*[np.arange(SIDE)] * 3, indexing="ij"), -1)
    points = volume.scene_points((volume.blocks[:, None, None, None] * SIDE + within).reshape(-1, 3).astype(np.float64))
    total, weight = np.zeros(len(points)), np.zeros(len(points))
    reach = REACH * volume.voxel
    for view in views:
        pixel, depth = view.camera.project(points)
        seen = _depths_at(view.depth, pixel, reach)
        signed = (seen - depth) * np.linalg.norm(points - view.camera.position, axis=1) / np.maximum(depth, 1e-12)
        told = (depth > 0) & (signed >= -reach)
        total[told] += np.minimum(signed[told] / reach, 1)
        weight[told] += 1
    shape = volume.distance.shape
    mean = np.where(weight > 0, total / np.maximum(weight, 1), 1).astype(np.float32)
    return replace(volume, distance=mean.reshape(shape), weight=weight.astype(np.float32).reshape(shape))


def _depths_at(
    depth: Float32[np.ndarray, "h w"], pixel: Float64[np.ndarray, "n 2"], reach: float
) -> Float64[np.ndarray, "n"]:
    """Depth at places of an image, interpolated where the four pixels around agree, else the nearest pixel's."""
    height, width = depth.shape
    x, y = pixel[:, 0], pixel[:, 1]
    inside = (x >= 0) & (x < width) & (y >= 0) & (y < height)
    column, row = (np.floor(np.where(inside, value, 0)).astype(np.int64) for value in (x, y))
    found = depth[row, column].astype(np.float64)
    left, top = (np.floor(np.where(inside, value, 0) - 0.5).astype(np.int64) for value in (x, y))
    inner = inside & (left >= 0) & (top >= 0) & (left < width - 1) & (top < height - 1)
    left, top = np.where(inner, left, 0), np.where(inner, top, 0)
    four = np.stack([depth[top + j, left + i] for j in (0, 1) for i in (0, 1)]).astype(np.float64)
    fx, fy = np.where(inner, x, 0.5) - 0.5 - left, np.where(inner, y, 0.5) - 0.5 - top
    with np.errstate(invalid="ignore"):
        smooth = (four[0] * (1 - fx) + four[1] * fx) * (1 - fy) + (four[2] * (1 - fx) + four[3] * fx) * fy
        alike = inner & (four.max(0) - four.min(0) < reach)
    return np.where(inside, np.where(alike, smooth, found), np.nan)


def _allocate_blocks(views: Sequence[DepthImage], center: Vector, radius: float, voxel: float) -> Volume:
    """Empty blocks around everything seen."""
    origin = center - radius
    while True:
        keys = [_keys(view, center, radius, origin, voxel) for view in views]
        found = np.unique(np.concatenate(keys)) if keys else np.zeros(0, np.int64)
        if len(found) <= MOST_BLOCKS:
            break
        voxel *= 1.25
    if not len(found):
        raise Style3DError("the field shows no surface", hint="its content may be fog, or outside the views")
    mask = (1 << BITS) - 1
    blocks = np.stack([found >> 2 * BITS, found >> BITS & mask, found & mask], 1)
    shape = (len(blocks), SIDE, SIDE, SIDE)
    return Volume(origin, voxel, blocks, np.ones(shape, np.float32), np.zeros(shape, np.float32))


def _keys(view: DepthImage, center: Vector, radius: float, origin: Vector, voxel: float) -> Int64[np.ndarray, "n"]:
    """Blocks that hold what a view sees, or lie within the reach of it."""
    depth = view.depth.ravel().astype(np.float64)
    rays = view.camera.directions()
    found = np.isfinite(depth)
    place = view.camera.position + rays[found] * depth[found, None]
    along = rays[found] / np.linalg.norm(rays[found], axis=1, keepdims=True)
    near = np.linalg.norm(place - center, axis=1) < radius
    parts = [
        np.floor((place[near] + along[near] * step * voxel - origin) / (voxel * SIDE)) for step in (-REACH, 0, REACH)
    ]
    blocks = np.concatenate(parts).astype(np.int64)
    blocks = blocks[(blocks >= 0).all(1) & (blocks < 1 << BITS).all(1)]
    return np.unique(blocks[:, 0] << 2 * BITS | blocks[:, 1] << BITS | blocks[:, 2])


@njit(cache=True, parallel=True, nogil=True)
def _integrate(
    blocks: Any, origin: Any, voxel: float, turn: Any, eye: Any, lens: Any, depth: Any, distance: Any, weight: Any
) -> None:
    """One view's word on every voxel, taken into the running mean."""
    height, width = depth.shape
    reach = REACH * voxel
    for block in prange(len(blocks)):
        for index in range(SIDE * SIDE * SIDE):
            i, j, k = index // (SIDE * SIDE), index // SIDE % SIDE, index % SIDE
            px = (blocks[block, 0] * SIDE + i) * voxel + origin[0] - eye[0]
            py = (blocks[block, 1] * SIDE + j) * voxel + origin[1] - eye[1]
            pz = (blocks[block, 2] * SIDE + k) * voxel + origin[2] - eye[2]
            z = px * turn[0, 2] + py * turn[1, 2] + pz * turn[2, 2]
            if z <= 0:
                continue
            x = (px * turn[0, 0] + py * turn[1, 0] + pz * turn[2, 0]) / z * lens[0] + lens[1]
            y = (px * turn[0, 1] + py * turn[1, 1] + pz * turn[2, 1]) / z * lens[0] + lens[2]
            if not (0 <= x < width and 0 <= y < height):
                continue
            signed = (_depth_at(depth, x, y, reach) - z) * np.sqrt(px * px + py * py + pz * pz) / z
            if not signed >= -reach:  # NaN is not
                continue
            before = weight[block, i, j, k]
            mean = distance[block, i, j, k] * before + min(signed / reach, 1.0)
            weight[block, i, j, k] = before + 1
            distance[block, i, j, k] = mean / (before + 1)


@njit(cache=True, nogil=True, inline="always")
def _depth_at(depth: Any, x: float, y: float, reach: float) -> float:
    """See `_depths_at`."""
    height, width = depth.shape
    left, top = int(np.floor(x - 0.5)), int(np.floor(y - 0.5))
    if left >= 0 and top >= 0 and left < width - 1 and top < height - 1:
        a, b, c, d = depth[top, left], depth[top, left + 1], depth[top + 1, left], depth[top + 1, left + 1]
        if np.isfinite(a + b + c + d) and max(a, b, c, d) - min(a, b, c, d) < reach:
            fx, fy = x - 0.5 - left, y - 0.5 - top
            return (a * (1 - fx) + b * fx) * (1 - fy) + (c * (1 - fx) + d * fx) * fy
    return depth[int(y), int(x)]
