"""Prompts become pictures drawn from their words, or terms by which a CLIP model guides the run."""

from __future__ import annotations

import logging
from functools import cache, lru_cache

import torch
from jaxtyping import Float
from torch import Tensor

from style3d.color.match import affine_color_match
from style3d.errors import Style3DError
from style3d.job import Job
from style3d.losses.term import Term
from style3d.losses.text.base import Encoder
from style3d.losses.text.direction import text_direction
from style3d.losses.text.prompt import PromptPatches, PromptWhole, make_wish
from style3d.losses.text.words import implied_palette
from style3d.prompt_pictures import Plan, draw_swatch, read_plan
from style3d.types import AnyImage, Colors, Image

WHOLE, PATCHES = 1.0, 3.0  # weights of the two terms where there is nothing but prompts
SHADES = (0.55, 1.1)  # of a named colour, darkest and lightest: a palette needs depth
TRIES = 4  # drawings of a prompt to choose from
SEVERAL = 0.03  # deviation of colours from which a scene has a palette of its own
logger = logging.getLogger(__name__)


def prompt_terms(job: Job) -> tuple[Term, ...]:
    """The terms by which a CLIP model leads a job towards its prompts; none where it names no such model.

    Raises:
        Style3DError: the model is not here.
    """
    if not job.prompt or is_drawn(job):
        return ()
    encoder = named_encoder(job)
    wish = make_wish(encoder, job.prompts, job.negative_prompt)
    share = min(1.0, encoder.patch * (job.style_scale or 1.0))
    return (
        PromptWhole("prompt", WHOLE * job.spoken_share, wish),
        PromptPatches("prompt in patches", PATCHES * job.spoken_share, wish, share),
    )


def is_drawn(job: Job) -> bool:
    """Whether the prompts become pictures (`swatches`): wherever no CLIP model is named that could read them."""
    return bool(job.prompt) and job.clip_model is None and job.clip_weights is None


def named_encoder(job: Job) -> Encoder:
    """open_clip's model that a job names, ViT-B-32 where it names weights alone.

    Raises:
        Style3DError: open_clip is not here, or the weights are missing or do not fit.
    """
    from style3d.losses.text.open_clip_models import DEFAULT_MODEL, OpenClip, load_clip

    name = job.clip_model or DEFAULT_MODEL
    return OpenClip(load_clip(name, job.clip_weights), name)


@cache
def small_encoder() -> Encoder:
    """The model that ships with style3d, on the CPU, read once."""
    from style3d.losses.text.small import load_small

    return load_small()


def swatches(job: Job, own: Colors | None = None) -> tuple[tuple[AnyImage, float], ...]:
    """Pictures (1, 3, h, w) in [0, 1] of a job's prompts, with their shares of the style; () where CLIP reads them.

    Of several drawings of what a prompt says, the one is taken that the small model finds most like the prompt and
    least like what is not wanted.

    Args:
        own: the scene's colours, which a prompt without any colour is drawn in, where there are several.

    Raises:
        Style3DError: a prompt says nothing that can be drawn.
    """
    if not is_drawn(job):
        return ()
    encoder = small_encoder()
    for text in (*(text for text, _ in job.prompts), *job.negative_prompt):
        _check_words(encoder, text)
    return tuple((_swatch(encoder, text, job, own), job.spoken_share * weight) for text, weight in job.prompts)


def _swatch(encoder: Encoder, text: str, job: Job, own: Colors | None) -> Image:
    plan = read_plan(text, job.negative_prompt)
    if plan is None:
        what = f"'{text}' names no colour, material, pattern or technique that is wanted"
        raise Style3DError(what, expected='words such as "blue and white porcelain"')
    best = _drawing(encoder, plan, text, job.negative_prompt, job.seed)
    if plan.colored or own is None:
        return best
    own = own[torch.isfinite(own).all(1)].cpu()
    if len(own) < 2 or float(own.std(0).mean()) < SEVERAL:
        return best
    flat = best[0].flatten(1).T
    matrix, offset = affine_color_match(flat, torch.ones(len(flat)), own)
    return (flat @ matrix.T + offset).clamp(0, 1).T.reshape(best.shape).contiguous()


@lru_cache(maxsize=8)
def _drawing(encoder: Encoder, plan: Plan, text: str, negative: tuple[str, ...], seed: int) -> Image:
    """The best of `TRIES` drawings; kept, since a run asks for it when it paints and again for its contact sheet."""
    drawings = [draw_swatch(plan, seed * TRIES + number) for number in range(TRIES)]
    likeness = torch.stack([_pieces(encoder, drawing).mean(0) for drawing in drawings])
    return drawings[int((likeness @ text_direction(encoder, text, negative)).argmax())]


def _pieces(encoder: Encoder, drawing: Image) -> Tensor:
    """Embeddings of four squares of a drawing, as large as the encoder looks at."""
    side, whole = encoder.size, drawing.shape[-1]
    places = [(y, x) for y in (0, whole - side) for x in (0, whole - side)]
    return encoder.pictures(torch.cat([drawing[..., y : y + side, x : x + side] for y, x in places]))


def _check_words(encoder: Encoder, text: str) -> None:
    unknown = encoder.unknown_words(text)
    if not unknown:
        return
    hint = "for any words: pip install 'style3d[clip]', then --clip-model ViT-B-32"
    words = ", ".join(unknown)
    if not encoder.understands(text):
        raise Style3DError(f"the small prompt model knows none of the words in '{text}'", hint=hint)
    logger.warning("the small prompt model does not know: %s; they are left out (%s)", words, hint)


def prompt_palette(job: Job) -> Float[Tensor, "n 3"] | None:
    """Shades of the colours that a job's prompts name or imply; None where they imply none."""
    named = [color for text, _ in job.prompts for color in implied_palette(text)]
    if not named:
        return None
    shades = torch.linspace(*SHADES, 8)[:, None, None] * torch.tensor(named)
    return shades.reshape(-1, 3).clamp(0, 1)
