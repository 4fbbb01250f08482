"""A grid becomes Gaussian splats: one for each visible vertex, as wide as its cell."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64
from scipy.spatial.transform import Rotation

from style3d.nerf.splats.harmonics import C0, C1
from style3d.nerf.splats.splats import Splats
from style3d.render.grid_field import Contraction, RadianceGrid
from style3d.types import Flags

WIDTH = 0.42  # standard deviation of a splat, cells: neighbours melt into one another and silhouettes hardly grow
LEAST = 0.02  # opacity under which a vertex is left out
FILE_AXES = np.diag([1.0, -1.0, -1.0])  # this project's world (y up) to that of splat files (y down)


def grid_splats(grid: RadianceGrid, shown: Flags | None = None) -> Splats:
    """Splats that look like the grid, in the axes of splat files.

    A vertex becomes a Gaussian of `WIDTH` cells whose optical depth through the middle is what its cell has; where
    space is contracted, it is stretched as its cell is. Brightness by direction becomes the first band of harmonics.

    Args:
        grid: what to turn into splats.
        shown: vertices that are worth one; by default all that are not next to transparent.
    """
    depth = np.logaddexp(0, grid.density.astype(np.float64))
    # light on a ray through a sheet of such Gaussians, a cell apart, passes about 2π·WIDTH² of them at full opacity
    opacity = -np.expm1(-depth / (2 * np.pi * WIDTH**2))
    chosen = np.flatnonzero((opacity >= LEAST) & (True if shown is None else shown))
    shapes = stretch(grid.space, grid.places[chosen], grid.cell) * (WIDTH * grid.cell)
    rotations, scales, _ = np.linalg.svd(shapes)
    rotations *= np.linalg.det(rotations)[:, None, None].round()
    alpha = np.clip(opacity[chosen], 1e-6, 1 - 1e-6)
    x, y, z = (grid.shift[chosen] / np.float32(C1)).T
    bands = np.stack([-y, z, -x], 1)[..., None].repeat(3, axis=2)
    constant = (grid.colors[chosen] - np.float32(0.5)) / np.float32(C0)
    return Splats(
        positions=grid.space.expand(grid.places[chosen]).astype(np.float32),
        rotations=Rotation.from_matrix(rotations).as_quat()[:, [3, 0, 1, 2]].astype(np.float32),
        log_scales=np.log(np.maximum(scales, 1e-12)).astype(np.float32),
        logit_opacities=np.log(alpha / (1 - alpha)).astype(np.float32),
        sh=np.concatenate([constant[:, None], bands], 1).astype(np.float32),
    ).rotate(FILE_AXES)


def stretch(space: Contraction, places: Float64[np.ndarray, "n 3"], cell: float) -> Float64[np.ndarray, "n 3 3"]:
    """How far scene units change with each contracted coordinate over a cell: the Jacobian of `Contraction.expand`."""
    reach = space.half - 1e-3
    half = 0.5 * cell
    columns = []
    for axis in range(3):
        step = np.zeros(3)
        step[axis] = half
        high, low = np.clip(places + step, -reach, reach), np.clip(places - step, -reach, reach)
        width = np.maximum((high - low)[:, axis], 1e-9)
        columns.append((space.expand(high) - space.expand(low)) / width[:, None])
    return np.stack(columns, 2)
