"""Before a texture is written, this module extends colours past UV islands and fills texels that no view saw."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float32
from scipy.ndimage import distance_transform_edt, zoom

DILATION = 16  # texels past an island's edge that repeat the edge, so that mip levels do not bleed


def fill_texels(rgb: Float32[np.ndarray, "h w 3"], seen: Bool[np.ndarray, "h w"]) -> Float32[np.ndarray, "h w 3"]:
    """Seen texels as they are; nearest seen colour within `DILATION`; a smooth average of the seen beyond."""
    if seen.all() or not seen.any():
        return rgb
    distance, nearest = distance_transform_edt(~seen, return_indices=True)
    near = rgb[nearest[0], nearest[1]]
    far = _push_pull(rgb, seen)
    blend = np.clip((distance - DILATION) / DILATION, 0, 1)[..., None].astype(np.float32)
    return np.where(seen[..., None], rgb, near * (1 - blend) + far * blend).astype(np.float32)


def _push_pull(rgb: Float32[np.ndarray, "h w 3"], seen: Bool[np.ndarray, "h w"]) -> Float32[np.ndarray, "h w 3"]:
    """Averages over the seen texels of ever larger blocks, interpolated back into the gaps (Gortler et al. 1996)."""
    weight = seen.astype(np.float32)[..., None]
    if min(rgb.shape[:2]) <= 2 or seen.all():
        mean = (rgb * weight).sum((0, 1)) / max(float(weight.sum()), 1e-12)
        return np.where(seen[..., None], rgb, mean).astype(np.float32)
    height, width = rgb.shape[0] // 2 * 2, rgb.shape[1] // 2 * 2
    total, count = (_block_sums(part[:height, :width]) for part in (rgb * weight, weight))
    coarse = _push_pull((total / np.maximum(count, 1e-12)).astype(np.float32), count[..., 0] > 0)
    scale = rgb.shape[0] / coarse.shape[0], rgb.shape[1] / coarse.shape[1], 1
    smooth = zoom(coarse, scale, order=1, mode="nearest", grid_mode=True)[: rgb.shape[0], : rgb.shape[1]]
    return np.where(seen[..., None], rgb, smooth).astype(np.float32)


def _block_sums(values: Float32[np.ndarray, "h w c"]) -> Float32[np.ndarray, "h2 w2 c"]:
    sums: Float32[np.ndarray, "h2 w2 c"] = (
        values[0::2, 0::2] + values[1::2, 0::2] + values[0::2, 1::2] + values[1::2, 1::2]
    )
    return sums
