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
from style3d.paint.style_library import resized
from style3d.types import Image, Mask, Picture


def flat_cheat(footage: Footage) -> list[Picture]:
    """Every view in the one mean colour of the stylised object: perfectly consistent, and worth nothing."""
    total = sum((shot.after * shot.mask[..., None]).sum((0, 1), dtype=np.float64) for shot in footage.shots)
    mean = np.asarray(total / max(sum(float(shot.mask.sum()) for shot in footage.shots), 1e-8), dtype=np.float32)
    return [np.broadcast_to(mean, shot.after.shape).copy() for shot in footage.shots]


def ceiling_views(footage: Footage, gaps: Sequence[int]) -> list[int]:
    """A few views that hold two pairs of every gap, as far as the footage reaches; ascending."""
    return sorted({view for gap in gaps for pair in footage.pairs(gap)[:2] for view in pair})


def independent(
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
    shots = [footage.shots[i] for i in which]
    sized = resized(style, style_scale * max(shots[0].before.shape[:2]))
    target = objective.prepare_style([(sized, 1.0)])
    painted = {}
    for view, shot in zip(which, shots, strict=True):
        photo, mask = tensors(shot, shot.before)
        image = transfer(objective, photo, sized, steps, target=target, mask=mask, seed=view)
        painted[view] = np.ascontiguousarray(image[0].permute(1, 2, 0).clamp(0, 1).numpy())
        done(len(painted))
    return painted


def tensors(shot: ComparedView, image: Picture) -> tuple[Image, Mask]:
    """A view and its mask as networks take them."""
    plane: Float32[np.ndarray, "h w"] = np.ascontiguousarray(shot.mask)
    return torch.from_numpy(image).permute(2, 0, 1)[None].contiguous(), torch.from_numpy(plane)[None, None]
