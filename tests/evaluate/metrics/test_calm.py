"""Calm: a picture beside itself is 1, an even contrast has neither its calm nor its spread."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from style3d.evaluate.metrics.calm import calm_bound, calm_share, calm_spread, restlessness
from style3d.evaluate.metrics.image_figures import image_figures
from style3d.evaluate.metrics.yardstick import Yardstick
from tests.helpers.footage import arc, with_images
from tests.helpers.nets import Tiny

WHOLE = np.ones((64, 64), dtype=bool)


def leaves(calm: float, busy: float, seed: int = 0) -> np.ndarray:
    """Sky of little contrast above, leaves of much below."""
    contrast = np.where(np.arange(64)[:, None, None] < 32, calm, busy)
    grain = np.random.default_rng(seed).standard_normal((64, 64, 1))
    return np.float32(np.clip(0.5 + contrast * grain, 0, 1).repeat(3, 2))


def places(image: np.ndarray) -> np.ndarray:
    return restlessness(image, WHOLE, 5)


def test_contrast_of_a_square() -> None:
    checks = np.float32((np.indices((64, 64)).sum(0) % 2)[..., None].repeat(3, 2))
    assert np.median(places(checks)) == pytest.approx(0.5, abs=0.01)
    assert places(np.full((64, 64, 3), 0.9, np.float32)).max() == pytest.approx(0, abs=1e-6)
    disc = np.hypot(*(np.indices((64, 64)) - 32)) < 20
    cut = np.where(disc[..., None], 0.7, 0.0).repeat(3, 2)
    assert restlessness(cut, disc, 5).max() == pytest.approx(0, abs=1e-6)  # an outline is no contrast


def test_the_picture_itself_is_one() -> None:
    style = places(leaves(0.01, 0.15))
    assert calm_share(style, style) == 1
    assert calm_spread(style, style) == 1
    assert calm_share(places(leaves(0.01, 0.15, 1)), style) == pytest.approx(1, abs=0.1)


def test_an_even_contrast_is_told_apart() -> None:
    """The same energy in all: no place is as calm as the sky, and all are alike."""
    style, even = places(leaves(0.01, 0.15)), places(leaves(0.106, 0.106))
    assert calm_share(even, style) < 0.15
    assert (calm_spread(even, style) or 1) < 0.4
    assert calm_share(np.zeros(9), style) == pytest.approx(2, abs=0.2)  # flat colour: calm all over, half the style


def test_the_bound_lies_between_sky_and_leaves() -> None:
    """Whatever their shares are."""
    for sky in (0.2, 0.5, 0.8):
        grain = np.random.default_rng(0).normal(0, 0.2, 2000)
        mixed = np.where(np.arange(2000) < 2000 * sky, 0.01, 0.15) * np.exp(grain)
        assert 0.013 < calm_bound(mixed) < 0.09
    assert calm_bound(np.full(9, 0.1)) == pytest.approx(0.1)


def test_a_flat_picture_has_no_spread() -> None:
    flat = places(np.full((64, 64, 3), 0.9, np.float32))
    assert calm_spread(places(leaves(0.01, 0.15)), flat) is None
    assert calm_share(flat, flat) == 1


def test_figures() -> None:
    """Measured of the views and of those before; without a style picture there is nothing to compare with."""
    footage = arc(2, 64)
    style = torch.from_numpy(leaves(0.01, 0.15)).permute(2, 0, 1)[None]
    views = with_images(footage, [leaves(0.01, 0.15, 1), leaves(0.01, 0.15, 2)])
    told = {figure.name: figure.value for figure in image_figures(views, Yardstick(style, Tiny(), "no", "no"))}
    assert told["style.calm"] == pytest.approx(1, abs=0.2)
    assert told["style.calm_spread"] == pytest.approx(1, abs=0.2)
    assert told["style.calm.before"] is not None
    none = {figure.name for figure in image_figures(views, Yardstick(None, Tiny(), "no", "no"))}
    assert not {"style.calm", "style.calm_spread"} & none
