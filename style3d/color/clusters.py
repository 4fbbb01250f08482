"""Clustering finds the few colours, or features, that many others gather around."""

from __future__ import annotations

import warnings

import numpy as np
from jaxtyping import Float64

SAMPLES = 20_000  # features that are clustered


def spread_means(
    flat: Float64[np.ndarray, "n d"], order: Float64[np.ndarray, "n"], count: int, rounds: int
) -> tuple[Float64[np.ndarray, "k d"], Float64[np.ndarray, "k"]]:
    """At most ``count`` k-means centres from starts spread over ``order``, and each one's share of the whole."""
    from scipy.cluster.vq import kmeans2  # late: job files read palettes, and need no clusters

    ordered = flat[np.argsort(order, kind="stable")]
    starts = np.unique(ordered[np.linspace(0, len(flat) - 1, count).round().astype(int)], axis=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # a centre that loses everything is left out below
        found, labels = kmeans2(flat, starts, iter=rounds, minit="matrix", missing="warn")
    sizes = np.bincount(labels, minlength=len(found)) / len(flat)
    return found[sizes > 0], sizes[sizes > 0]


def cluster_centres(
    features: Float64[np.ndarray, "n d"], most: int, distinct: float, least: float
) -> Float64[np.ndarray, "k d"]:
    """k-means centres that are ``distinct`` from one another and hold at least ``least`` of the whole each."""
    flat = features[:: max(1, len(features) // SAMPLES)]
    found, sizes = spread_means(flat, flat[:, 0], 4 * most, 20)
    while len(found) > 1:
        gap = np.linalg.norm(found[:, None] - found[None], axis=2) + 1e9 * np.eye(len(found))
        # Ward's criterion: what merging two adds to the spread within
        cost = gap**2 * (sizes[:, None] * sizes[None] / (sizes[:, None] + sizes[None]))
        i, j = np.unravel_index(cost.argmin(), cost.shape)
        if len(found) <= most and gap[i, j] >= distinct and sizes.min() >= least:
            if gap.min() >= distinct:
                break
            i, j = np.unravel_index(gap.argmin(), gap.shape)
        total = sizes[i] + sizes[j]
        found[i], sizes[i] = (sizes[i] * found[i] + sizes[j] * found[j]) / total, total
        found, sizes = np.delete(found, j, 0), np.delete(sizes, j)
    return found
