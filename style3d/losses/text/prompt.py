"""Prompt terms (CLIPstyler, Kwon & Ye, CVPR 2022) compare the whole object, and patches of it, with the words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import final

import torch
from jaxtyping import Float
from torch import Tensor

from style3d.losses.term import Frame, Prepared, Term
from style3d.losses.text.base import Encoder
from style3d.losses.text.crops import object_square, pictures_of, random_patches, seed_of, warp_crops
from style3d.losses.text.direction import directional_loss, patch_loss, text_direction

PATCHES = 12  # a step


@final
@dataclass(frozen=True, eq=False)
class Wish:
    """Prompts as an encoder understands them. Concretely: two unit vectors, of weights 0.8 and 0.2."""

    encoder: Encoder = field(repr=False)
    towards: Float[Tensor, "prompts d"] = field(repr=False)  # unit vectors
    weights: tuple[float, ...]  # of the prompts
    said: str  # for the report, and to tell two wishes apart


def make_wish(encoder: Encoder, prompts: Sequence[tuple[str, float]], negative: Sequence[str] = ()) -> Wish:
    """What (prompt, weight) pairs ask for, away from what ``negative`` says."""
    towards = torch.stack([text_direction(encoder, text, negative) for text, _ in prompts])
    return Wish(
        encoder, towards, tuple(weight for _, weight in prompts), f"{encoder.digest} {list(prompts)} {list(negative)}"
    )


@final
@dataclass(frozen=True)
class PromptWhole(Term):
    """L_dir: the object in its bounding square has moved from the original as the prompts from "a photo"."""

    wish: Wish

    def to(self, device: torch.device | str) -> None:
        """Moves the encoder."""
        self.wish.encoder.to(device)

    def prepare_content(self, frame: Frame) -> Prepared:
        """The original's embedding, and where the object is."""
        corners = object_square(frame.mask.cpu())
        return {"corners": corners, "source": self._embed_crops(frame, corners)}

    def loss(self, frame: Frame, style: Prepared, content: Prepared) -> Tensor:
        """Σ_k w_k (1 − cos(ΔI, ΔT_k)), between 0 and 2 Σ w."""
        losses = directional_loss(
            self._embed_crops(frame, content["corners"]), content["source"], _towards(self.wish, frame)
        )
        return (losses[0] * losses.new_tensor(self.wish.weights)).sum()

    def _embed_crops(self, frame: Frame, corners: Tensor) -> Tensor:
        return self.wish.encoder.pictures(pictures_of(frame.image, corners, self.wish.encoder.size))


@final
@dataclass(frozen=True)
class PromptPatches(Term):
    """L_patch: the same for random patches of the object in random perspective, each against itself in the original.

    The paper compares every patch with the whole original; against the same patch of it, what a patch happens to show
    cancels. Patches are drawn anew whenever the image changes, from the image itself.
    """

    wish: Wish
    share: float  # of the object's square: side of a patch

    def to(self, device: torch.device | str) -> None:
        """Moves the encoder."""
        self.wish.encoder.to(device)

    def prepare_content(self, frame: Frame) -> Prepared:
        """The original, and where the object is."""
        return {"image": frame.image.detach(), "corners": object_square(frame.mask.cpu())}

    def loss(self, frame: Frame, style: Prepared, content: Prepared) -> Tensor:
        """Between 0 and 2 Σ w."""
        size, encoder = self.wish.encoder.size, self.wish.encoder
        square = content["corners"][0]
        side = max(8.0, self.share * float(square[1, 0] - square[0, 0]))
        corners = random_patches(frame.mask.detach(), PATCHES, side, seed_of(frame.image))
        shares = warp_crops(frame.mask.detach(), corners, size).mean((1, 2, 3))
        with torch.no_grad():
            sources = encoder.pictures(pictures_of(content["image"], corners, size))
        pictures = encoder.pictures(pictures_of(frame.image, corners, size))
        losses = directional_loss(pictures, sources, _towards(self.wish, frame))
        return (patch_loss(losses, encoder.done_below, shares) * losses.new_tensor(self.wish.weights)).sum()


def _towards(wish: Wish, frame: Frame) -> Tensor:
    return wish.towards.to(frame.image.device)
