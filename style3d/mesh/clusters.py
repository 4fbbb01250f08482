"""A pyramid over vertex colours: ever larger clusters of neighbouring vertices, interpolated back."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64
from scipy.spatial import cKDTree

from style3d.appearance import Explicit

NEIGHBOURS = 4


def vertex_hierarchy(points: Float64[np.ndarray, "entries 3"], levels: int = 6, least: int = 48) -> Explicit:
    """Levels with about a quarter of the entries each, made by averaging over cubes of doubling size."""
    extent = float(np.ptp(points, axis=0).max()) or 1.0
    size = extent / max(2.0, np.sqrt(len(points) / 2))
    counts, indices, weights, current = [len(points)], [], [], points
    while len(counts) < levels and len(current) > 4 * least:
        size *= 2
        cell = np.floor((current - points.min(0)) / size).astype(np.int64)
        _, label = np.unique(cell, axis=0, return_inverse=True)
        label = label.ravel()
        count = np.bincount(label)
        coarse = np.stack([np.bincount(label, weights=current[:, k]) / count for k in range(3)], 1)
        distance, index = cKDTree(coarse).query(current, k=min(NEIGHBOURS, len(coarse)))
        weight = 1 / (distance.reshape(len(current), -1) ** 2 + (0.25 * size) ** 2)
        indices.append(index.reshape(len(current), -1).astype(np.int32))
        weights.append((weight / weight.sum(1, keepdims=True)).astype(np.float32))
        counts.append(len(coarse))
        current = coarse
    return Explicit(tuple(counts), tuple(indices), tuple(weights))
