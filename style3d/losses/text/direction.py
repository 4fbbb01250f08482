"""A prompt says in which direction a picture's embedding should move. This loss measures how far it has to go."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from style3d.losses.text.base import Embeddings, Encoder

TEMPLATES = (
    "{}", "a photo of {}", "a close-up photo of {}", "a rendering of {}", "a picture of {}",
    "an object in the style of {}", "the texture of {}", "a cropped photo of {}", "a bright photo of {}",
)  # fmt: skip
SOURCE = "a photo"  # what the original is said to be (CLIPstyler, §3.2)
AWAY = 0.5  # of the step towards the prompt: how far a negative prompt pushes away
NEAR = 0.05  # a move in the embedding shorter than this has no clear direction yet


def sentence_embedding(encoder: Encoder, text: str) -> Float[Tensor, "d"]:
    """The mean of a text's embeddings in all templates, of unit length (Radford et al., ICML 2021, §3.1.4)."""
    return F.normalize(encoder.texts([template.format(text) for template in TEMPLATES]).mean(0), dim=0)


def text_direction(encoder: Encoder, prompt: str, negative: Sequence[str] = ()) -> Float[Tensor, "d"]:
    """ΔT = E(prompt) − E("a photo"), less half of the same for what is not wanted; of unit length.

    With n negative prompts: normalise(d(prompt) − ½ · 1/n Σ d(negative)), where d is the unit vector of a text's step
    from the source. (Kwon & Ye, CVPR 2022, eq. 2; the negative part is ours.)
    """
    source = sentence_embedding(encoder, SOURCE)
    towards = F.normalize(sentence_embedding(encoder, prompt) - source, dim=0)
    for text in negative:
        towards = towards - AWAY / len(negative) * F.normalize(sentence_embedding(encoder, text) - source, dim=0)
    return F.normalize(towards, dim=0)


def directional_loss(
    pictures: Embeddings, sources: Embeddings, towards: Float[Tensor, "prompts d"]
) -> Float[Tensor, "n prompts"]:
    """1 − ΔI · ΔT / (|ΔI| |ΔT|) with ΔI = E(picture) − E(source) (Gal et al., StyleGAN-NADA, 2022, eq. 2).

    Between 0 and 2. |ΔI| counts as 0.05 at least, so that the gradient at the start, where both pictures are alike, is
    finite and points along ΔT.

    Args:
        towards: unit vectors, one for each prompt.
    """
    moved = pictures - sources
    length = moved.norm(dim=1, keepdim=True).clamp_min(NEAR)
    return 1 - (moved / length) @ towards.T


def patch_loss(losses: Float[Tensor, "n prompts"], done: float, shares: Float[Tensor, "n"]) -> Float[Tensor, "prompts"]:
    """Σ_i s_i R(l_i) / Σ_i s_i with R(l) = l where l > ``done``, else 0 (Kwon & Ye, CVPR 2022, eq. 4-5).

    Patches that already look like the prompt are left alone, so that it does not gather where it is easiest.

    Args:
        losses: directional losses of the patches.
        done: τ of the paper.
        shares: how much of each patch the object covers, in [0, 1].
    """
    counted = torch.where(losses > done, losses, torch.zeros_like(losses))
    return (counted * shares[:, None]).sum(0) / shares.sum().clamp_min(1e-8)
