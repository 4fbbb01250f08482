"""The consistency figures: ours, beside the floor, the cheat and the ceiling on the same cameras."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool

from style3d.evaluate.footage.controls import flat_cheat
from style3d.evaluate.footage.footage import Footage
from style3d.evaluate.metrics.consistency import Consistency, Perceptual, consistency, error_map, flagged
from style3d.evaluate.metrics.figure import Better, Figure, absent
from style3d.evaluate.metrics.lpips import Distance
from style3d.render.warp import Link
from style3d.types import Picture, Plane

VALID = "pixels both views see, z-tested; {:.2g}° of parallax"
MEASURES: tuple[tuple[str, Better], ...] = (
    ("rmse", "lower"), ("ssim", "higher"), ("perceptual", "lower"), ("relative", "lower"), ("valid", "neither"),
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


def agreement(
    footage: Footage, joined: Sequence[Link], gap: int, alone: Mapping[int, Picture], perceptual: Perceptual | None
) -> GapConsistency:
    """Measure all sequences on the links of one gap; ``alone`` holds views that were painted independently."""
    ours, floor, flat = (
        consistency(images, joined, gap, perceptual) for images in (footage.after, footage.before, flat_cheat(footage))
    )
    shared = [link for link in joined if link.source in alone and link.target in alone and link.valid.any()]
    ceiling = there = None
    if shared:
        images = [alone.get(view, image) for view, image in enumerate(footage.after)]
        ceiling, there = (consistency(seen, shared, gap, perceptual) for seen in (images, footage.after))
    why = flagged(flat, floor), flagged(ours, floor)
    return GapConsistency(gap, footage.parallax(joined), ours, floor, flat, *why, ceiling, there)


def absent_agreement(gap: int, why: str) -> list[Figure]:
    """What stands for `agreement_figures` where there is nothing to compare."""
    names = [*MEASURES, ("over_floor", "lower"), ("over_independent", "lower")]
    return [absent(f"consistency.{gap}.{name}", better, why) for name, better in names]


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
        for measure, better in MEASURES:
            name = f"consistency.{found.gap}.{measure}{suffix}"
            value = getattr(one, measure) if one else None
            network = (distance.name, distance.digest) if measure == "perceptual" else ("", "")
            note = {"": found.suspicion, ".flat": found.cheat}.get(suffix, "") if measure == "relative" else ""
            if value is None:
                figures.append(absent(name, better, "no view was painted on its own" if not one else "too few pixels"))
            else:
                figures.append(
                    Figure(name, value, better, one.pairs if one else 0, footage.size, found.mask, *network, note)
                )
    return figures + _ratios(found, footage)


def _ratios(found: GapConsistency, footage: Footage) -> list[Figure]:
    name = f"consistency.{found.gap}"
    over = found.ours.relative / found.floor.relative
    figures = [Figure(f"{name}.over_floor", over, "lower", found.ours.pairs, footage.size, found.mask)]
    if found.independent and found.ours_there:
        share = found.ours_there.relative / found.independent.relative
        pairs = found.independent.pairs
        figures.append(Figure(f"{name}.over_independent", share, "lower", pairs, footage.size, found.mask))
    else:
        figures.append(absent(f"{name}.over_independent", "lower", "no view was painted on its own"))
    return figures


def heat(joined: Sequence[Link], images: Sequence[Picture], which: Sequence[int]) -> dict[int, Plane]:
    """Error maps of the listed target views."""
    return {link.target: error_map(link, images) for link in joined if link.target in which}
