"""The small image–text model that ships with style3d knows materials, patterns, colours and techniques, no objects.

Not an open_clip architecture, on purpose: it must work where open_clip is not installed, its token table alone would be
larger than all of this, and texture is told better by statistics of features than by a class token.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import final

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from style3d.errors import Style3DError
from style3d.losses.features.embedded import PLAN, embedded_convolutions, half_size
from style3d.losses.network import FixedNetwork, digest_of
from style3d.losses.text.base import Embeddings, Encoder, Pictures
from style3d.losses.text.words import COLORS, NEUTRAL, VOCABULARY, read_words
from style3d.losses.weights_file import fill, read_note, read_tensors

SHIPPED = Path(__file__).resolve().parents[1] / "weights" / "prompt.safetensors"
SIZE = 96  # pixels
RANK = 12  # directions per layer whose correlations are kept
WIDTH, HIDDEN, SPACE = 96, 256, 128  # of the text tower, of the picture's head, of what they share
WORDS = 16  # of a sentence that are read
DEPTH = PLAN[:5]  # of the embedded network: up to a quarter of the size
TAKEN = {"conv1": 32, "conv2b": 64, "conv3b": 128}  # layers whose statistics are used, with their channels
STATISTICS = 2 * sum(2 * c + RANK * (RANK + 1) // 2 for c in TAKEN.values()) + len(COLORS) + 6


@final
class PictureStatistics(nn.Module):
    """What is known of a picture: moments of convolutional features at two sizes, and how much of each named colour.

    Convolutions start as those of the embedded network and stay fixed.
    """

    named: Tensor
    pairs: Tensor

    def __init__(self) -> None:
        super().__init__()
        every = embedded_convolutions()
        self.convolutions = nn.ModuleDict({name: every[name] for name, _ in DEPTH})
        for name, channels in TAKEN.items():
            self.register_buffer(f"basis_{name}", torch.eye(channels)[:RANK])
        self.register_buffer("named", torch.tensor(list(COLORS.values())))
        self.register_buffer("pairs", torch.triu_indices(RANK, RANK), persistent=False)

    def forward(self, images: Pictures) -> Float[Tensor, "n statistics"]:
        """One row a picture."""
        small = F.avg_pool2d(images, 2)
        flat = small.flatten(2)
        parts = [self._colors(small), flat.mean(2), (flat.var(2) + 1e-4).log()]
        for x in (images, small):
            for name, values in self.maps(x).items():
                parts += self._moments(name, values)
        return torch.cat(parts, 1)

    def maps(self, images: Tensor) -> dict[str, Tensor]:
        """Feature maps (n, c, h', w') of the layers used, float32."""
        x: Tensor = ((images - 0.5) * 4).contiguous(memory_format=torch.channels_last)
        found = {}
        for name, halve in DEPTH:
            convolution = self.convolutions[name]
            x = convolution((half_size(x) if halve else x).to(next(convolution.parameters()).dtype)).relu()
            if name in TAKEN:
                found[name] = x.float()
        return found

    def _moments(self, name: str, values: Tensor) -> list[Tensor]:
        """Means, logarithms of variances, and correlations between the main directions."""
        mean = values.mean((2, 3))
        centred = (values - mean[:, :, None, None]).flatten(2)
        variance = centred.square().mean(2) + 1e-3
        main = torch.matmul(getattr(self, f"basis_{name}"), centred / variance.sqrt()[:, :, None])
        correlation = main @ main.transpose(1, 2) / main.shape[2]
        return [mean, variance.log(), correlation[:, self.pairs[0], self.pairs[1]]]

    def _colors(self, images: Tensor) -> Tensor:
        """The share of pixels near each named colour (n, colours)."""
        far = (images.unsqueeze(1) - self.named[None, :, :, None, None]).square().sum(2)
        return (-far / (2 * 0.12**2)).softmax(1).mean((2, 3))


@final
class SmallModel(nn.Module):
    """Both towers; `scripts/train_prompt.py` trains it."""

    mean: Tensor
    deviation: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.statistics = PictureStatistics()
        self.register_buffer("mean", torch.zeros(STATISTICS))
        self.register_buffer("deviation", torch.ones(STATISTICS))
        self.head = nn.Sequential(nn.Linear(STATISTICS, HIDDEN), nn.GELU(), nn.Linear(HIDDEN, SPACE))
        self.table = nn.Embedding(len(VOCABULARY) + 1, WIDTH, padding_idx=0)
        self.places = nn.Parameter(0.02 * torch.randn(WORDS, WIDTH))
        self.layers = nn.ModuleList(
            nn.TransformerEncoderLayer(WIDTH, 4, 2 * WIDTH, 0.0, "gelu", batch_first=True, norm_first=True)
            for _ in range(2)
        )
        self.speak = nn.Linear(WIDTH, SPACE)

    def embed_words(self, tokens: Tensor) -> Tensor:
        """Unit vectors (n, d) of sentences (n, words); 0 is no word."""
        empty = tokens == 0
        empty[:, 0] = False  # a sentence without known words is one empty word
        x = self.table(tokens) + self.places[: tokens.shape[1]]
        for layer in self.layers:
            x = layer(x, src_key_padding_mask=empty)
        share = (~empty).float() / (~empty).float().sum(1, keepdim=True)
        return F.normalize(self.speak((x * share[:, :, None]).sum(1)), dim=1)

    def embed_statistics(self, statistics: Tensor) -> Tensor:
        """Unit vectors (n, d) of pictures' statistics."""
        standard = ((statistics - self.mean) / self.deviation).clamp(-5, 5)
        return F.normalize(self.head(standard), dim=1)


def tokens_of(sentences: Sequence[str]) -> Tensor:
    """Numbers of the known words (n, words), the rest zero."""
    table = torch.zeros(len(sentences), WORDS, dtype=torch.long)
    for row, sentence in enumerate(sentences):
        known, _ = read_words(sentence)
        for column, word in enumerate(known[:WORDS]):
            table[row, column] = 1 + VOCABULARY.index(word)
    return table[:, : max(1, int((table > 0).sum(1).max()))]


@final
class SmallEncoder(FixedNetwork, Encoder):
    """`SmallModel` as the losses use it."""

    def __init__(self, model: SmallModel) -> None:
        digest = digest_of(model.state_dict(), "prompt-1")
        super().__init__("small", digest, model, fast=model.statistics.convolutions)
        self._model = model

    @property
    def size(self) -> int:
        """96 pixels."""
        return SIZE

    @property
    def patch(self) -> float:
        """It was taught on textures, a dozen marks to a picture."""
        return 0.4

    @property
    def done_below(self) -> float:
        """It comes much closer to a text than CLIP does."""
        return 0.2

    def pictures(self, images: Pictures) -> Embeddings:
        """Unit vectors of pictures."""
        return self._model.embed_statistics(self._model.statistics(images))

    def texts(self, sentences: Sequence[str]) -> Embeddings:
        """Unit vectors of sentences; words it does not know are left out."""
        with torch.no_grad():
            return self._model.embed_words(tokens_of(sentences).to(self._model.mean.device))

    def unknown_words(self, sentence: str) -> tuple[str, ...]:
        """Words that are not in the vocabulary, and those past the sixteen it reads."""
        known, unknown = read_words(sentence)
        return (*unknown, *known[WORDS:])

    def understands(self, sentence: str) -> bool:
        """Whether it has a word that says how something looks."""
        return any(word not in NEUTRAL for word in read_words(sentence)[0])


def load_small(path: Path = SHIPPED) -> SmallEncoder:
    """The shipped model, or one of the same shape and vocabulary.

    Raises:
        Style3DError: if the file is missing or holds another model.
    """
    model = SmallModel()
    fill(model, read_tensors(path), path, "the small prompt model")
    if json.loads(read_note(path, "vocabulary") or "[]") != list(VOCABULARY):
        raise Style3DError(f"{path} has another vocabulary", hint="train it again: scripts/train_prompt.py")
    return SmallEncoder(model)
