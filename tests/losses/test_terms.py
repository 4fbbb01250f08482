"""Each term against a value worked out by hand, on features that are the image itself."""

from __future__ import annotations

import math
from dataclasses import dataclass

import pytest
import torch
from torch.nn import functional as F

from style3d.color.match import LUMA, affine_color_match, keep_luminance
from style3d.losses import Objective, Term
from style3d.losses.color import BandColor
from style3d.losses.content import Content, Structure
from style3d.losses.features.base import Features
from style3d.losses.gamut import CUBE, Gamut
from style3d.losses.local_energy import LocalEnergy
from style3d.losses.nnfm import NearestFeatures, nearest_neighbours
from style3d.losses.smoothness import TotalVariation
from style3d.losses.statistics import FLOOR, Covariance, Gram, Moments
from style3d.losses.structure import Laplacian, SelfSimilarity
from style3d.losses.term import make_frame
from style3d.losses.wasserstein import SlicedFeatures, SlicedPatches, quantiles_of

ALL = (("pixels", 1.0),)


class Identity(Features):
    """The image as its own features."""

    name, digest, layers, content_layer = "identity", "0" * 64, ("pixels",), "pixels"

    def __call__(self, image):
        return {"pixels": image}

    def to(self, device):
        return self


def grey(rows) -> torch.Tensor:
    """An image (1, 3, h, w) of equal channels."""
    return torch.tensor(rows, dtype=torch.float32)[None, None].expand(1, 3, -1, -1).contiguous()


def rgb(*colors) -> torch.Tensor:
    """A row of pixels (1, 3, 1, n)."""
    return torch.tensor(colors, dtype=torch.float32).T[None, :, None]


def value(term: Term, image, style=None, content=None, mask=None, content_mask=None) -> float:
    objective = Objective(Identity(), [term])
    style_target = objective.prepare_style([(image if style is None else style, 1.0)])
    content_target = objective.prepare_content(image if content is None else content, mask)
    return float(objective(image, mask, style_target, content_target)[term.name])


def test_gatys_content() -> None:
    """½ Σ (F − P)²: differences of 0.5 in one pixel's three channels give 0.375."""
    assert value(Content("c", 1.0, "pixels"), grey([[1.0, 0.0]]), content=grey([[0.5, 0.0]])) == pytest.approx(0.375)


def test_gatys_content_counts_only_what_is_covered() -> None:
    mask = torch.tensor([[[[0.0, 1.0]]]])
    assert value(
        Content("c", 2.0, "pixels"), grey([[1.0, 0.0]]), content=grey([[0.5, 0.1]]), mask=mask
    ) == pytest.approx(2 * 0.5 * 3 * 0.01)


def test_gram_is_the_papers_formula_at_equal_size() -> None:
    """E = Σ (G − A)² / (4 N² M²) with N = 3 channels and M = 2 places, Gram matrices not normalised."""
    image, style = rgb((1, 0, 0), (0, 1, 0)), rgb((1, 0, 0), (1, 0, 0))
    gram, other = torch.diag(torch.tensor([1.0, 1, 0])), torch.diag(torch.tensor([2.0, 0, 0]))
    expected = float(((gram - other) ** 2).sum() / (4 * 3**2 * 2**2))
    assert value(Gram("s", 1.0, ALL), image, style) == pytest.approx(expected)


def test_moments() -> None:
    """Means 0.5 and 0.25, deviations 0.5 and 0.25: 0.0625 + 0.0625."""
    assert value(Moments("s", 1.0, ALL), grey([[0.0, 1.0]]), grey([[0.0, 0.5]])) == pytest.approx(0.125, abs=1e-5)


def test_covariance_in_units_of_the_style() -> None:
    """Equal channels: C* = 1/16 everywhere, C = 1/4, σ*² = (1 + FLOOR²)/16; the mean is off by a quarter."""
    unit = 16 / (1 + FLOOR**2)
    expected = 0.0625 * unit + 3 * (0.1875 * unit) ** 2
    assert value(Covariance("s", 1.0, ALL), grey([[0.0, 1.0]]), grey([[0.0, 0.5]])) == pytest.approx(expected, rel=1e-4)


def test_total_variation() -> None:
    """One step of 1 to the right in each of two rows, over 4 pixels: 6 / 12."""
    assert value(TotalVariation("t", 1.0), grey([[0.0, 1.0], [0.0, 1.0]])) == pytest.approx(0.5)


def test_total_variation_ignores_the_rim() -> None:
    mask = torch.tensor([[[[1.0, 0.0], [1.0, 0.0]]]])
    assert value(TotalVariation("t", 1.0), grey([[0.0, 1.0], [0.0, 1.0]]), mask=mask) == 0.0


def test_structure_does_not_see_a_change_of_moments() -> None:
    image = torch.rand(1, 3, 6, 6, generator=torch.Generator().manual_seed(0))
    assert value(Structure("c", 1.0, "pixels"), 0.3 + 0.5 * image, content=image) < 1e-5
    assert value(Structure("c", 1.0, "pixels"), 1 - image, content=image) == pytest.approx(2 / 1.05**2, rel=1e-2)


def test_nearest_features() -> None:
    """(1, 1, 0) is 45° from both style colours: 1 − √½; the other pixel has a twin."""
    term = NearestFeatures("s", 1.0, ALL)
    assert value(term, rgb((1, 1, 0), (0, 0.2, 0)), rgb((1, 0, 0), (0, 1, 0))) == pytest.approx((1 - 0.5**0.5) / 2)


def test_nearest_neighbours_do_not_depend_on_the_chunk() -> None:
    rng = torch.Generator().manual_seed(1)
    own, style = (F.normalize(torch.randn(4, n, generator=rng), dim=0) for n in (50, 20))
    assert torch.equal(nearest_neighbours(own, style), nearest_neighbours(own, style, budget=60))


def test_quantiles_of_equal_weights() -> None:
    values = torch.linspace(0, 1, 256)[None]
    assert torch.allclose(quantiles_of(values.flip(1), torch.ones(256)), values, atol=1e-6)


def test_quantiles_skip_what_weighs_nothing() -> None:
    got = quantiles_of(torch.tensor([[5.0, 1.0, 9.0, 1.0]]), torch.tensor([0.0, 1.0, 0.0, 1.0]))
    assert torch.allclose(got, torch.ones_like(got))


def test_sliced_distance_of_a_shift() -> None:
    """Shifting grey by t shifts each projection by t · Σ V; the squares are averaged over directions."""
    term = SlicedFeatures("s", 1.0, ALL, directions=8)
    from style3d.losses.wasserstein import unit_directions

    image = grey([[0.1, 0.4], [0.3, 0.2]])
    expected = float((0.25 * unit_directions(3, 8, 0).sum(1)).square().mean())
    assert value(term, image + 0.25, image) == pytest.approx(expected, rel=1e-4)


def test_sliced_patches_do_not_see_where() -> None:
    image = torch.rand(1, 3, 16, 16, generator=torch.Generator().manual_seed(2))
    assert value(SlicedPatches("s", 1.0, size=1, scales=1), image.flip(3), image) < 1e-10
    assert value(SlicedPatches("s", 1.0, size=5, scales=2), image.flip(3), image) > 1e-6


def test_laplacian_sees_edges_and_not_levels() -> None:
    """A lone pixel of 1 among nine: Laplacian −4 there, 1 at its four neighbours: 20 · 3 channels / (3 · 9)."""
    spot = torch.zeros(3, 3)
    spot[1, 1] = 1
    assert value(Laplacian("l", 1.0, pool=1), grey(spot.tolist()), content=grey([[0.5] * 3] * 3)) == pytest.approx(
        20 / 9
    )


def test_self_similarity_does_not_see_a_permutation_of_colors() -> None:
    image = torch.rand(1, 3, 5, 5, generator=torch.Generator().manual_seed(3))
    assert value(SelfSimilarity("c", 1.0, "pixels"), image[:, [2, 0, 1]], content=image) < 1e-5


def test_self_similarity_by_hand() -> None:
    """Of three places two are alike and one is orthogonal; then all three are alike but for the middle."""
    before, after = rgb((1, 0, 0), (1, 0, 0), (0, 1, 0)), rgb((1, 0, 0), (0, 1, 0), (1, 0, 0))
    d, e = torch.tensor([[0.0, 0, 0.5], [0, 0, 0.5], [1, 1, 0]]), torch.tensor([[0.0, 0.5, 0], [1, 0, 1], [0, 0.5, 0]])
    expected = 3 * float((d - e).abs().sum()) / 9
    assert value(SelfSimilarity("c", 1.0, "pixels"), after, content=before) == pytest.approx(expected, rel=1e-4)


def test_affine_match_gives_the_targets_moments() -> None:
    rng = torch.Generator().manual_seed(4)
    source = torch.rand(500, 3, generator=rng) * torch.tensor([0.9, 0.5, 0.3])
    target = torch.rand(400, 3, generator=rng) @ torch.tensor([[0.5, 0.2, 0], [0, 0.4, 0.1], [0.1, 0, 0.6]])
    matrix, offset = affine_color_match(source, torch.ones(500), target)
    mapped = source @ matrix.T + offset
    assert torch.allclose(mapped.mean(0), target.mean(0), atol=1e-5)
    assert torch.allclose(mapped.T.cov(correction=0), target.T.cov(correction=0), atol=2e-4)
    assert torch.allclose(matrix, matrix.T, atol=1e-6)  # the transport map is symmetric


def test_affine_match_of_one_channel_by_hand() -> None:
    """Independent channels: scale σ_t / σ_s, per channel."""
    corners = torch.tensor([[a, b, c] for a in (0.0, 1.0) for b in (0.0, 1.0) for c in (0.0, 1.0)])
    matrix, offset = affine_color_match(corners, torch.ones(8), 0.25 + 0.5 * corners)
    assert torch.allclose(matrix, 0.5 * torch.eye(3), atol=1e-4)
    assert torch.allclose(offset, torch.full((3,), 0.25), atol=1e-4)


def test_affine_match_counts_weights_and_survives_one_color() -> None:
    source = torch.tensor([[0.2, 0.2, 0.2], [0.9, 0.1, 0.4]])
    matrix, offset = affine_color_match(source, torch.tensor([1.0, 0.0]), torch.tensor([[0.5, 0.6, 0.7]] * 3))
    assert torch.allclose(source[0] @ matrix.T + offset, torch.tensor([0.5, 0.6, 0.7]), atol=1e-5)


def test_keep_luminance() -> None:
    kept = keep_luminance(torch.tensor([[0.5, 0.5, 0.5]]), torch.tensor([[0.6, 0.3, 0.3]]))
    luma = torch.tensor(LUMA)
    assert float(kept @ luma) == pytest.approx(0.5)
    assert torch.allclose(kept[0, 0] - kept[0, 1], torch.tensor(0.3))


def test_band_color_of_the_style_itself_and_of_a_tint() -> None:
    image = torch.rand(1, 3, 32, 32, generator=torch.Generator().manual_seed(5))
    assert value(BandColor("b", 1.0), image.flip(2), image) < 1e-3
    assert value(BandColor("b", 1.0), image[:, [1, 0, 2]] * torch.tensor([1, 0.2, 1])[:, None, None], image) > 1


@pytest.mark.parametrize("size", [1, 3, 8])
def test_a_style_of_a_few_pixels_is_compared(size: int) -> None:
    """It has fewer bands than a view."""
    image = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    assert math.isfinite(value(BandColor("b", 1.0), image, image[..., :size, :size]))


def stripes(contrast) -> torch.Tensor:
    """An image (1, 3, 64, n) of one-pixel stripes about middle grey, their contrast given by column."""
    signs = torch.tensor([0.5, -0.5]).repeat(32)[:, None]
    return (0.5 + signs * contrast[None, :]).expand(1, 3, -1, -1).contiguous()


def test_local_energy_tells_calm_beside_busy_from_an_even_hatching() -> None:
    """Both have the same variance; half of the places are calm in one, and half an octave less busy in the other."""
    half = stripes(torch.cat([torch.zeros(512), torch.full((512,), 0.4)]))
    even = stripes(torch.full((1024,), 0.4 / 2**0.5))
    assert float(half.var()) == pytest.approx(float(even.var()), rel=1e-4)
    term = LocalEnergy("calm", 1.0, bands=1)
    assert value(term, half, half) < 0.03  # quantiles are interpolated across the jump
    busy, calm = torch.log2(torch.tensor([3**0.5 * 0.2 + 1 / 255, 1 / 255]))
    middle = torch.log2(torch.tensor(3**0.5 * 0.2 / 2**0.5 + 1 / 255))
    expected = float(((middle - busy) ** 2 + (middle - calm) ** 2) / 2)
    assert value(term, even, half) == pytest.approx(expected, rel=0.1)
    assert value(term, half.flip(3), half) < 0.1  # wherever the calm lies


def test_local_energy_looks_only_at_what_is_covered() -> None:
    half = stripes(torch.cat([torch.zeros(32), torch.full((32,), 0.4)]))
    even = stripes(torch.full((64,), 0.4))
    mask = torch.zeros(1, 1, 64, 64)
    mask[..., 40:] = 1
    assert value(LocalEnergy("calm", 1.0, bands=1), half, even, mask=mask) < 0.02
    assert value(LocalEnergy("calm", 1.0), half[..., :3, :3], even) == 0  # too small for any band


def test_bands_are_computed_once_for_all_masks() -> None:
    frame = make_frame(Identity(), stripes(torch.ones(64)), None)
    part = frame.under(torch.zeros(1, 1, 64, 64))
    assert part.bands(3)[2][0] is frame.bands(4)[2][0]
    assert [rest.shape[-1] for _, rest in frame.bands(9)] == [32, 16, 8, 4, 2]


@dataclass(frozen=True)
class Darkness(Term):
    """A term of one's own, as the documentation shows it."""

    def loss(self, frame, style, content):
        return (1 - frame.image).mean()


def test_a_term_of_ones_own() -> None:
    assert value(Darkness("dark", 2.0), grey([[0.25]])) == pytest.approx(1.5)


def test_gamut_by_hand() -> None:
    """A style in red and blue: red costs nothing, nor does red in half its light; green is
    far from both."""
    style = rgb((1.0, 0.0, 0.0), (0.0, 0.0, 1.0))
    term = Gamut("g", 1.0, colors=2)
    assert value(term, rgb((1.0, 0.0, 0.0), (0.0, 0.0, 0.6)), style) == pytest.approx(0, abs=1e-6)
    # green: the darkest shade of red is nearest, (0.45, 0, 0): 0.45² + 1²
    assert value(term, rgb((0.0, 1.0, 0.0)), style) == pytest.approx(0.45**2 + 1, abs=2 / CUBE)
    half = torch.tensor([[[[1.0, 0.0]]]])
    assert value(term, rgb((1.0, 0.0, 0.0), (0.0, 1.0, 0.0)), style, mask=half) == pytest.approx(0, abs=1e-6)


def test_the_gamut_of_several_pictures_holds_all_their_colours() -> None:
    objective = Objective(Identity(), [Gamut("g", 1.0)])
    target = objective.prepare_style([(rgb((1.0, 0.0, 0.0)), 0.7), (rgb((0.0, 0.0, 1.0)), 0.3)])
    image = rgb((1.0, 0.0, 0.0), (0.0, 0.0, 1.0)).requires_grad_()
    assert objective(image, None, target, objective.prepare_content(image))["g"].item() < 1e-6
    green = rgb((0.2, 0.9, 0.1)).requires_grad_()
    objective(green, None, target, objective.prepare_content(green.detach()))["g"].backward()
    assert green.grad[0, 1] > 0  # less green
