"""These figures measure style and content on the views after, on the views before, and on the controls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import sha256

import torch

from style3d.core.scene import Scene
from style3d.evaluate.footage.controls import flat_views
from style3d.evaluate.footage.footage import Footage
from style3d.evaluate.metrics import registry
from style3d.evaluate.metrics.figure import Figure, absent
from style3d.evaluate.metrics.metric import NOTHING, Metric
from style3d.evaluate.metrics.needs import NEEDS, Judge
from style3d.evaluate.metrics.painted_views import PaintedViews
from style3d.evaluate.metrics.yardstick import Yardstick
from style3d.types import Picture


def image_figures(footage: Footage, yardstick: Yardstick, scene: Scene | None = None) -> list[Figure]:
    """Subject by subject, of the views after and (``.before``) before; both at once last."""
    sets = {"": footage.after, ".before": footage.before}
    views = {suffix: PaintedViews(footage, tuple(images), yardstick, scene) for suffix, images in sets.items()}
    subjects = dict.fromkeys(row.subject for row in registry.IMAGE_METRICS)
    return [
        figure
        for subject in subjects
        for suffix, seen in views.items()
        for figure in measure_views(seen, suffix, (subject,))
    ]


def control_figures(footage: Footage, alone: Mapping[int, Picture], yardstick: Yardstick) -> list[Figure]:
    """How near to the style the controls of consistency are: what agrees because it shows little is far from it.

    Of the flat colour (``.flat``), and of the views that were painted on their own (``.independent``).
    """
    flat = footage.some([0, len(footage.views) // 2])
    figures = measure_views(PaintedViews(flat, tuple(flat_views(flat)), yardstick), ".flat")
    if alone:
        which = sorted(alone)
        views = PaintedViews(footage.some(which), tuple(alone[view] for view in which), yardstick)
        figures += measure_views(views, ".independent")
    return figures


@torch.no_grad()
def measure_views(
    views: PaintedViews, suffix: str = "", subjects: Sequence[str] = ("style", "content")
) -> list[Figure]:
    """Every row of these subjects that is measured on such views.

    Without a style picture, what is compared with one is left out; whatever else is lacking makes a figure absent.
    """
    rows = [row for row in registry.IMAGE_METRICS if row.subject in subjects and suffix in ("", *row.also_on)]
    return [
        _figure(row, views, suffix) for row in rows if "style" not in row.needs or views.yardstick.style is not None
    ]


def _figure(row: Metric[PaintedViews], views: PaintedViews, suffix: str) -> Figure:
    name, by = row.figure_name(suffix=suffix), views.yardstick
    lacking = [why for need in row.needs if (why := NEEDS[need].lacking(views))]
    if lacking:
        return absent(name, row.better, "; ".join(lacking))
    found = row.measure(views)
    if found.value is None:
        return absent(name, row.better, found.note or NOTHING)
    judge, footage = _together([one for need in row.needs if (one := NEEDS[need].judge(by))]), views.footage
    return Figure(name, found.value, row.better, len(footage.views), footage.size, row.mask, judge.name, judge.digest,
                  found.note)  # fmt: skip


def _together(judges: Sequence[Judge]) -> Judge:
    """One name and digest for all networks that take part."""
    if len(judges) == 1:
        return judges[0]
    digest = sha256("".join(one.digest for one in judges).encode()).hexdigest() if judges else ""
    return Judge(" and ".join(one.name for one in judges), digest)
