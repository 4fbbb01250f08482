"""Controls bound a result: one agrees perfectly by construction, the other paints every view on its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from jaxtyping import Float32

from style3d.evaluate.footage.footage import ComparedView, Footage, Painting
from style3d.evaluate.footage.image_transfer import transfer
from style3d.losses.features.base import Features
from style3d.losses.objective import default_objective
from style3d.paint.style_library import resize_style
from style3d.types import Image, Mask, Picture


def flat_views(footage: Footage) -> list[Picture]:
    """Every view in the one mean colour of the stylised object: perfectly consistent, and worth nothing."""
    total = sum((view.after * view.mask[..., None]).sum((0, 1), dtype=np.float64) for view in footage.views)
    mean = np.asarray(total / max(sum(float(view.mask.sum()) for view in footage.views), 1e-8), dtype=np.float32)
    return [np.broadcast_to(mean, view.after.shape).copy() for view in footage.views]


def ceiling_views(footage: Footage, gaps: Sequence[int]) -> list[int]:
    """A few views that hold two pairs of every gap, as far as the footage reaches; ascending."""
    return sorted({view for gap in gaps for pair in footage.pairs(gap)[:2] for view in pair})


def paint_independently(
    footage: Footage,
    which: Sequence[int],
    style: Painting,
    features: Features,
    steps: int,
    style_scale: float = 1.0,
    done: Callable[[int], None] = lambda _: None,
) -> dict[int, Picture]:
    """The listed views, each painted on its own by the losses a scene is painted with, from a seed of its own.

    ``done`` hears how many are.
    """
    objective = default_objective(features)
    views = [footage.views[i] for i in which]
    sized = resize_style(style, style_scale * max(views[0].before.shape[:2]))
    target = objective.prepare_style([(sized, 1.0)])
    painted = {}
    for number, view in zip(which, views, strict=True):
        photo, mask = image_and_mask(view, view.before)
        image = transfer(objective, photo, sized, steps, target=target, mask=mask, seed=number)
        painted[number] = np.ascontiguousarray(image[0].permute(1, 2, 0).clamp(0, 1).numpy())
        done(len(painted))
    return painted


def image_and_mask(view: ComparedView, image: Picture) -> tuple[Image, Mask]:
    """A view and its mask as networks take them."""
    plane: Float32[np.ndarray, "h w"] = np.ascontiguousarray(view.mask)
    return torch.from_numpy(image).permute(2, 0, 1)[None].contiguous(), torch.from_numpy(plane)[None, None]
