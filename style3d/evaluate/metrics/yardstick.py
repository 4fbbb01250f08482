"""A yardstick holds what pictures are measured with: the style, the words, and the networks that judge."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

from style3d.evaluate.metrics.gallery import Gallery
from style3d.evaluate.metrics.inception import Inception
from style3d.evaluate.metrics.lpips import Distance
from style3d.losses.features.base import Features
from style3d.losses.text.base import Encoder
from style3d.types import Image

NO_GALLERY = "no --gallery was given"


@final
@dataclass(frozen=True)
class Yardstick:
    """What pictures are measured against, and with. Concretely: a painting, the embedded network, no LPIPS."""

    style: Image | None  # (1, 3, h, w)
    features: Features
    lpips: Distance | str  # or why it is absent
    clip: Encoder | str
    inception: Inception | str = "no --inception weights were given"
    gallery: Gallery | str = NO_GALLERY
    prompt: str = ""
    style_scale: float = 1.0
