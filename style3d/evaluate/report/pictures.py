"""Pictures stand inside the page: arrays become data URIs, and error maps become colours."""

from __future__ import annotations

import base64
import io

import numpy as np
from PIL import Image

from style3d.preview.canvas import fit_image, to_pillow
from style3d.types import Picture, Plane

STOPS = np.array([[0.05, 0.03, 0.2], [0.45, 0.05, 0.45], [0.85, 0.25, 0.3], [0.99, 0.65, 0.25], [0.98, 0.98, 0.75]])
UNSEEN = np.array([0.5, 0.5, 0.5])  # where nothing was compared


def data_uri(picture: Picture, longest: int = 512, quality: int = 88) -> str:
    """A JPEG of at most ``longest`` pixels a side, as a link that holds it."""
    image = fit_image(to_pillow(picture), longest, longest) if max(picture.shape[:2]) > longest else to_pillow(picture)
    return _jpeg_uri(image, quality)


def heat_picture(error: Plane, top: float) -> Picture:
    """Errors from 0 (dark) to ``top`` (bright); grey where NaN."""
    place = np.clip(np.nan_to_num(error) / max(top, 1e-9), 0, 1) * (len(STOPS) - 1)
    colors = np.stack([np.interp(place, np.arange(len(STOPS)), STOPS[:, c]) for c in range(3)], -1)
    return np.where(np.isnan(error)[..., None], UNSEEN, colors).astype(np.float32)


def _jpeg_uri(image: Image.Image, quality: int) -> str:
    stream = io.BytesIO()
    image.save(stream, format="JPEG", quality=quality)
    return "data:image/jpeg;base64," + base64.b64encode(stream.getvalue()).decode("ascii")
