"""Blended implicit shapes: signed distances, a smooth union, and an even triangle mesh of the surface."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from scipy import sparse
from skimage import measure

from recipes.noise import Field
from recipes.surface import Faces

Shape = Callable[[Field], Field]  # points (..., 3) -> about the signed distance (...), negative inside


def ellipsoid(center: Sequence[float], radii: Sequence[float], tilt: float = 0.0) -> Shape:
    """Ellipsoid turned by `tilt` radians about the z axis; a bound on distance, close near the surface."""
    c, r = np.asarray(center), np.asarray(radii)
    turn = np.array([[np.cos(tilt), -np.sin(tilt), 0], [np.sin(tilt), np.cos(tilt), 0], [0, 0, 1]])

    def distance(p: Field) -> Field:
        q = (p - c) @ turn
        k0, k1 = np.linalg.norm(q / r, axis=-1), np.linalg.norm(q / r**2, axis=-1)
        return k0 * (k0 - 1) / np.maximum(k1, 1e-9)

    return distance


def capsule(points: Sequence[Sequence[float]], radii: Sequence[float]) -> Shape:
    """Round cone segments along a polyline, softened where they meet."""
    p0, r0 = np.asarray(points, float), np.asarray(radii, float)
    soft = 0.6 * r0.mean()

    def distance(p: Field) -> Field:
        best = np.full(p.shape[:-1], 1e9)
        for a, b, ra, rb in zip(p0[:-1], p0[1:], r0[:-1], r0[1:], strict=True):
            t = np.clip(((p - a) @ (b - a)) / ((b - a) @ (b - a)), 0, 1)
            d = np.linalg.norm(p - a - t[..., None] * (b - a), axis=-1) - (ra + (rb - ra) * t)
            h = np.clip((soft - np.abs(best - d)) / soft, 0, None)
            best = np.minimum(best, d) - h * h * soft * 0.25
        return best

    return distance


def mirror(shape: Shape) -> Shape:
    """The shape and its image in x = 0."""
    return lambda p: shape(np.concatenate([np.abs(p[..., :1]), p[..., 1:]], -1))


def union(shapes: Sequence[tuple[Shape, float]]) -> Shape:
    """Smooth union; each shape melts into those before it over its own length (quadratic smooth minimum)."""

    def distance(p: Field) -> Field:
        total = shapes[0][0](p)
        for shape, k in shapes[1:]:
            d = shape(p)
            h = np.maximum(k - np.abs(total - d), 0) / k
            total = np.minimum(total, d) - h * h * k * 0.25
        return total

    return distance


def gradient(shape: Shape, p: Field, step: float = 1e-4) -> Field:
    """Outward unit normals by central differences, (n, 3)."""
    parts = [shape(p + step * axis) - shape(p - step * axis) for axis in np.eye(3)]
    g = np.stack(parts, -1)
    return g / (np.linalg.norm(g, axis=-1, keepdims=True) + 1e-12)


def mesh(shape: Shape, low: Sequence[float], high: Sequence[float], cell: float) -> tuple[Field, Faces]:
    """Vertices and faces of the zero level: marching cubes, then even triangles kept on the surface."""
    axes = [np.arange(a, b + cell, cell) for a, b in zip(low, high, strict=True)]
    points = np.stack(np.meshgrid(*axes, indexing="ij"), -1)
    vertices, faces, _, _ = measure.marching_cubes(shape(points), 0.0, spacing=(cell,) * 3, allow_degenerate=False)
    vertices = vertices.astype(float) + np.asarray(low, float)
    faces = faces.astype(np.int64)
    average = _neighbours(faces, len(vertices))
    for _ in range(12):
        vertices = vertices + 0.6 * (average @ vertices - vertices)
        for _ in range(2):
            vertices = vertices - shape(vertices)[:, None] * gradient(shape, vertices)
    corner = vertices[faces]
    outward = np.cross(corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0])
    if (outward * gradient(shape, corner.mean(1))).sum() < 0:
        faces = faces[:, ::-1]
    return vertices, np.ascontiguousarray(faces)


def _neighbours(faces: Faces, count: int) -> sparse.csr_matrix:
    """Row-stochastic matrix that averages the neighbours of each vertex."""
    a, b = faces[:, [0, 1, 2]].reshape(-1), faces[:, [1, 2, 0]].reshape(-1)
    links = sparse.coo_matrix((np.ones(2 * len(a)), (np.r_[a, b], np.r_[b, a])), (count, count)).tocsr()
    links.data[:] = 1.0
    return sparse.diags(1.0 / np.asarray(links.sum(1)).ravel()) @ links
