"""Splats larger than a stroke are divided in two along their longest axis. The scene keeps its appearance."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from jaxtyping import Bool, Float
from scipy.spatial.transform import Rotation

from style3d.nerf.splats.formats.values import logit
from style3d.nerf.splats.splats import Splats, join

Array = np.ndarray[Any, Any]
SHARE = 0.65  # of the axis' standard deviation that each half keeps
# Halves that, one over the other, come nearest to a whole of an opacity: where they stand, in its standard deviations,
# and how opaque they are. Least squares over the profile (no half has the profile of a whole: it errs by 0.01 to 0.11).
WHOLE = (0.0, 0.1, 0.3, 0.5, 0.7, 0.9, 0.98, 1.0)
OFFSET = (0.62, 0.62, 0.58, 0.56, 0.52, 0.50, 0.48, 0.48)
OPACITY = (0.0, 0.078, 0.226, 0.390, 0.563, 0.760, 0.851, 0.868)
MOST_GROWTH = 4  # times as many splats, at most


def split_in_halves(splats: Splats, chosen: Bool[np.ndarray, "n"]) -> Splats:
    """The splats with each of the chosen ones replaced by two, behind all others."""
    whole = splats.subset(chosen)
    axis = whole.log_scales.argmax(axis=1)
    rows = np.arange(whole.count)
    turns = Rotation.from_quat(whole.unit_rotations[:, [1, 2, 3, 0]]).as_matrix()
    step = turns[rows, :, axis] * (whole.scales[rows, axis] * np.interp(whole.opacities, WHOLE, OFFSET))[:, None]
    log_scales = whole.log_scales.copy()
    log_scales[rows, axis] += np.float32(np.log(SHARE))
    half = replace(whole, log_scales=log_scales, logit_opacities=logit(np.interp(whole.opacities, WHOLE, OPACITY)))
    places = (whole.positions + side * step for side in (-1, 1))
    return join([splats.subset(~chosen), *(replace(half, positions=p.astype(np.float32)) for p in places)])


def finer(splats: Splats, largest: Float[np.ndarray, "n"]) -> Splats:
    """Splats of which no axis is longer than allowed; where that takes too many, the worst are divided first.

    Args:
        splats: the splats.
        largest: standard deviation that each may have along its longest axis, scene units; infinite leaves it whole.
    """
    room = splats.count * (MOST_GROWTH - 1)
    while room > 0:
        excess = splats.scales.max(axis=1) / largest
        chosen = excess > 1
        if chosen.sum() > room:
            chosen[np.argsort(-excess, kind="stable")[room:]] = False
        if not chosen.any():
            break
        room -= int(chosen.sum())
        splats = split_in_halves(splats, chosen)
        largest = np.concatenate([largest[~chosen], largest[chosen], largest[chosen]])
    return splats
