"""The objective as a whole: shared features, masks, mixtures, and a step that paints."""

from __future__ import annotations

import pytest
import torch

from style3d.losses import Objective, build_features, default_objective, gatys_objective, nnfm_objective
from style3d.losses.features.base import Features
from style3d.losses.smoothness import TotalVariation
from style3d.losses.statistics import Covariance


def picture(seed, size=40):
    return torch.rand(1, 3, size, size, generator=torch.Generator().manual_seed(seed))


class Counting(Features):
    """The image as features, counting how often they are computed."""

    name, digest, layers, content_layer = "counting", "", ("pixels",), "pixels"

    def __init__(self):
        self.calls = 0

    def __call__(self, image):
        self.calls += 1
        return {"pixels": image}

    def to(self, device):
        return self


def total(objective, image, mask, style, content):
    return sum(objective(image, mask, style, content).values())


def test_features_are_computed_once_a_step() -> None:
    features = Counting()
    objective = default_objective(features)
    style, content = objective.prepare_style([(picture(0), 1.0)]), objective.prepare_content(picture(1))
    features.calls = 0
    terms = objective(picture(1), None, style, content)
    assert features.calls == 1
    assert set(terms) == {"style", "content", "color", "gamut", "calm", "smoothness"}


def test_what_the_mask_leaves_out_does_not_enter_the_statistics() -> None:
    objective = default_objective(Counting())
    style, content = objective.prepare_style([(picture(0), 1.0)]), objective.prepare_content(picture(1))
    mask = torch.zeros(1, 1, 40, 40)
    mask[..., :16, :] = 1
    changed = picture(1).clone()
    changed[..., 32:, :] = 1.0
    a, b = (objective(x, mask, style, content) for x in (picture(1), changed))
    assert all(float((a[name] - b[name]).abs()) < 1e-5 for name in ("style", "content", "smoothness"))


@pytest.mark.parametrize("make", [default_objective, gatys_objective, nnfm_objective])
def test_an_empty_mask_gives_finite_terms_and_gradients(make) -> None:
    objective, image = make(build_features("wavelet")), picture(1).requires_grad_()
    mask = torch.zeros(1, 1, 40, 40)
    style, content = objective.prepare_style([(picture(0), 1.0)]), objective.prepare_content(picture(1), mask)
    total(objective, image, mask, style, content).backward()
    assert torch.isfinite(image.grad).all()


def test_a_constant_style_gives_finite_gradients() -> None:
    objective, image = default_objective(build_features("embedded")), picture(1).requires_grad_()
    style, content = (
        objective.prepare_style([(torch.full((1, 3, 40, 40), 0.5), 1.0)]),
        objective.prepare_content(picture(1)),
    )
    total(objective, image, None, style, content).backward()
    assert torch.isfinite(image.grad).all()


def test_a_mixture_lies_between_its_styles() -> None:
    """Statistics are averaged with the weights, which need not sum to one."""
    objective = Objective(Counting(), [Covariance("s", 1.0, (("pixels", 1.0),))])
    first, second = picture(2), 0.3 * picture(3)
    alone = objective.prepare_style([(first, 2.0)])
    same = objective.prepare_style([(first, 0.7), (first, 0.3)])
    assert torch.allclose(alone.prepared[0]["mean:pixels"], same.prepared[0]["mean:pixels"])
    mixed = objective.prepare_style([(first, 1.0), (second, 3.0)])
    expected = 0.25 * first.mean((2, 3))[0] + 0.75 * second.mean((2, 3))[0]
    assert torch.allclose(mixed.mean_color, expected, atol=1e-5)
    assert torch.allclose(mixed.prepared[0]["mean:pixels"], expected, atol=1e-5)


def test_names_must_differ() -> None:
    with pytest.raises(ValueError, match="different names"):
        Objective(Counting(), [TotalVariation("a", 1.0), TotalVariation("a", 2.0)])


@pytest.mark.parametrize("name", ["embedded", "wavelet"])
def test_a_few_steps_bring_the_style_closer(name) -> None:
    """A dozen steps of Adam halve the style term, from noise to a smooth style."""
    objective = default_objective(build_features(name), content_weight=0.0)
    style_image = torch.nn.functional.avg_pool2d(picture(5, 80), 9, 1)[..., :40, :40]
    style, content = objective.prepare_style([(style_image, 1.0)]), objective.prepare_content(picture(1))
    image = picture(1).requires_grad_()
    optimizer = torch.optim.Adam([image], 0.03)
    values = []
    for _ in range(12):
        optimizer.zero_grad()
        terms = objective(image, None, style, content)
        sum(terms.values()).backward()
        optimizer.step()
        values.append(terms["style"].item())
    assert values[-1] < 0.5 * values[0]
