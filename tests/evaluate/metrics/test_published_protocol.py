"""The widely copied protocol, faults included: what it forgives is what makes it unfit, so that is what is tested."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter

from style3d.errors import Style3DError
from style3d.evaluate.metrics.lpips import Distance, FeatureDistance
from style3d.evaluate.metrics.published_protocol import flow_warp, legacy_figures
from tests.helpers.footage import arc, with_images
from tests.helpers.nets import Tiny


def texture(size: int = 48) -> np.ndarray:
    rough = gaussian_filter(np.random.default_rng(0).standard_normal((size, size, 3)), (2, 2, 0))
    return np.float32(0.5 + 0.4 * rough / np.abs(rough).max())


def test_flow_undoes_a_known_shift() -> None:
    image = texture()
    moved = np.roll(image, 2, axis=1)
    warped, agree = flow_warp(image, moved)
    inner = slice(8, -8)
    assert np.abs(warped - moved)[inner, inner].mean() < 0.1 * np.abs(image - moved)[inner, inner].mean()
    assert agree[inner, inner].mean() > 0.9


def test_it_forgives_strokes_that_slide() -> None:
    """Its own flow takes paint that slides over a still surface for motion; known cameras do not."""
    footage = arc(3, size=48)
    still = with_images(footage, [texture()] * 3)
    sliding = with_images(footage, [np.roll(texture(), 2 * number, axis=1) for number in range(3)])
    (kept,), (slid,) = (legacy_figures(one, 1, "no network") for one in (still, sliding))
    unwarped = np.sqrt(np.square(texture() - np.roll(texture(), 2, axis=1)).mean())
    assert kept.value == pytest.approx(0, abs=1e-3)
    assert slid.value < 0.5 * unwarped
    assert "legacy" in slid.note


def test_the_network_is_fed_0_to_255() -> None:
    """A metric for −1 to 1, so that the distance is not the one of the pictures."""
    seen = []

    class Listening(Distance):
        def __call__(self, a: torch.Tensor, b: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
            seen.extend([2 * a - 1, 2 * b - 1])  # as LPIPS sees them
            return a.new_zeros(())

    footage = with_images(arc(2, size=48), [texture()] * 2)
    legacy_figures(footage, 1, Listening("listening", ""))
    assert max(float(image.max()) for image in seen) > 100
    assert min(float(image.min()) for image in seen) >= 0
    assert [figure.name for figure in legacy_figures(footage, 1, FeatureDistance(Tiny()))] == [
        "legacy.1.rmse", "legacy.1.lpips"
    ]  # fmt: skip


def test_gaps_that_reach_too_far_are_refused() -> None:
    with pytest.raises(Style3DError, match="gaps"):
        legacy_figures(arc(2, size=16), 7, "no network")
