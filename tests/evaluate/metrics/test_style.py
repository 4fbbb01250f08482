"""Style figures against reference implementations, published values and pictures whose answer is known."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.linalg import sqrtm

from style3d.evaluate.metrics.frechet import frechet_between, frechet_distance, single_image_fid
from style3d.evaluate.metrics.painted_views import frame_over
from style3d.evaluate.metrics.palette import palette, palette_distance
from style3d.evaluate.metrics.skimage_figures import skimage
from style3d.evaluate.metrics.strokes import orientation_distance, scale_difference, strokes
from style3d.evaluate.metrics.style import gram_distance, moment_distance, patch_distances
from style3d.losses.term import make_frame
from style3d.losses.wasserstein import SlicedPatches, unit_directions
from tests.helpers.nets import Tiny


def picture(seed: int, size: int = 40) -> torch.Tensor:
    rough = torch.rand(1, 3, size // 4, size // 4, generator=torch.Generator().manual_seed(seed))
    return torch.nn.functional.interpolate(rough, (size, size), mode="bilinear")


def test_frechet_distance_is_the_formula() -> None:
    """With a matrix root, as FID's reference code takes it (Heusel et al. 2017)."""
    rng = torch.Generator().manual_seed(0)
    samples = [torch.randn(60, 12, generator=rng, dtype=torch.float64) * (1 + k) + 0.3 * k for k in (0, 1)]
    (ma, ca), (mb, cb) = ((x.mean(0), torch.cov(x.T)) for x in samples)
    root = np.real(sqrtm(ca.numpy() @ cb.numpy()))
    formula = float((ma - mb).square().sum() + ca.trace() + cb.trace()) - 2 * np.trace(root)
    assert frechet_distance((ma, ca), (mb, cb)) == pytest.approx(formula, rel=1e-6)


def test_frechet_distance_of_known_gaussians() -> None:
    """Means 3 apart, deviations 1 and 2 in each of two directions: 9 + 2 · (2 − 1)²."""
    mean, eye = torch.zeros(2), torch.eye(2)
    assert frechet_distance((mean, eye), (torch.tensor([3.0, 0.0]), 4 * eye)) == pytest.approx(11)


@pytest.mark.parametrize(("own", "wanted"), [(5, 7), (9, 1), (30, 30)])
def test_frechet_distance_between_samples_needs_no_covariance(own: int, wanted: int) -> None:
    """The same number as from covariances, also where there are fewer samples than dimensions, or one."""
    rng = torch.Generator().manual_seed(0)
    a, b = (
        torch.randn(count, 12, generator=rng, dtype=torch.float64) * (1 + k) + k
        for k, count in enumerate((own, wanted))
    )
    fits = [(x.mean(0), torch.cov(x.T) if len(x) > 1 else torch.zeros(12, 12).double()) for x in (a, b)]
    assert frechet_between(a, b) == pytest.approx(frechet_distance(*fits), rel=1e-5)
    assert frechet_between(a, a) == pytest.approx(0, abs=1e-6)


def test_the_style_itself_is_at_distance_zero() -> None:
    frame = make_frame(Tiny(), picture(0), None)
    assert gram_distance(frame, frame) == moment_distance(frame, frame) == patch_distances([frame], frame)[0] == 0
    assert single_image_fid(frame, frame, "b") == pytest.approx(0, abs=1e-5)
    other = make_frame(Tiny(), picture(1) * 0.3, None)
    assert min(gram_distance(other, frame), moment_distance(other, frame), *patch_distances([other], frame)) > 1e-3
    assert single_image_fid(other, frame, "b") > 1e-3


def test_patches_of_flat_pictures_are_as_far_apart_as_their_colours() -> None:
    """Closed form: of two constants t apart every slice V moves by t · Σ V, at every size of patches."""
    flat, other = (make_frame(Tiny(), torch.full((1, 3, 40, 40), shade), None) for shade in (0.3, 0.5))
    slices = unit_directions(3 * 5 * 5, 32, 0).sum(1)
    (found,) = patch_distances([other], flat)
    assert found == pytest.approx(0.2 * float(slices.square().mean().sqrt()), rel=1e-4)


def test_patches_in_one_dimension_are_moved_the_shortest_way() -> None:
    """Grey patches of one pixel lie on a line, where moving is matching sorted values."""
    first, second = (torch.rand(1, 1, 32, 32, generator=torch.Generator().manual_seed(k)) ** (k + 1) for k in (0, 1))
    frames = [make_frame(Tiny(), x.expand(1, 3, 32, 32).contiguous(), None) for x in (first, second)]
    term = SlicedPatches("line", 1.0, size=1, scales=1, directions=8)
    found = float(term.loss(frames[0], term.prepare_style([(frames[1], 1.0)]), {}))
    ordered = [np.sort(x.numpy().ravel()) for x in (first, second)]
    shift = float(unit_directions(3, 8, 0).sum(1).square().mean())
    assert found == pytest.approx(shift * np.square(ordered[0] - ordered[1]).mean(), rel=0.01)


def test_gram_distance_of_a_scaled_network_output() -> None:
    """Features half as large have a Gram matrix a quarter as large: a distance of 3/4 in every layer."""
    frame = make_frame(Tiny(), picture(0), None)
    half = type(frame)(frame.image, frame.mask, {k: v / 2 for k, v in frame.features.items()}, frame.masks)
    assert gram_distance(half, frame) == pytest.approx(0.75, abs=1e-6)
    assert moment_distance(half, frame) == pytest.approx(0.5, abs=1e-3)


def test_background_does_not_count() -> None:
    style = make_frame(Tiny(), picture(0), None)
    mask = torch.zeros(1, 1, 40, 40)
    mask[..., 8:32, 8:32] = 1
    one, two = (
        frame_over(Tiny(), picture(2) * mask + (1 - mask) * shade, mask, torch.full((3,), 0.4)) for shade in (0, 1)
    )
    assert gram_distance(one, style) == gram_distance(two, style)


@pytest.mark.parametrize(
    ("first", "second", "difference"),
    [
        ((50, 2.6772, -79.7751), (50, 0, -82.7485), 2.0425),
        ((50, 3.1571, -77.2803), (50, 0, -82.7485), 2.8615),
        ((50, 2.8361, -74.0200), (50, 0, -82.7485), 3.4412),
        ((50, -1.3802, -84.2814), (50, 0, -82.7485), 1.0000),
        ((50, 2.5, 0), (50, 0, -2.5), 4.3065),
        ((50, 2.5, 0), (73, 25, -18), 27.1492),
        ((50, 2.5, 0), (61, -5, 29), 22.8977),
        ((50, 2.5, 0), (56, -27, -3), 31.9030),
        ((50, 2.5, 0), (58, 24, 15), 19.4535),
        ((60.2574, -34.0099, 36.2677), (60.4626, -34.1751, 39.4387), 1.2644),
        ((6.7747, -0.2908, -2.4247), (5.8714, -0.0985, -2.2286), 0.6377),
        ((2.0776, 0.0795, -1.1350), (0.9033, -0.0636, -0.5514), 0.9082),
    ],
)
def test_ciede2000_gives_the_published_values(first: tuple, second: tuple, difference: float) -> None:
    """Sharma, Wu, Dalal (2005), table 1."""
    assert skimage("color").deltaE_ciede2000(first, second) == pytest.approx(difference, abs=1e-4)


def test_palette_distance() -> None:
    grey, red = np.full((50, 3), 0.5), np.tile([0.8, 0.2, 0.2], (50, 1))
    one = float(skimage("color").deltaE_ciede2000(*(skimage("color").rgb2lab(c[None, :1])[0, 0] for c in (grey, red))))
    assert palette_distance(grey, grey) == pytest.approx(0, abs=1e-9)
    assert palette_distance(grey, red) == pytest.approx(one, rel=1e-6)
    assert palette_distance(grey, np.concatenate([grey, red])) == pytest.approx(one / 2, rel=1e-6)
    rng = np.random.default_rng(0)
    many = rng.random((3000, 3))
    assert palette_distance(many, many[rng.permutation(3000)]) < 0.3
    assert palette(many).shares.sum() == pytest.approx(1)


def stripes(angle: float, period: float, size: int = 96) -> np.ndarray:
    """Dark lines that run ``angle`` degrees up from the right."""
    y, x = np.mgrid[:size, :size]
    across = x * np.sin(np.radians(angle)) + y * np.cos(np.radians(angle))
    return np.float32(np.repeat((0.5 + 0.4 * np.sin(2 * np.pi * across / period))[..., None], 3, 2))


def test_strokes_of_known_direction_and_size() -> None:
    mask = np.ones((96, 96))
    one = strokes(stripes(32.5, 6), mask)
    peak = (one.orientation.argmax() + 0.5) * 5
    assert peak == pytest.approx(180 - 32.5)  # rows run downwards, so directions count clockwise
    assert one.coherence > 0.9
    assert orientation_distance(one, strokes(stripes(62.5, 6), mask)) == pytest.approx(30, abs=3)
    assert orientation_distance(strokes(stripes(12.5, 6), mask), strokes(stripes(172.5, 6), mask)) == pytest.approx(
        20, abs=3
    )
    assert 0.7 < scale_difference(strokes(stripes(32.5, 12), mask), one) < 1.3
    noise = np.float32(np.repeat(np.random.default_rng(0).random((96, 96, 1)), 3, 2))
    assert strokes(noise, mask).coherence < 0.5


def test_strokes_of_nothing() -> None:
    flat = strokes(np.full((32, 32, 3), 0.5, np.float32), np.ones((32, 32)))
    assert flat.coherence == 0
    assert flat.orientation.sum() == pytest.approx(1)
    assert strokes(np.full((32, 32, 3), 0.5, np.float32), np.zeros((32, 32))).coherence == 0
