"""The strength slider takes the straight line between two tables of colours, exactly in 8 bits."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, UInt8


def straight_line(
    before: UInt8[np.ndarray, "*shape"], after: UInt8[np.ndarray, "*shape"], strength: float
) -> UInt8[np.ndarray, "*shape"]:
    """The level nearest to before · (1 − strength) + after · strength, for display-referred levels."""
    mixed = before * np.float32(1 - strength) + after * np.float32(strength)
    return np.rint(mixed).astype(np.uint8)


def levels(colors: Float[np.ndarray, "*shape"]) -> UInt8[np.ndarray, "*shape"]:
    """Colours in [0, 1] as the nearest of 256 levels."""
    return np.rint(np.clip(np.nan_to_num(colors), 0, 1) * 255).astype(np.uint8)
