"""A triangle with a bad number is left out with a remark, so that the rest of the model can be painted."""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Bool, Int64

from style3d.errors import Style3DError
from style3d.remarks import count_of, remark

FARTHEST = 1e30  # of a coordinate; beyond it squares overflow
MOST_REPEATS = 1e6  # of a texture across a surface; beyond it floats hold no places between texels
BROKEN = "corners that do not exist or cannot be read, or places that are"
Array = np.ndarray[Any, Any]


def sound_faces(positions: Array, faces: Int64[np.ndarray, "faces 3"]) -> Bool[np.ndarray, "faces"]:
    """Which triangles have corners that exist, at finite places within `FARTHEST`."""
    found: Array = np.asarray(((faces >= 0) & (faces < len(positions))).all(1))
    with np.errstate(invalid="ignore"):
        placed: Array = np.asarray((np.abs(positions) <= FARTHEST).all(1))
    found[found] = placed[faces[found]].all(1)
    return found


def say_left_out(count: int, name: str) -> None:
    """Remark that broken triangles of something are left out, if there are any."""
    if count:
        remark(f"{name}: style3d leaves out {count_of(count, 'triangle')} with {BROKEN} no finite numbers")


def leave_out(kept: Bool[np.ndarray, "faces"], name: str) -> None:
    """Remark how many triangles of a file are not kept.

    Raises:
        Style3DError: there are triangles, and none is kept.
    """
    if len(kept) and not kept.any():
        got = f"{count_of(len(kept), 'triangle')} with {BROKEN} not finite"
        raise Style3DError(f"{name} has no triangle that can be drawn", got=got, hint="repair or export the mesh again")
    say_left_out(int((~kept).sum()), name)


def sound_uvs(good: Bool[np.ndarray, "faces"], bad: Bool[np.ndarray, "faces"], name: str) -> Bool[np.ndarray, "faces"]:
    """Which triangles are kept: those with bad UVs are left out, with a remark, where others have good ones.

    Where none has good ones, programs wrote UVs of a model that has none, and all triangles are kept without.
    """
    if good.any() and bad.any():
        left = count_of(int(bad.sum()), "triangle")
        remark(f"{name}: style3d leaves out {left} with UVs that are absent or no sensible numbers")
    elif bad.any():
        remark(f"{name}: no UVs that can be read, so it is taken to have none")
    return ~bad if good.any() else np.ones(len(bad), bool)
