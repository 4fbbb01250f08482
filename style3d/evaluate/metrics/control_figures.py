"""How near to the style the controls of consistency are: what agrees because it shows little is far from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch

from style3d.evaluate.footage.controls import flat_cheat, tensors
from style3d.evaluate.footage.footage import Footage
from style3d.evaluate.metrics.content import mean_of
from style3d.evaluate.metrics.figure import Figure
from style3d.evaluate.metrics.image_figures import COVERAGE, Yardstick
from style3d.evaluate.metrics.style import framed, gram_distance, moment_distance
from style3d.losses.term import make_frame
from style3d.paint.style_library import resized
from style3d.types import Picture

MEASURED = {"style.gram": gram_distance, "style.moments": moment_distance}


def control_figures(footage: Footage, alone: Mapping[int, Picture], yardstick: Yardstick) -> list[Figure]:
    """Style of the flat colour (``.flat``), and of the views that were painted on their own (``.independent``)."""
    if yardstick.style is None:
        return []
    flat = footage.some([0, len(footage.shots) // 2])
    figures = _distances(flat, flat_cheat(flat), yardstick, ".flat")
    if alone:
        which = sorted(alone)
        figures += _distances(footage.some(which), [alone[view] for view in which], yardstick, ".independent")
    return figures


@torch.no_grad()
def _distances(footage: Footage, images: Sequence[Picture], yardstick: Yardstick, suffix: str) -> list[Figure]:
    assert yardstick.style is not None
    features = yardstick.features
    style = resized(yardstick.style, yardstick.style_scale * max(images[0].shape[:2]))
    wanted, fill = make_frame(features, style, None), style.mean((0, 2, 3))
    pairs = [tensors(shot, image) for shot, image in zip(footage.shots, images, strict=True)]
    views = [framed(features, image, mask, fill) for image, mask in pairs]
    return [
        Figure(name + suffix, mean_of([distance(view, wanted) for view in views]), "lower", len(views), footage.size,
               COVERAGE, features.name, features.digest)
        for name, distance in MEASURED.items()
    ]  # fmt: skip
