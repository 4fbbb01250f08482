"""This module follows the protocol behind many published tables, and documents its faults."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Float

from style3d.color.match import LUMA
from style3d.errors import Style3DError
from style3d.evaluate.footage.footage import Footage
from style3d.evaluate.metrics.figure import Figure
from style3d.evaluate.metrics.lpips import Distance
from style3d.evaluate.metrics.metric import Metric, Reading
from style3d.evaluate.metrics.skimage_figures import skimage
from style3d.types import Picture, Plane

EXPLANATION = (
    "The legacy figures follow a widely copied script on purpose, faults included. "
    "(1) It feeds images of 0 to 255 to a perceptual metric that wants -1 to 1, so the metric sees values far outside "
    "what it was trained on. "
    "(2) It averages over all pixels, those masked to zero included, so whoever shows the smaller object, or moves the "
    "camera faster, gets the smaller error. "
    "(3) It estimates optical flow on the very images under test instead of using the known cameras, so strokes that "
    "slide over the surface are taken for motion and forgiven. "
    "(4) It shows no floor, no control and no contrast: flat colour scores perfectly. "
    "Not reproduced: its RAFT network, whose weights are not here; flow is TV-L1 (Zach, Pock, Bischof 2007; "
    "scikit-image), which forgives less. Read these figures beside old tables only; never rank by them."
)
OCCLUDED = 0.01, 0.5  # of the forward-backward check (Sundaram, Brox, Keutzer 2010; Ruder et al. 2016, eq. 5)


def _mean(errors: Sequence[float]) -> Reading:
    return Reading(float(np.mean(errors)), "legacy protocol, faults included; see the text")


LEGACY: tuple[Metric[Sequence[float]], ...] = (
    Metric(
        "legacy.GAP.rmse", "neither", "root mean square difference over all pixels, along estimated flow", _mean,
        mask="all pixels; masked ones count as zero error",
    ),
    Metric(
        "legacy.GAP.lpips", "neither", "LPIPS of the same pictures, fed with 0 to 255", _mean, needs=("lpips",),
        mask="all pixels; masked ones count as zero error",
    ),
)  # fmt: skip


def legacy_figures(footage: Footage, gap: int, distance: Distance | str) -> list[Figure]:
    """RMSE, and the perceptual distance where there is one, the legacy way."""
    errors, distances = [], []
    for first, second in footage.pairs(gap):
        warped, mask = flow_warp(footage.after[first], footage.after[second])
        target = footage.after[second] * mask[..., None]
        errors.append(float(np.sqrt(np.square(warped * mask[..., None] - target).mean())))
        if not isinstance(distance, str):
            distances.append(_score_of_wrong_range(distance, warped * mask[..., None], target))
    if not errors:
        raise Style3DError(f"there are no views {gap} apart", hint="choose smaller --gaps, or more --views")
    measured = zip(LEGACY, (errors, distances), strict=True)
    return [_figure(row, found, gap, footage.size, distance) for row, found in measured if found]


def _figure(
    row: Metric[Sequence[float]], found: Sequence[float], gap: int, size: str, distance: Distance | str
) -> Figure:
    by = ("", "") if isinstance(distance, str) or "lpips" not in row.needs else (distance.name, distance.digest)
    reading = row.measure(found)
    return Figure(row.figure_name(gap), reading.value, row.better, len(found), size, row.mask, *by, reading.note)


def flow_warp(source: Picture, target: Picture) -> tuple[Picture, Plane]:
    """The source warped by flow estimated between the two pictures, and where forward and backward flow agree."""
    grey = [image @ np.array(LUMA, dtype=np.float32) for image in (source, target)]
    flow = skimage("registration").optical_flow_tvl1
    back, forth = np.stack(flow(grey[1], grey[0])), np.stack(flow(grey[0], grey[1]))
    rows, columns = np.mgrid[: source.shape[0], : source.shape[1]].astype(np.float32)
    place = np.stack([rows + back[0], columns + back[1]])
    warped = np.stack([_sample_plane(source[..., c], place) for c in range(3)], -1)
    returned = np.stack([_sample_plane(forth[k], place) for k in range(2)])
    off, moved = np.square(back + returned).sum(0), np.square(back).sum(0) + np.square(returned).sum(0)
    return warped.astype(np.float32), (off <= OCCLUDED[0] * moved + OCCLUDED[1]).astype(np.float32)


def _sample_plane(plane: Float[np.ndarray, "h w"], place: Float[np.ndarray, "2 h w"]) -> Float[np.ndarray, "h w"]:
    return skimage("transform").warp(plane, place, mode="edge", order=1)


def _score_of_wrong_range(distance: Distance, a: Picture, b: Picture) -> float:
    """The metric on 0 to 255, as if that were its range."""
    first, second = (torch.from_numpy((image + 1) / 2).permute(2, 0, 1)[None] for image in (a * 255, b * 255))
    return float(distance(first.contiguous(), second.contiguous(), torch.ones(1, 1, *first.shape[-2:])))
