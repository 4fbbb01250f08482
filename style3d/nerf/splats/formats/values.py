"""The formats share these conversions of stored numbers to splat parameters, and the test of what is left out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from jaxtyping import Float, Float32, Int

from style3d.errors import Style3DError
from style3d.nerf.splats.harmonics import C0
from style3d.nerf.splats.splats import Splats
from style3d.remarks import remark

Array = np.ndarray[Any, Any]

PLACE, SCALE = ("x", "y", "z"), ("scale_0", "scale_1", "scale_2")  # columns of the 3DGS reference code's PLY
CONSTANT, ROTATION = ("f_dc_0", "f_dc_1", "f_dc_2"), ("rot_0", "rot_1", "rot_2", "rot_3")
HIGHER = "f_rest_"  # and a number
LEAST_OPACITY = 1e-6  # and one minus it the largest, so that stored 0 and 1 have finite logits
FURTHEST = 1e15  # scene units from the origin; squares of what is further away overflow
LARGEST_LOG = 34.0  # of a scale: e^34 is FURTHEST
MAX_SPLATS = 50_000_000


def check_count(count: int, name: str) -> None:
    """Refuse what no scene has, before memory is taken.

    Raises:
        Style3DError: no splats, or more than ``MAX_SPLATS``.
    """
    if not 0 < count <= MAX_SPLATS:
        raise Style3DError(f"{name} claims to hold {count:,} splats", expected=f"1 to {MAX_SPLATS:,}")


def sound_splats(splats: Splats, name: str) -> Splats:
    """The splats without those that have no place, size, turn, opacity or colour; remarks how many those are.

    Raises:
        Style3DError: none is left.
    """
    columns = (splats.positions, splats.rotations, splats.sh.reshape(splats.count, -1))
    good = np.logical_and.reduce([np.isfinite(column).all(axis=1) for column in columns])
    good &= (np.abs(np.nan_to_num(splats.positions)) < FURTHEST).all(axis=1)
    good &= (splats.log_scales < LARGEST_LOG).all(axis=1) & ~np.isnan(splats.logit_opacities)
    if good.all() and splats.count:
        return splats
    if not good.any():
        raise Style3DError(f"{name} has no splats that can be drawn", got=f"{splats.count:,}, none of them finite")
    remark(f"{name}: {(~good).sum():,} of {splats.count:,} splats are not finite and are left out")
    return splats.subset(good)


def logit(opacities: Float[np.ndarray, "n"]) -> Float32[np.ndarray, "n"]:
    """The inverse of the sigmoid, for opacities in [0, 1]; both ends stay finite."""
    inside = np.clip(opacities.astype(np.float64), LEAST_OPACITY, 1 - LEAST_OPACITY)
    return np.log(inside / (1 - inside)).astype(np.float32)


def constant_term(colors: Float[np.ndarray, "n 3"]) -> Float32[np.ndarray, "n 3"]:
    """The harmonic of degree 0 whose colour is this RGB."""
    return ((colors - 0.5) / C0).astype(np.float32)


def logarithm(scales: Float[np.ndarray, "n 3"]) -> Float32[np.ndarray, "n 3"]:
    """Of sizes, from 0 (minus infinity: a flat splat); of what is no size, not a number."""
    return np.log(scales).astype(np.float32)


def with_largest(three: Float[np.ndarray, "n 3"], largest: Int[np.ndarray, "n"]) -> Float32[np.ndarray, "n 4"]:
    """Unit quaternions of their three smaller components, in order, and the index of the fourth, which is positive."""
    rows = np.arange(len(three))
    found = np.empty((len(three), 4), np.float32)
    found[rows[:, None], np.arange(3) + (np.arange(3) >= largest[:, None])] = three
    found[rows, largest] = np.sqrt(np.maximum(1 - (three**2).sum(axis=1), 0))
    return found


def is_usual(column: str) -> bool:
    """Whether a column of a PLY holds what every splat has."""
    return column in (*PLACE, *SCALE, *CONSTANT, *ROTATION, "opacity") or column.startswith(HIGHER)


def stack_columns(table: Array | Mapping[str, Array], names: tuple[str, ...]) -> Float32[np.ndarray, "n columns"]:
    """Columns of a table side by side."""
    return np.stack([table[name].astype(np.float32) for name in names], axis=1)


def smallest_three(
    rotations: Float32[np.ndarray, "n 4"],
) -> tuple[Float32[np.ndarray, "n 3"], Int[np.ndarray, "n"]]:
    """What `with_largest` undoes: the smaller components of unit quaternions, turned so that the fourth is positive."""
    rows, largest = np.arange(len(rotations)), np.abs(rotations).argmax(axis=1)
    turned = rotations * np.where(rotations[rows, largest] < 0, np.float32(-1), np.float32(1))[:, None]
    return turned[rows[:, None], np.arange(3) + (np.arange(3) >= largest[:, None])], largest
