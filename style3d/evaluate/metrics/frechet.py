"""Fréchet distances compare places of two pictures, or sets of pictures; ArtFID adds content to them."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from style3d.evaluate.metrics.content import lpips_distance
from style3d.evaluate.metrics.inception import Inception
from style3d.evaluate.metrics.metric import Metric, Reading, mean_of
from style3d.evaluate.metrics.painted_views import COVERAGE, PaintedViews
from style3d.losses.features.base import pool_mask
from style3d.losses.moments import masked_covariance
from style3d.losses.term import Frame
from style3d.types import Image, Mask

Gaussian = tuple[Tensor, Tensor]  # mean (d,) and covariance (d, d)


def frechet_distance(a: Gaussian, b: Gaussian) -> float:
    """‖μ − μ'‖² + tr(C + C' − 2 (C C')^½) between Gaussians (Dowson & Landau 1982; Heusel et al. 2017), in float64.

    The trace of the root is the sum of the roots of the eigenvalues of C^½ C' C^½, which are real.
    """
    (mean_a, cov_a), (mean_b, cov_b) = ((m.double(), c.double()) for m, c in (a, b))
    values, vectors = torch.linalg.eigh(cov_a)
    root = (vectors * values.clamp_min(0).sqrt()) @ vectors.T
    cross = torch.linalg.eigvalsh(root @ cov_b @ root).clamp_min(0).sqrt().sum()
    return float((mean_a - mean_b).square().sum() + cov_a.trace() + cov_b.trace() - 2 * cross)


def frechet_between(a: Float[Tensor, "n d"], b: Float[Tensor, "m d"]) -> float:
    """`frechet_distance` of the Gaussians through two sets of samples, for sets that are small beside ``d``.

    With A and B the centred samples over √(n − 1) and √(m − 1), tr (C C')^½ is the nuclear norm of A Bᵀ, so no d × d
    matrix is made. A single sample has no spread.
    """
    (mean_a, spread_a), (mean_b, spread_b) = (_spread(samples.double()) for samples in (a, b))
    cross = torch.linalg.svdvals(spread_a @ spread_b.T).sum()
    return float((mean_a - mean_b).square().sum() + spread_a.square().sum() + spread_b.square().sum() - 2 * cross)


def _spread(samples: Tensor) -> Gaussian:
    mean = samples.mean(0)
    return mean, (samples - mean) / max(1, len(samples) - 1) ** 0.5


def single_image_fid(view: Frame, style: Frame, layer: str) -> float:
    """Fréchet distance between the features of two pictures' places (SinGAN: Shaham et al., ICCV 2019, §4).

    The paper takes Inception's features, as `place_distances` does; here they are ``layer``'s of whatever network
    is named.
    """
    own, wanted = (masked_covariance(frame.features[layer], frame.masks[layer]) for frame in (view, style))
    return frechet_distance(own, wanted)


def place_distances(views: Sequence[Frame], style: Image, net: Inception) -> list[float]:
    """Each view's places against the style's, in Inception before its second pooling."""
    wanted = _places(net, style, torch.ones_like(style[:, :1]))
    return [frechet_distance(_places(net, view.image, view.mask), wanted) for view in views]


def views_distance(views: Sequence[Frame], style: Image, net: Inception) -> float:
    """All views as a set against the style: FID.

    A set of one picture, as often as there are views, is what ArtFID's authors' code makes of a single style.
    """
    return frechet_between(torch.cat([net(view.image) for view in views]), net(style))


def _places(net: Inception, image: Image, mask: Mask) -> Gaussian:
    features = net.places(image)
    return masked_covariance(features, pool_mask(mask, (features.shape[-2], features.shape[-1])))


def artfid(lpips: float, fid: float) -> float:
    """(1 + LPIPS) (1 + FID): 1 for the style picture's look on the untouched content (Wright & Ommer, GCPR 2022)."""
    return (1 + lpips) * (1 + fid)


def _single(views: PaintedViews) -> Reading:
    layer = views.yardstick.features.content_layer
    if not all(layer in frame.features for frame in (views.style_frame, *views.frames)):
        return Reading(None, f"the pictures are too small for layer {layer}")
    return Reading(mean_of([single_image_fid(frame, views.style_frame, layer) for frame in views.frames]))


def _inception(views: PaintedViews) -> Inception:
    net = views.yardstick.inception
    assert not isinstance(net, str)  # who needs it says so in its row
    return net


def _of_all(views: PaintedViews) -> float:
    return views_distance(views.frames, views.style, _inception(views))


def _both(views: PaintedViews) -> Reading:
    """Of the originals, whose content is their own, this is 1 + FID."""
    content = views.once(lpips_distance)
    return Reading(None if content is None else artfid(content, views.once(_of_all)))


FRECHET: tuple[Metric[PaintedViews], ...] = (
    Metric(
        "style.fid", "lower", "Fréchet distance between the features of all places of a view and of the picture",
        _single, needs=("style", "content layer"), also_on=(".before",), mask=COVERAGE,
    ),
    Metric(
        "style.fid_inception", "lower", "the same in Inception-v3 before its second pooling",
        lambda views: Reading(mean_of(place_distances(views.frames, views.style, _inception(views)))),
        needs=("style", "inception"), also_on=(".before",), mask=COVERAGE,
    ),
    Metric(
        "style.fid_views", "lower", "FID: Inception's features of all views against the picture's",
        lambda views: Reading(views.once(_of_all)), needs=("style", "inception"), also_on=(".before",), mask=COVERAGE,
    ),
)  # fmt: skip

ARTFID: Metric[PaintedViews] = Metric(
    "composite.artfid", "lower", "(1 + LPIPS) (1 + FID), of content.lpips and style.fid_views", _both,
    needs=("style", "inception", "lpips"), also_on=(".before",), mask=COVERAGE,
)  # fmt: skip
