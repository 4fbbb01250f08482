"""The score tells how well a fitted grid shows photos that were kept out of the fit."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float32

from style3d.nerf.capture.capture import Capture
from style3d.nerf.capture.photos import load_photo
from style3d.progress import Watcher
from style3d.render.grid_field import RadianceGrid
from style3d.render.grid_image import render_image


def score(
    grid: RadianceGrid, capture: Capture, downscale: float, stride: float, watcher: Watcher
) -> tuple[float | None, float | None]:
    """Mean PSNR over the held-out photos, dB: as rendered, and after the best gain a channel."""
    if not capture.held_out:
        return None, None
    watcher.phase("looking at held-out photos", len(capture.held_out))
    plain, matched = list[float](), list[float]()
    for number, index in enumerate(capture.held_out):
        photo = load_photo(capture.photos[index], downscale)
        seen = photo.weight > 0
        image, _, _ = render_image(grid, photo.camera, stride)
        want = (photo.rgb * photo.alpha[..., None])[seen]
        got = np.clip(image, 0, 1)[seen]
        gain = (got * want).sum(0) / np.maximum((got * got).sum(0), 1e-9)
        plain.append(psnr(got, want))
        matched.append(psnr(np.clip(got * gain, 0, 1), want))
        watcher.advance(number + 1, f"PSNR {plain[-1]:.2f} dB")
    return float(np.mean(plain)), float(np.mean(matched))


def psnr(got: Float32[np.ndarray, "*size"], want: Float32[np.ndarray, "*size"]) -> float:
    """Peak signal-to-noise ratio of colours in [0, 1], dB."""
    return float(-10 * np.log10(max(float(np.mean((got - want) ** 2, dtype=np.float64)), 1e-10)))
