"""These names describe the array shapes that travel between parts, with the axes pixels entries views h w c."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float, Float32, Int32, Int64
from torch import Tensor

Colors = Float[Tensor, "entries 3"]  # θ: display-referred RGB in [0, 1]
Pixels = Float[Tensor, "pixels 3"]  # an image, flattened row by row
Image = Float[Tensor, "1 3 h w"]  # an image as networks take it
AnyImage = Float[Tensor, "1 3 _ _"]  # one of several images of different sizes
Mask = Float[Tensor, "1 1 h w"]  # coverage in [0, 1]
AnyMask = Float[Tensor, "1 1 _ _"]  # coverage in [0, 1], each of its own size
Picture = Float32[np.ndarray, "h w 3"]  # display-referred RGB in [0, 1], as files and metrics take it
Plane = Float32[np.ndarray, "h w"]  # one number a pixel: depth, coverage, an error
Points = Float[np.ndarray, "points 3"]  # scene units
Vector = Float[np.ndarray, "3"]
Matrix4 = Float[np.ndarray, "4 4"]
Indices = Int64[np.ndarray, "n"]
Faces = Int32[np.ndarray, "n"]
Flags = Bool[np.ndarray, "n"]
Weights = Float[np.ndarray, "n"]
