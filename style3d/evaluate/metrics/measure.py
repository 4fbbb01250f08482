"""The whole measurement takes footage and a yardstick, and returns every figure with the pictures that show it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, final

import numpy as np
from jaxtyping import Float32

from style3d.core.scene import Scene
from style3d.errors import Style3DError
from style3d.evaluate.footage.controls import ceiling_views, paint_independently
from style3d.evaluate.footage.footage import Footage, Painting
from style3d.evaluate.metrics.consistency_figures import (
    absent_agreement,
    agreement,
    agreement_figures,
    error_maps,
    perceptual_of,
)
from style3d.evaluate.metrics.figure import Figure
from style3d.evaluate.metrics.image_figures import control_figures, image_figures
from style3d.evaluate.metrics.lpips import Distance, FeatureDistance
from style3d.evaluate.metrics.published_protocol import EXPLANATION, legacy_figures
from style3d.evaluate.metrics.yardstick import Yardstick
from style3d.progress import Silent, Watcher
from style3d.render.warp import Link
from style3d.types import Picture, Plane

SHOWN = 3  # views shown large
STRIP = 12  # views shown small
MEASURED = 6  # views that style and content are measured on


@final
@dataclass(frozen=True)
class Protocol:
    """How consistency is measured. Concretely: gaps of 1 and 7 views, four views painted alone for 60 steps."""

    gaps: tuple[int, ...] = (1, 7)
    ceiling_steps: int = 60  # of painting a view on its own; 0 leaves that control out
    legacy: bool = False

    def __post_init__(self) -> None:
        """Refuse gaps that are none."""
        if not self.gaps or min(self.gaps) < 1:
            raise Style3DError("--gaps must be positive", got=self.gaps)


@final
@dataclass(frozen=True)
class Evaluation:
    """What was found. ``pictures`` are for people; everything else goes into JSON."""

    name: str
    figures: tuple[Figure, ...]
    notes: tuple[str, ...]
    pictures: ReportPictures
    settings: Mapping[str, Any] = field(default_factory=dict)
    health: Mapping[str, Any] = field(default_factory=dict)
    run: Mapping[str, Any] = field(default_factory=dict)  # the report of the run that made it, where it lies beside
    remarks: tuple[str, ...] = ()  # what was not found in the files, or was stood in for

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "name": self.name, "figures": [figure.to_json() for figure in self.figures], "notes": list(self.notes),
            "remarks": list(self.remarks), "settings": dict(self.settings), "health": dict(self.health),
        }  # fmt: skip


@final
@dataclass(frozen=True)
class ReportPictures:
    """Pictures of a report."""

    before: tuple[Picture, ...]
    after: tuple[Picture, ...]
    strip: tuple[Picture, ...]  # a walk around, stylised
    heat: Mapping[int, Mapping[int, Plane]]  # by gap, then view: error at each pixel, NaN where not compared
    alone: tuple[Picture, ...] = ()  # views painted on their own
    style: Float32[np.ndarray, "rows columns 3"] | None = None  # what it was painted like


def evaluate(
    footage: Footage,
    yardstick: Yardstick,
    protocol: Protocol,
    watcher: Watcher | None = None,
    scene: Scene | None = None,
) -> Evaluation:  # fmt: skip
    """Measure ``footage``.

    Args:
        footage: views before and after, in the order of a walk.
        yardstick: the style, and the networks that judge.
        protocol: gaps and controls.
        watcher: hears what is being measured.
        scene: the original in three dimensions, where there is more than footage.

    Raises:
        Style3DError: a network or a library is missing.
    """
    watcher = watcher or Silent()
    distance = FeatureDistance(yardstick.features) if isinstance(yardstick.lpips, str) else yardstick.lpips
    alone = {}
    if protocol.ceiling_steps and yardstick.style is not None:
        which = ceiling_views(footage, protocol.gaps)
        watcher.phase("painting views on their own", len(which))
        steps, scale = protocol.ceiling_steps, yardstick.style_scale
        alone = paint_independently(footage, which, yardstick.style, yardstick.features, steps, scale, watcher.advance)
    shown = spread(len(footage.views), SHOWN)
    figures, notes, heats = _consistency(footage, protocol, distance, alone, shown, watcher)
    watcher.phase("measuring style and content", 1)
    figures += image_figures(footage.some(spread(len(footage.views), MEASURED)), yardstick, scene)
    figures += control_figures(footage, alone, yardstick)
    watcher.advance(1)
    if protocol.legacy:
        watcher.phase("measuring the legacy way", len(protocol.gaps))
        for number, gap in enumerate(protocol.gaps, 1):
            figures += legacy_figures(footage, gap, yardstick.lpips) if footage.pairs(gap) else []
            watcher.advance(number)
        notes.append(EXPLANATION)
    pictures = _report_pictures(footage, shown, heats, alone, yardstick.style)
    return Evaluation(footage.name, tuple(figures), tuple(notes), pictures)


def _consistency(
    footage: Footage, protocol: Protocol, distance: Distance, alone: Mapping[int, Picture], shown: Sequence[int],
    watcher: Watcher,
) -> tuple[list[Figure], list[str], dict[int, dict[int, Plane]]]:  # fmt: skip
    figures: list[Figure] = []
    notes: list[str] = []
    heats: dict[int, dict[int, Plane]] = {}
    watcher.phase("comparing views", len(protocol.gaps))
    for number, gap in enumerate(protocol.gaps, 1):
        joined = footage.links(gap)
        if not any(link.valid.any() for link in joined):
            why = f"no view shares a pixel with the one {gap} further on"
            figures += absent_agreement(gap, why)
            notes.append(f"gap {gap}: {why}; choose smaller --gaps, or more --views")
            continue
        found = agreement(footage, joined, gap, alone, perceptual_of(distance))
        figures += agreement_figures(found, footage, distance)
        heats[gap] = error_maps(joined, footage.after, _targets(joined, shown))
        if found.suspicion:
            notes.append(f"gap {gap}: {found.suspicion}")
        watcher.advance(number)
    return figures, notes, heats


def _targets(joined: Sequence[Link], shown: Sequence[int]) -> list[int]:
    """The views to show errors of: those nearest to the ones shown that another view was carried to."""
    there = [link.target for link in joined if link.valid.any()]
    return sorted({min(there, key=lambda view: abs(view - wanted)) for wanted in shown}) if there else []


def _report_pictures(
    footage: Footage, shown: Sequence[int], heats: Mapping[int, Mapping[int, Plane]], alone: Mapping[int, Picture],
    style: Painting | None,
) -> ReportPictures:  # fmt: skip
    before, after = (tuple(images[i] for i in shown) for images in (footage.before, footage.after))
    strip = tuple(footage.after[i] for i in footage.spread(STRIP))
    painting = None if style is None else np.ascontiguousarray(style[0].permute(1, 2, 0).cpu().numpy())
    return ReportPictures(before, after, strip, heats, tuple(alone[view] for view in sorted(alone)), painting)


def spread(count: int, wanted: int) -> list[int]:
    """At most ``wanted`` of ``count`` places, evenly."""
    return sorted({int(i) for i in np.linspace(0, count, min(count, wanted), endpoint=False)})
