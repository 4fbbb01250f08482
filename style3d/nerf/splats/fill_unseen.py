"""Splats that no view saw take the colours of the nearest splat that a view saw."""

from __future__ import annotations

import torch
from scipy.spatial import cKDTree

from style3d.types import Colors, Flags, Points

NEIGHBORS = 4  # that colour one entry


def fill_colors(points: Points, colors: Colors, seen: Flags) -> Colors:
    """Seen entries as they are, the others as the mean of the nearest seen ones, weighed by inverse distance."""
    if seen.all() or not seen.any():
        return colors
    tree = cKDTree(points[seen])
    distance, nearest = tree.query(points[~seen], list(range(1, min(NEIGHBORS, tree.n) + 1)))
    weight = torch.from_numpy(1 / (distance + 1e-9 * (distance.max() or 1.0))).to(colors)
    near = colors[torch.from_numpy(seen)][torch.from_numpy(nearest)]
    whole = colors.clone()
    whole[torch.from_numpy(~seen)] = (near * (weight / weight.sum(1, keepdim=True))[..., None]).sum(1)
    return whole
