"""scikit-image computes these figures. It is imported when a figure is asked for."""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Float

from style3d.optional.libraries import need
from style3d.types import Picture


def skimage(module: str) -> Any:
    """A module of scikit-image.

    Raises:
        Style3DError: it is not installed.
    """
    return need(f"skimage.{module}", "evaluate", "measuring")


def structural_similarity(a: Picture, b: Picture, window: int) -> Float[np.ndarray, "h w"]:
    """SSIM (Wang et al., 2004) at every pixel, mean over channels, colours in [0, 1]."""
    full = skimage("metrics").structural_similarity(a, b, win_size=window, channel_axis=2, data_range=1.0, full=True)[1]
    return full.mean(2)


def lab(image: Float[np.ndarray, "h w 3"]) -> Float[np.ndarray, "h w 3"]:
    """CIE L*a*b* (D65) of display-referred colours."""
    return skimage("color").rgb2lab(image)
