"""The prompts of a run: the model that reads them, the terms they become, and the colours they imply."""

from __future__ import annotations

import logging

import torch
from jaxtyping import Float
from torch import Tensor

from style3d.errors import Style3DError
from style3d.job import Job
from style3d.losses.term import Term
from style3d.losses.text.base import Encoder
from style3d.losses.text.prompt import PromptPatches, PromptWhole, make_wish
from style3d.losses.text.words import implied_palette

WHOLE, PATCHES = 1.0, 3.0  # weights of the two terms where there is nothing but prompts
SHADES = (0.55, 1.1)  # of a named colour, darkest and lightest: a palette needs depth
logger = logging.getLogger(__name__)


def prompt_terms(job: Job) -> tuple[Term, ...]:
    """The terms of a job's prompts; none where it has none.

    Raises:
        Style3DError: the model is not here, or does not know a single word of a prompt.
    """
    if not job.prompt:
        return ()
    encoder = prompt_encoder(job)
    for text in (*(text for text, _ in job.prompts), *job.negative_prompt):
        _check_words(encoder, text)
    wish = make_wish(encoder, job.prompts, job.negative_prompt)
    share = min(1.0, encoder.patch * job.style_scale)
    return (
        PromptWhole("prompt", WHOLE * job.spoken_share, wish),
        PromptPatches("prompt in patches", PATCHES * job.spoken_share, wish, share),
    )


def prompt_encoder(job: Job) -> Encoder:
    """The model that reads a job's prompts: open_clip's where one is named, else the small one."""
    if job.clip_model is None and job.clip_weights is None:
        from style3d.losses.text.small import load_small

        return load_small()
    return named_encoder(job)


def named_encoder(job: Job) -> Encoder:
    """open_clip's model that a job names, ViT-B-32 where it names weights alone.

    Raises:
        Style3DError: open_clip is not here, or the weights are missing or do not fit.
    """
    from style3d.losses.text.open_clip_models import DEFAULT_MODEL, OpenClip, load_clip

    name = job.clip_model or DEFAULT_MODEL
    return OpenClip(load_clip(name, job.clip_weights), name)


def _check_words(encoder: Encoder, text: str) -> None:
    unknown = encoder.unknown(text)
    if not unknown:
        return
    hint = "for any words: pip install 'style3d[clip]', then --clip-model ViT-B-32"
    words = ", ".join(unknown)
    if not encoder.understands(text):
        raise Style3DError(f"the small prompt model knows no word of '{text}'", hint=hint)
    logger.warning("the small prompt model does not know: %s; they are left out (%s)", words, hint)


def prompt_palette(job: Job) -> Float[Tensor, "n 3"] | None:
    """Shades of the colours that a job's prompts name or imply; None where they imply none."""
    named = [color for text, _ in job.prompts for color in implied_palette(text)]
    if not named:
        return None
    shades = torch.linspace(*SHADES, 8)[:, None, None] * torch.tensor(named)
    return shades.reshape(-1, 3).clamp(0, 1)
