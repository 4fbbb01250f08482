"""Mirror symmetry makes entries on one side show what their mirror images show: image = A · T · θ."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal, final

import numpy as np
import torch
from jaxtyping import Float32, Float64
from scipy.sparse import csr_array
from scipy.spatial import cKDTree

from style3d.core.camera import Camera
from style3d.core.operator import ViewOperator, from_scipy
from style3d.core.scene import Scene
from style3d.errors import Style3DError
from style3d.types import Colors, Flags, Points

Axis = Literal["x", "y", "z"]
NEIGHBOURS = 4  # entries around a mirrored point that it takes its colour from
REACH = 2.5  # median distances between entries, within which a mirror image must lie
PROBES = 4000
LEAST_SHARE = 0.2  # of the entries that must have a mirror image


@final
class Mirror:
    """The ties of a scene's entries across a plane.

    The plane goes through the origin or through the scene's middle, whichever mirrors more of the scene onto itself.

    Args:
        scene: what is painted.
        axis: the plane's normal.

    Raises:
        Style3DError: hardly anything has a mirror image.
    """

    def __init__(self, scene: Scene, axis: Axis) -> None:
        self._scene, self._axis = scene, "xyz".index(axis)
        self._ties: dict[int, Any] = {}
        inside = scene.points(0)[scene.inside]
        self._plane, share = _plane(inside, self._axis)
        if share < LEAST_SHARE:
            raise Style3DError(
                f"the scene is not symmetric in {axis}",
                got=f"{share:.0%} of it has a mirror image",
                hint="leave out --symmetry",
            )

    def operator(self, camera: Camera, level: int) -> ViewOperator:
        """A_v · T of a view, onto the entries it reads."""
        operator = self._scene.operator(camera, level)
        product = (operator.matrix.scipy() @ self._tie(level)[operator.entries]).tocsr()
        entries = np.unique(product.indices).astype(np.int64)
        return replace(operator, matrix=from_scipy(product[:, entries]), entries=entries)

    def spread(self, colors: Colors) -> Colors:
        """T · θ: the whole table, symmetric."""
        return torch.from_numpy((self._tie(0) @ colors.numpy()).astype(np.float32))

    def seen_entries(self, seen: Flags) -> Flags:
        """Entries that show something seen."""
        found: Flags = (self._tie(0) @ seen.astype(np.float32)) > 0.5
        return found

    def widen_weights(self, weights: Float32[np.ndarray, "n"]) -> Float32[np.ndarray, "n"]:
        """Weights that hold for an entry's mirror image hold for the entry: the larger of the two."""
        mirrored = self._match(0, np.arange(len(weights)), np.arange(len(weights)))
        both: Float32[np.ndarray, "n"] = np.maximum(weights, (mirrored @ weights).astype(np.float32))
        return both

    def _tie(self, level: int) -> Any:
        """T: identity on the plane's upper side, and below it where nothing is opposite."""
        if level not in self._ties:
            points = self._scene.points(level)
            upper = points[:, self._axis] >= self._plane
            usable = upper & self._scene.inside if level == 0 else upper
            tie = self._match(level, np.flatnonzero(~upper), np.flatnonzero(usable))
            free = np.diff(tie.indptr) == 0
            self._ties[level] = (tie + csr_array((free.astype(np.float32), (np.arange(len(free)),) * 2))).tocsr()
        return self._ties[level]

    def _match(self, level: int, rows: Any, columns: Any) -> Any:
        """Weights of the ``columns`` nearest to the mirror images of the ``rows``; an empty row where none is."""
        points = self._scene.points(level)
        mirrored = _mirror_points(points[rows], self._axis, self._plane)
        spacing = _spacing(points[self._scene.inside] if level == 0 else points)
        tree = cKDTree(points[columns])
        distance, near = tree.query(mirrored, NEIGHBOURS, distance_upper_bound=REACH * spacing)
        found = np.isfinite(distance)
        weight = np.where(found, 1 / (np.where(found, distance, spacing) / spacing + 1e-4) ** 4, 0)  # Shepard's
        weight /= np.maximum(weight.sum(1, keepdims=True), 1e-300)
        row = np.repeat(rows, NEIGHBOURS)[found.ravel()]
        column = columns[near.ravel()[found.ravel()]]
        values = weight.ravel()[found.ravel()].astype(np.float32)
        return csr_array((values, (row, column)), shape=(len(points), len(points)))


def _plane(points: Points, axis: int) -> tuple[float, float]:
    """Where along the axis the mirror stands, and the share of the points that have a mirror image."""
    probes = points[np.random.default_rng(0).integers(0, len(points), PROBES)]
    tree, reach = cKDTree(points), REACH * _spacing(points)
    middle = float(points[:, axis].min() + points[:, axis].max()) / 2
    shares = {
        plane: float((tree.query(_mirror_points(probes, axis, plane))[0] <= reach).mean()) for plane in (0.0, middle)
    }
    plane = max(shares, key=lambda place: shares[place])
    return plane, shares[plane]


def _mirror_points(points: Points, axis: int, plane: float) -> Float64[np.ndarray, "points 3"]:
    result = points.astype(np.float64)
    result[:, axis] = 2 * plane - result[:, axis]
    return result


def _spacing(points: Points) -> float:
    """Median distance between neighbouring points."""
    some = points[np.random.default_rng(0).integers(0, len(points), min(len(points), PROBES))]
    near = cKDTree(points).query(some, 2)[0][:, 1]
    return max(float(np.median(near)), 1e-12)
