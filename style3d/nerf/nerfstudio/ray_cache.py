"""The cache keeps what frozen geometry decides of a view: where its rays ask for colour, and each answer's weight."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import final

import torch
from jaxtyping import Float32, Int64
from torch import Tensor

LEAST = 1 / 1000  # of a pixel: samples that weigh less are left out, the others take their share


@final
@dataclass(frozen=True)
class RayRows:
    """A_v of a field whose colours are a network's: its samples, ray by ray, behind one another.

    image = Σ weights · color(places, directions) + fixed. Concretely: 36,864 rays of a view of 144 × 256 pixels, with
    five samples each instead of the 48 that were marched, because the other ones lie in air or behind a wall.
    """

    places: Float32[Tensor, "samples 3"]  # where the colours are asked for, in the field's own unit cube
    weights: Float32[Tensor, "samples"]  # share of the pixel, > 0; at most 1 over a pixel
    counts: Int64[Tensor, "pixels"]  # samples of each ray
    directions: Float32[Tensor, "pixels 3"]  # unit length, away from the camera
    fixed: Float32[Tensor, "pixels 3"]  # b_v: the backdrop's share

    @property
    def nbytes(self) -> int:
        """Memory it takes."""
        return sum(getattr(self, field.name).nbytes for field in fields(self))


@final
@dataclass(frozen=True)
class Traced:
    """The rows of a whole view, line of pixels after line."""

    rows: RayRows
    height: int  # pixels
    width: int  # pixels


def pack_rows(
    places: Float32[Tensor, "pixels steps 3"],
    weights: Float32[Tensor, "pixels steps"],
    directions: Float32[Tensor, "pixels 3"],
    fixed: Float32[Tensor, "pixels 3"],
) -> RayRows:
    """The samples that matter: those of at least `LEAST`, and each ray's heaviest; their sum stays what it was."""
    keep = weights >= LEAST
    keep.scatter_(1, weights.argmax(1, keepdim=True), True)
    kept = torch.where(keep, weights, 0.0)
    scaled = kept * (weights.sum(1, keepdim=True) / kept.sum(1, keepdim=True).clamp_min(1e-12))
    return RayRows(places[keep], scaled[keep], keep.sum(1), directions, fixed)


def join_rows(parts: Sequence[RayRows]) -> RayRows:
    """Rows of some rays, then those of more."""
    return RayRows(*(torch.cat([getattr(part, field.name) for part in parts]) for field in fields(RayRows)))
