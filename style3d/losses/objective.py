"""The objective is a sum of named, weighted terms on shared features. This file also holds the default one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import torch
from jaxtyping import Float
from torch import Tensor

from style3d.losses.color import BandColor
from style3d.losses.content import Content, Structure
from style3d.losses.features.base import Features
from style3d.losses.gamut import Gamut
from style3d.losses.local_energy import LocalEnergy
from style3d.losses.moments import masked_mean
from style3d.losses.nnfm import NearestFeatures
from style3d.losses.smoothness import TotalVariation
from style3d.losses.statistics import Covariance, Gram
from style3d.losses.structure import Laplacian
from style3d.losses.term import Frame, Prepared, Term, make_frame
from style3d.types import AnyImage, AnyMask, Image, Mask

CONTENT = 0.9  # weight at --content-weight 1: the drawing stays readable under the strokes
DETAIL = 150.0  # weight at --keep-detail 1
COLOR = 1.0  # in 3D no single picture anchors the palette; at 0.3 patches seen by few views drift to strange hues
CALM = 10.0  # at 3 an even hatching stays where the painting has strokes
GAMUT = 100.0  # below 60 hues that no style has (greens beside orange) stay in places that few views see


@final
@dataclass(frozen=True)
class StyleTarget:
    """What the terms remember of the style images. Concretely: means and covariances of every layer."""

    prepared: tuple[Prepared, ...]  # by term
    mean_color: Float[Tensor, "3"]  # in [0, 1]: fill what is outside the mask with it


@final
@dataclass(frozen=True)
class ContentTarget:
    """What the terms remember of one view of the original."""

    prepared: tuple[Prepared, ...]  # by term


@final
class Objective:
    """Terms on one extractor, whose features are computed once an image and shared by all terms.

    It assumes images in [0, 1] of at least a few pixels, and that `prepare_style` and `prepare_content` have been
    called with the same terms. It gives each term's weighted number by name; their sum is what the loop makes small.
    Terms keep no state: targets are values of their own, so one objective serves several styles and views.

    Args:
        features: the perceptual network, or any other `Features`.
        terms: what to sum; names must differ.

    Raises:
        ValueError: two terms have one name.

    Examples:
        >>> import torch
        >>> from style3d.losses.features import build_features
        >>> objective = Objective(build_features("wavelet"), [TotalVariation("smoothness", 2.0)])
        >>> flat = torch.full((1, 3, 32, 32), 0.5)
        >>> style, content = objective.prepare_style([(flat, 1.0)]), objective.prepare_content(flat)
        >>> {name: float(value) for name, value in objective(flat, None, style, content).items()}
        {'smoothness': 0.0}
    """

    def __init__(self, features: Features, terms: Sequence[Term]) -> None:
        names = [term.name for term in terms]
        if len(set(names)) != len(names):
            raise ValueError(f"terms must have different names, got {names}")
        self.features = features
        self.terms = tuple(terms)
        self.whole = tuple(term for term in self.terms if term.whole)  # they look at all that is painted at once
        self.parts = tuple(term for term in self.terms if not term.whole)  # they look at each layer

    def to(self, device: torch.device | str) -> Objective:
        """Moves what has weights: the extractor, and terms with a network of their own."""
        self.features.to(device)
        for term in self.terms:
            term.to(device)
        return self

    @torch.no_grad()
    def prepare_style(self, images: Sequence[tuple[AnyImage, float]], masks: Sequence[AnyMask] = ()) -> StyleTarget:
        """Statistics of the style images, each (1, 3, h, w) at the size its strokes should have, with its weight.

        Args:
            masks: (1, 1, h, w) of each image: what of it counts; all of all by default.
        """
        total = sum(weight for _, weight in images)
        frames: list[tuple[Frame, float]] = []
        for number, (image, weight) in enumerate(images):
            frames.append((make_frame(self.features, image, masks[number] if masks else None), weight / total))
        mean = sum((masked_mean(frame.image, frame.mask) * weight for frame, weight in frames), torch.zeros(()))
        return StyleTarget(tuple(term.prepare_style(frames) for term in self.terms), mean)

    @torch.no_grad()
    def prepare_content(self, image: Image, mask: Mask | None = None) -> ContentTarget:
        """Features of a view of the original; once per view."""
        return self.content_of(make_frame(self.features, image, mask), self.terms)

    @torch.no_grad()
    def content_of(self, frame: Frame, terms: Sequence[Term]) -> ContentTarget:
        """What some of the terms remember of a view whose features are there already; the others remember nothing."""
        names = {term.name for term in terms}
        return ContentTarget(tuple(term.prepare_content(frame) if term.name in names else {} for term in self.terms))

    def __call__(
        self, image: Image, mask: Mask | None, style: StyleTarget, content: ContentTarget
    ) -> dict[str, Float[Tensor, ""]]:
        """Weighted scalars by term name; their sum is the objective. Differentiable to ``image``.

        Args:
            image: display-referred, in [0, 1]; outside the mask filled with the style's mean colour.
            mask: coverage in [0, 1]; None counts every pixel.
        """
        frame = make_frame(self.features, image, mask)
        return self.weighted_losses(frame, style, content, self.terms)

    def weighted_losses(
        self, frame: Frame, style: StyleTarget, content: ContentTarget, terms: Sequence[Term]
    ) -> dict[str, Float[Tensor, ""]]:
        """Weighted scalars of some of the terms, on features that are there already."""
        names = {term.name for term in terms}
        triples = zip(self.terms, style.prepared, content.prepared, strict=True)
        return {term.name: term.weight * term.loss(frame, s, c) for term, s, c in triples if term.name in names}


def default_objective(
    features: Features,
    *,
    content_weight: float = CONTENT,
    style_weight: float = 1.0,
    color_weight: float = COLOR,
    gamut_weight: float = GAMUT,
    calm_weight: float = CALM,
    smoothness_weight: float = 0.3,
    detail_weight: float = 0.0,
) -> Objective:
    """The recipe style3d uses: normalised covariances, standardised content, palette per band and pixel, detail
    as unevenly spread as the style's, a little smoothness. Without weights it is what a job with default settings is
    painted by.

    ``detail_weight`` adds the Laplacian of the original, which keeps its fine lines.
    """
    layers = tuple((name, 1.0 / len(features.layers)) for name in features.layers)
    terms = (
        Covariance("style", style_weight, layers),
        Structure("content", content_weight, features.content_layer),
        BandColor("color", color_weight),
        Gamut("gamut", gamut_weight),
        LocalEnergy("calm", calm_weight),
        TotalVariation("smoothness", smoothness_weight),
    )
    return Objective(features, (*terms, Laplacian("detail", detail_weight, pool=2)) if detail_weight else terms)


def gatys_objective(features: Features, *, alpha: float = 1.0, beta: float = 1e3) -> Objective:
    """Gatys, Ecker & Bethge (CVPR 2016): α L_content + β L_style, w_l = 1 / number of layers."""
    layers = tuple((name, 1.0 / len(features.layers)) for name in features.layers)
    return Objective(features, (Gram("style", beta, layers), Content("content", alpha, features.content_layer)))


def nnfm_objective(features: Features, *, content_weight: float = 0.005, smoothness_weight: float = 1.0) -> Objective:
    """ARF (Zhang et al., ECCV 2022), eq. 3-4: nearest-neighbour matching on the coarser layers, content, variation.

    Meant for VGG, whose third block the paper uses.
    """
    layers = tuple((name, 1.0) for name in features.layers[2:3] or features.layers[-1:])
    terms = (
        NearestFeatures("style", 1.0, layers),
        Structure("content", content_weight, features.content_layer),
        TotalVariation("smoothness", smoothness_weight),
    )
    return Objective(features, terms)
