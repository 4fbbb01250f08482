"""CLIP scores compare pictures with a style or a text, by a network trained on captions. They are optional.

The small model that ships for prompts never stands in here: its numbers are no CLIP scores.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional as F

from style3d.errors import Style3DError
from style3d.evaluate.metrics.metric import Metric, Reading
from style3d.evaluate.metrics.painted_views import PaintedViews
from style3d.losses.text.base import Embeddings, Encoder
from style3d.optional.libraries import library
from style3d.types import Image


def clip_or_why(model: str, weights: Path | None) -> Encoder | str:
    """CLIP through open_clip with weights from a local file, or why not; nothing is downloaded.

    Raises:
        Style3DError: the weights were given, and do not fit.
    """
    if weights is None:
        return "no --clip-weights were given"
    if not (row := library("open_clip")).is_installed:
        return f"{row.title} is not installed; {row.hint}"
    if not weights.is_file():
        raise Style3DError(f"there is no weights file {weights}", expected="weights of a CLIP model for open_clip")
    from style3d.losses.text.open_clip_models import OpenClip, load_clip

    return OpenClip(load_clip(model, str(weights)), model)


@torch.no_grad()
def picture_embedding(encoder: Encoder, image: Image) -> Embeddings:
    """The unit vector of a whole display-referred picture, squeezed to the square that the encoder looks at."""
    square = F.interpolate(image, (encoder.size, encoder.size), mode="bicubic", antialias=True)
    return encoder.pictures(square.clamp(0, 1))


def similarity(a: Embeddings, b: Embeddings) -> float:
    """Cosine of two embeddings, −1 to 1."""
    return float((a * b).sum())


def _likeness(views: PaintedViews, of: Callable[[Encoder], Embeddings]) -> Reading:
    encoder = views.yardstick.clip
    assert not isinstance(encoder, str)  # who needs it says so in its row
    wanted = of(encoder)
    return Reading(float(np.mean([similarity(one, wanted) for one in views.once(_view_embeddings)])))


def _view_embeddings(views: PaintedViews) -> list[Embeddings]:
    encoder = views.yardstick.clip
    assert not isinstance(encoder, str)
    return [picture_embedding(encoder, image) for image, _ in views.pairs]


def _to_picture(views: PaintedViews) -> Reading:
    style = views.yardstick.style
    assert style is not None
    return _likeness(views, lambda encoder: picture_embedding(encoder, style))


CLIP: tuple[Metric[PaintedViews], ...] = (
    Metric(
        "style.clip", "higher", "likeness to the picture, as CLIP sees it", _to_picture, "cosine",
        needs=("style", "clip"), also_on=(".before",), mask="none",
    ),
    Metric(
        "style.clip_text", "higher", "likeness to the words, as CLIP reads them",
        lambda views: _likeness(views, lambda encoder: encoder.texts([views.yardstick.prompt])), "cosine",
        needs=("words", "clip"), also_on=(".before",), mask="none",
    ),
)  # fmt: skip
