"""CLIP scores: how alike a picture and a style, or a text, are to a network trained on captions. Optional."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import final

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from style3d.errors import Style3DError
from style3d.types import Image

MEAN, DEVIATION = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)  # of CLIP's training
Embedding = Float[Tensor, "1 n"]


@final
@dataclass(frozen=True)
class Clip:
    """An encoder of pictures and of text into one space (Radford et al., ICML 2021)."""

    name: str
    digest: str
    size: int  # pixels along a side of what it looks at
    encode_image: Callable[[Image], Embedding]  # of a normalised picture of that size
    encode_text: Callable[[str], Embedding]

    @torch.no_grad()
    def image(self, image: Image) -> Embedding:
        """The embedding of a display-referred picture, unit length; the longer side is squeezed to a square."""
        square = F.interpolate(image, (self.size, self.size), mode="bicubic", antialias=True).clamp(0, 1)
        mean, deviation = (torch.tensor(v)[None, :, None, None] for v in (MEAN, DEVIATION))
        return F.normalize(self.encode_image((square - mean) / deviation), dim=1)

    @torch.no_grad()
    def text(self, prompt: str) -> Embedding:
        """The embedding of a text, unit length."""
        return F.normalize(self.encode_text(prompt), dim=1)


def open_clip_or_why(model: str, weights: Path | None) -> Clip | str:
    """CLIP through open_clip with weights from a local file, or why not; nothing is downloaded.

    Raises:
        Style3DError: the weights were given, and do not fit.
    """
    if weights is None:
        return "no --clip-weights were given"
    from importlib.util import find_spec

    if find_spec("open_clip") is None:
        return "open_clip is not installed (pip install 'style3d[clip]')"
    if not weights.is_file():
        raise Style3DError(f"there is no weights file {weights}", expected="weights of a CLIP model for open_clip")
    from style3d.losses.features.base import digest_of
    from style3d.torchvision_schemas import import_torchvision

    import_torchvision()
    import open_clip

    try:
        network, _, _ = open_clip.create_model_and_transforms(model, pretrained=str(weights))
        tokenizer = open_clip.get_tokenizer(model)
    except Exception as error:  # what is wrong with a file of weights has as many names as there are libraries
        raise Style3DError(f"cannot read {weights} as {model}", got=str(error)[:200]) from error
    network = network.eval().requires_grad_(False)
    size = network.visual.image_size
    side = size[0] if isinstance(size, tuple) else int(size)
    return Clip(
        f"CLIP {model}", digest_of(network, model), side, network.encode_image,
        lambda prompt: network.encode_text(tokenizer([prompt])),
    )  # fmt: skip


def similarity(a: Embedding, b: Embedding) -> float:
    """Cosine of two embeddings, −1 to 1."""
    return float((a * b).sum())
