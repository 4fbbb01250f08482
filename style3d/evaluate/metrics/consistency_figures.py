"""The consistency figures stand next to the floor and the ceiling that controls give on the same cameras."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool

from style3d.evaluate.footage.controls import flat_views
from style3d.evaluate.footage.footage import Footage
from style3d.evaluate.metrics.consistency import Consistency, Perceptual, consistency, error_map, why_no_merit
from style3d.evaluate.metrics.figure import Figure, absent
from style3d.evaluate.metrics.lpips import Distance
from style3d.evaluate.metrics.metric import Metric, Reading
from style3d.render.warp import Link
from style3d.types import Picture, Plane

ALONE = "no view was painted on its own"
VALID = "pixels both views see, z-tested; {:.2g}° of parallax"
CONTROLS = (".floor", ".flat", ".independent")
AGREEMENT: tuple[Metric[Consistency], ...] = (
    Metric(
        "consistency.GAP.rmse", "lower", "root mean square difference of colours in [0, 1]",
        lambda one: Reading(one.rmse), also_on=CONTROLS,
    ),
    Metric(
        "consistency.GAP.ssim", "higher", "SSIM over windows of valid pixels; 1 looks the same",
        lambda one: Reading(one.ssim, "too few pixels"), also_on=CONTROLS,
    ),
    Metric(
        "consistency.GAP.perceptual", "lower", "LPIPS if its weights are there, else the distance of unit features",
        lambda one: Reading(one.perceptual, "too few pixels"), needs=("distance",), also_on=CONTROLS,
    ),
    Metric(
        "consistency.GAP.relative", "lower",
        "error over the image's own contrast: 0 for equal images, 1 for flat colour, √2 for unrelated images",
        lambda one: Reading(one.relative), also_on=CONTROLS,
    ),
    Metric(
        "consistency.GAP.valid", "neither", "share of the pixels that both views see",
        lambda one: Reading(one.valid), "share", also_on=CONTROLS,
    ),
)  # fmt: skip


@dataclass(frozen=True)
class GapConsistency:
    """Consistency at one gap. Concretely: at 7 steps ours 0.05, the floor 0.04, independent views 0.24."""

    gap: int
    parallax: float  # degrees, median over what is compared
    ours: Consistency
    floor: Consistency
    flat: Consistency
    cheat: str  # why the flat control is flagged
    suspicion: str  # why ours is, or nothing
    independent: Consistency | None = None
    ours_there: Consistency | None = None  # ours on the pairs that `independent` has

    @property
    def mask(self) -> str:
        """Which pixels counted, and how far apart the views stand."""
        return VALID.format(self.parallax)

    @property
    def sequences(self) -> dict[str, Consistency | None]:
        """By suffix of the figures' names."""
        return {"": self.ours, ".floor": self.floor, ".flat": self.flat, ".independent": self.independent}


def _over_floor(found: GapConsistency) -> Reading:
    return Reading(found.ours.relative / found.floor.relative, views=found.ours.pairs)


def _over_independent(found: GapConsistency) -> Reading:
    if not (found.independent and found.ours_there):
        return Reading(None, ALONE)
    return Reading(found.ours_there.relative / found.independent.relative, views=found.independent.pairs)


RATIOS: tuple[Metric[GapConsistency], ...] = (
    Metric("consistency.GAP.over_floor", "lower", "relative error divided by that of unstylised views", _over_floor),
    Metric(
        "consistency.GAP.over_independent", "lower",
        "relative error divided by that of views painted alone, on the same pairs",
        _over_independent,
    ),
)  # fmt: skip


def agreement(
    footage: Footage, joined: Sequence[Link], gap: int, alone: Mapping[int, Picture], perceptual: Perceptual | None
) -> GapConsistency:
    """Measure all sequences on the links of one gap; ``alone`` holds views that were painted independently."""
    ours, floor, flat = (
        consistency(images, joined, gap, perceptual) for images in (footage.after, footage.before, flat_views(footage))
    )
    shared = [link for link in joined if link.source in alone and link.target in alone and link.valid.any()]
    ceiling = there = None
    if shared:
        images = [alone.get(view, image) for view, image in enumerate(footage.after)]
        ceiling, there = (consistency(seen, shared, gap, perceptual) for seen in (images, footage.after))
    why = why_no_merit(flat, floor), why_no_merit(ours, floor)
    return GapConsistency(gap, footage.parallax(joined), ours, floor, flat, *why, ceiling, there)


def absent_agreement(gap: int, why: str) -> list[Figure]:
    """What stands for `agreement_figures` where there is nothing to compare."""
    named = [(row.figure_name(gap), row.better) for row in AGREEMENT] + [
        (row.figure_name(gap), row.better) for row in RATIOS
    ]
    return [absent(name, better, why) for name, better in named]


def perceptual_of(distance: Distance) -> Perceptual:
    """A network's distance between pictures, over valid pixels; elsewhere both are made equal."""

    def measure(warped: Picture, target: Picture, valid: Bool[np.ndarray, "h w"]) -> float:
        filled = np.where(valid[..., None], warped, target)
        first, second = (torch.from_numpy(image).permute(2, 0, 1)[None].contiguous() for image in (filled, target))
        return float(distance(first, second, torch.from_numpy(valid.astype(np.float32))[None, None]))

    return measure


def agreement_figures(found: GapConsistency, footage: Footage, distance: Distance) -> list[Figure]:
    """Every measure of every sequence, and the two ratios that say what they are worth."""
    figures = []
    for suffix, one in found.sequences.items():
        for row in AGREEMENT:
            name, reading = row.figure_name(found.gap, suffix), row.measure(one) if one else Reading(None, ALONE)
            network = (distance.name, distance.digest) if "distance" in row.needs else ("", "")
            flag = {"": found.suspicion, ".flat": found.cheat}.get(suffix, "") if row.name.endswith(".relative") else ""
            if one is None or reading.value is None:
                figures.append(absent(name, row.better, reading.note))
            else:
                basis = one.pairs, footage.size, found.mask
                figures.append(Figure(name, reading.value, row.better, *basis, *network, flag))
    return figures + [_ratio(row, found, footage) for row in RATIOS]


def _ratio(row: Metric[GapConsistency], found: GapConsistency, footage: Footage) -> Figure:
    name, reading = row.figure_name(found.gap), row.measure(found)
    if reading.value is None:
        return absent(name, row.better, reading.note)
    return Figure(name, reading.value, row.better, reading.views, footage.size, found.mask)


def error_maps(joined: Sequence[Link], images: Sequence[Picture], which: Sequence[int]) -> dict[int, Plane]:
    """Error maps of the listed target views."""
    return {link.target: error_map(link, images) for link in joined if link.target in which}
