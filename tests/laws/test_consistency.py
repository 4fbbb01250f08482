"""What a measure of consistency owes: nothing for what agrees, x for an error of x, nothing earned by blur or cheat."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from style3d.errors import Style3DError
from style3d.evaluate.footage.footage import Footage
from style3d.evaluate.metrics.consistency import consistency, error_map, why_no_merit
from style3d.evaluate.metrics.skimage_figures import skimage
from style3d.render.warp import Link
from tests.helpers.footage import arc


@pytest.fixture(scope="module")
def footage() -> Footage:
    return arc()


@pytest.mark.parametrize("gap", [1, 2])
def test_identical_inputs_give_the_floor_exactly(footage: Footage, gap: int) -> None:
    joined = footage.links(gap)
    assert consistency(footage.after, joined, gap) == consistency(footage.before, joined, gap)


@pytest.mark.parametrize("x", [0.0, 0.03, 0.2])
def test_a_known_inconsistency_is_found(footage: Footage, x: float) -> None:
    joined = footage.links(1)
    frames = [np.full_like(view.before, 0.3 + x * (number % 2)) for number, view in enumerate(footage.views)]
    found = consistency(frames, joined, 1)
    assert found.rmse == pytest.approx(x, abs=1e-6)
    assert np.nanmax(np.abs(error_map(joined[0], frames) - x)) < 1e-6


def test_twice_the_inconsistency_is_twice_the_error(footage: Footage) -> None:
    joined, rng = footage.links(1), np.random.default_rng(0)
    noise = [rng.standard_normal(view.before.shape).astype(np.float32) * 0.05 for view in footage.views]
    once, twice = (consistency([0.5 + k * n for n in noise], joined, 1).rmse for k in (1, 2))
    assert twice == pytest.approx(2 * once, rel=1e-5)


def test_flat_colour_is_flagged_and_earns_nothing(footage: Footage) -> None:
    joined = footage.links(1)
    floor = consistency(footage.before, joined, 1)
    flat = consistency([np.full_like(image, 0.4) for image in footage.before], joined, 1)
    assert flat.rmse < 1e-6 < floor.rmse
    assert flat.relative == pytest.approx(1, abs=1e-6)
    assert why_no_merit(flat, floor)
    assert not why_no_merit(floor, floor)


@pytest.mark.parametrize("sigma", [1.0, 2.0, 4.0])
@pytest.mark.parametrize("noise", [0.0, 1.0])
def test_blur_earns_nothing(footage: Footage, sigma: float, noise: float) -> None:
    """Neither for views that agree nor for views that have nothing in common."""
    joined, rng = footage.links(1), np.random.default_rng(1)
    pairs = [(image, rng.random(image.shape)) for image in footage.before]
    sharp = [np.float32((1 - noise) * image + noise * grain) for image, grain in pairs]
    before, after = (
        consistency(images, joined, 1)
        for images in (sharp, [gaussian_filter(image, (sigma, sigma, 0)) for image in sharp])
    )
    assert after.relative > 0.98 * min(1.0, before.relative)  # at 1 and beyond nothing is earned anyway


def test_unrelated_images_are_worse_than_flat(footage: Footage) -> None:
    rng = np.random.default_rng(2)
    noise = [rng.random(image.shape).astype(np.float32) for image in footage.before]
    assert consistency(noise, footage.links(1), 1).relative > 1


def test_ssim_is_scikit_images(footage: Footage) -> None:
    """Over the windows that lie wholly in valid pixels, of the very pictures that are compared."""
    first, second = footage.before[0], np.clip(footage.before[0] + 0.1 * (footage.before[1] > 0.5), 0, 1)
    size = first.shape[0]
    x, y = (np.arange(size) + 0.5,) * 2
    same = Link(0, 1, *np.meshgrid(x, y), np.ones((size, size), dtype=bool))
    found = consistency([first, second.astype(np.float32)], [same], 1)
    theirs = skimage("metrics").structural_similarity(first, second, channel_axis=2, data_range=1.0)
    assert found.ssim == pytest.approx(theirs, abs=1e-4)
    assert found.rmse == pytest.approx(np.sqrt(np.square(first - second).mean()), rel=1e-5)


def test_order_of_brightness_does_not_matter(footage: Footage) -> None:
    joined = footage.links(1)
    one = consistency(footage.before, joined, 1)
    other = consistency([1 - image for image in footage.before], joined, 1)
    assert other.rmse == pytest.approx(one.rmse, rel=1e-5)
    assert other.relative == pytest.approx(one.relative, rel=1e-5)


def test_views_that_share_nothing_are_refused(footage: Footage) -> None:
    with pytest.raises(Style3DError, match="gaps"):
        consistency(footage.before, [], 3)
