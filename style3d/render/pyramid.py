"""A pyramid over things in space has entries (texels, vertices, splats) below and cubes above.

Coarse levels live on the surface and not in the texture's atlas: two texels that touch in space share them however far
apart they lie in the atlas, so neither UV seams nor islands show in what coarse levels paint.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np
import torch
from jaxtyping import Float, Float32, Float64, Int64
from torch import Tensor

from style3d.core.operator import SparseMap
from style3d.core.pyramid import Hierarchy
from style3d.render.surface import Surface
from style3d.render.voxels import VoxelGrid, surface_points, voxel_grid
from style3d.types import Indices, Points

FIRST = 3  # side of the smallest cubes, in entries: finer would cost more than it smooths
FEW = 2.0  # points in a cube, by weight, under which their mean is not told apart from chance
LEAST_CELLS = 12  # along the object's longest side, on the coarsest level


@final
@dataclass(frozen=True)
class SpacePyramid(Hierarchy):
    """Level 0: the entries, each at a point in space. Level k: corners of cubes of side 3 · 2^(k-1) entries."""

    origin: Float64[np.ndarray, "3"]
    points: Float32[np.ndarray, "entries 3"]  # offset of each entry from the origin, scene units
    grids: tuple[VoxelGrid, ...]

    @property
    def sizes(self) -> tuple[int, ...]:
        """Entries of each level."""
        return (len(self.points), *(grid.entries for grid in self.grids))

    def parents(self, level: int, entries: Indices) -> tuple[Int64[np.ndarray, "n k"], Float[np.ndarray, "n k"]]:
        """The eight corners around each entry, with trilinear weights."""
        if level == 0:
            points = self.points[entries].astype(np.float64)
        else:
            points = self.grids[level - 1].coordinates[entries] * self.grids[level - 1].size
        return self.grids[level].taps(points)

    def corners(self, level: int) -> Points:
        """Places of the entries of ``level`` ≥ 1, scene units."""
        grid = self.grids[level - 1]
        return grid.coordinates * grid.size + self.origin

    def spread(self, level: int, entries: Indices) -> SparseMap:
        """The map from the table of ``level`` ≥ 1 straight to the given entries of level 0."""
        index, weight = self.grids[level - 1].taps(self.points[entries].astype(np.float64))
        indptr = np.arange(len(index) + 1, dtype=np.int64) * index.shape[1]
        return SparseMap(indptr, index.ravel().astype(np.int32), weight.ravel(), self.sizes[level])

    def entry_means(self, points: Points, values: Float64[np.ndarray, "n"]) -> Float64[np.ndarray, "entries"]:
        """Values at points on the surface as one for each entry: means over cubes that hold a few points each.

        Cubes that hold none take theirs from coarser ones.
        """
        result = np.full(len(self.points), np.nan)
        offsets = np.maximum(points - self.origin, 0)
        for level, grid in enumerate(self.grids, start=1):
            index, weight = grid.taps(offsets)
            total, norm = np.zeros(grid.entries), np.zeros(grid.entries)
            np.add.at(total, index, weight * values[:, None])
            np.add.at(norm, index, weight)
            full = norm > FEW
            if full.mean() < 0.5 and level < len(self.grids):
                continue
            missing = np.flatnonzero(np.isnan(result))
            index, weight = grid.taps(self.points[missing].astype(np.float64))
            weight = weight * full[index]
            known = weight.sum(1)
            mean = np.divide(total, norm, out=np.zeros_like(total), where=norm > 0)
            found = (weight * mean[index]).sum(1) / np.maximum(known, 1e-9)
            result[missing] = np.where(known > 0.2, found, np.nan)
            if not np.isnan(result).any():
                break
        return np.nan_to_num(result, nan=float(values.mean()))

    def mean_normals(self, level: int, points: Points, directions: Points) -> Float64[np.ndarray, "entries 3"]:
        """Unit vectors at points on the surface as one for each entry of ``level``: the mean around it, normalised."""
        grid = self.grids[max(level, 1) - 1]
        index, weight = grid.taps(np.maximum(points - self.origin, 0))
        total = np.zeros((grid.entries, 3))
        for axis in range(3):
            np.add.at(total[:, axis], index, weight * directions[:, axis, None])
        if level == 0:
            index, weight = grid.taps(self.points.astype(np.float64))
            total = (weight[..., None] * total[index]).sum(1)
        length = np.linalg.norm(total, axis=1, keepdims=True)
        return np.where(length > 1e-6, total / np.maximum(length, 1e-6), [[0.0, 0.0, 1.0]])

    def restrict(
        self, level: int, values: Float[Tensor, "fine channels"], block: int = 1 << 19
    ) -> Float[Tensor, "coarse channels"]:
        """Weighted mean of the entries around each corner; NaN where there is none. NaN entries do not count."""
        total = values.new_zeros(self.sizes[level + 1], values.shape[1])
        norm = values.new_zeros(self.sizes[level + 1], 1)
        for start in range(0, len(values), block):
            part = values[start : start + block]
            known = torch.isfinite(part).all(1)
            rows = np.arange(start, start + len(part))[known.cpu().numpy()]
            index, weight = self.parents(level, rows)
            for k in range(index.shape[1]):
                where, share = torch.from_numpy(index[:, k]).to(values.device), torch.from_numpy(weight[:, k, None])
                total.index_add_(0, where, part[known] * share.to(values))
                norm.index_add_(0, where, share.to(values))
        return torch.where(norm > 1e-6, total / norm.clamp_min(1e-6), torch.nan)


def surface_pyramid(
    surface: Surface, points: Float64[np.ndarray, "entries 3"], spacing: float, levels: int = 7
) -> SpacePyramid:
    """Levels of doubling size above a surface's entries, which are ``spacing`` scene units apart.

    Where entries repeat over the surface (tiled textures) cubes are sized so that there are no more of them than
    entries: memory follows θ and not the tiling.
    """
    corners = surface.positions[surface.faces]
    area = np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1).sum() / 2
    spacing = max(spacing, float(np.sqrt(area / max(len(points), 1))))
    size = max(FIRST * spacing, _finest(corners.reshape(-1, 3)))
    return space_pyramid(points, surface_points(corners, 0.7 * size).reshape(-1, 3), size, levels)


def point_pyramid(points: Float64[np.ndarray, "entries 3"], spacing: float, levels: int = 7) -> SpacePyramid:
    """Levels of doubling size above entries that are points ``spacing`` scene units apart."""
    return space_pyramid(points, points, max(FIRST * spacing, _finest(points)), levels)


def space_pyramid(
    points: Float64[np.ndarray, "entries 3"], drawn: Float64[np.ndarray, "n 3"], size: float, levels: int
) -> SpacePyramid:
    """Cubes of ``size`` and its doublings that hold the entries and whatever else is ``drawn`` of them."""
    extent, origin = float(np.ptp(drawn, axis=0).max()) or 1.0, drawn.min(0) - 2 * size
    grids = [voxel_grid(np.maximum(np.concatenate([points, drawn]) - origin, 0), size)]
    while len(grids) < levels - 1 and extent / (2 * grids[-1].size) >= LEAST_CELLS:
        last = grids[-1]
        grids.append(voxel_grid(last.coordinates * last.size, 2 * last.size))
    return SpacePyramid(origin, (points - origin).astype(np.float32), tuple(grids))


def _finest(points: Float64[np.ndarray, "n 3"]) -> float:
    """The smallest side of a cube whose place still has a number."""
    return (float(np.ptp(points, axis=0).max()) or 1.0) / (1 << 18)
