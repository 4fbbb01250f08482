"""An image–text model maps pictures and sentences to unit vectors of one space."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor

Pictures = Float[Tensor, "n 3 size size"]  # display-referred, in [0, 1]
Embeddings = Float[Tensor, "n d"]  # of unit length


class Encoder(ABC):
    """Turns pictures and sentences into unit vectors that point the same way where they mean the same.

    Fixed: its parameters never receive gradients.
    """

    @property
    @abstractmethod
    def name(self) -> str:
        """Concretely: "ViT-B-32"."""

    @property
    @abstractmethod
    def digest(self) -> str:
        """sha256 (hex) of weights and configuration."""

    @property
    @abstractmethod
    def size(self) -> int:
        """Side of the square pictures it looks at, pixels. Concretely: 224."""

    @abstractmethod
    def pictures(self, images: Pictures) -> Embeddings:
        """Unit vectors; differentiable to ``images``, which it normalises itself."""

    @abstractmethod
    def texts(self, sentences: Sequence[str]) -> Embeddings:
        """Unit vectors."""

    @abstractmethod
    def unknown_words(self, sentence: str) -> tuple[str, ...]:
        """Words of a sentence that mean nothing to this model; empty for one with an open vocabulary."""

    @property
    @abstractmethod
    def patch(self) -> float:
        """Side of a patch, of the object's square, at a style scale of 1."""

    @property
    @abstractmethod
    def done_below(self) -> float:
        """Directional loss below which a patch counts as done and is left alone: τ of CLIPstyler, 0.7 for CLIP."""

    @abstractmethod
    def understands(self, sentence: str) -> bool:
        """Whether it knows anything of a sentence: a colour, a thing, not only "with" and "and"."""

    @abstractmethod
    def to(self, device: torch.device | str) -> Encoder:
        """Itself, moved to a device."""
