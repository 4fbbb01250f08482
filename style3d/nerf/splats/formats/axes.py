"""This module converts the axes of each format. Splats are kept in 3DGS axes: x right, y down, z forward."""

from __future__ import annotations

from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
DIRECTIONS = {
    **{"R": (1, 0, 0), "L": (-1, 0, 0), "D": (0, 1, 0)},
    **{"U": (0, -1, 0), "F": (0, 0, 1), "B": (0, 0, -1)},
}
WORDS = {"R": "right", "L": "left", "D": "down", "U": "up", "F": "forward", "B": "back"}


def to_ply_axes(system: str) -> Array:
    """The matrix from axes named by where x, y and z point, to those of PLY files.

    Concretely: "RUB", x right, y up, z back, is a half turn about x; "RUF" is a mirror.
    """
    return np.array([DIRECTIONS[letter] for letter in system], np.float64).T
