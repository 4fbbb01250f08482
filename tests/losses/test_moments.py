"""Moments by the short formula against the long one, values and gradients, in both memory layouts."""

from __future__ import annotations

import pytest
import torch

from style3d.losses.moments import masked_covariance, masked_gram, masked_mean, masked_std


def inputs(layout):
    rng = torch.Generator().manual_seed(0)
    features = torch.rand(1, 5, 6, 7, generator=rng, dtype=torch.float64).contiguous(memory_format=layout)
    return features, torch.rand(1, 1, 6, 7, generator=rng, dtype=torch.float64)


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_covariance_is_that_of_numpy_and_its_gradient_is_right(layout) -> None:
    features, mask = inputs(layout)
    mean, covariance = masked_covariance(features, mask)
    expected = torch.cov(features.flatten(2)[0], correction=0, aweights=mask.flatten())
    assert torch.allclose(covariance, expected)
    assert torch.allclose(mean, masked_mean(features, mask))
    leaf = features.clone(memory_format=torch.preserve_format).requires_grad_()
    assert torch.autograd.gradcheck(lambda x: masked_covariance(x, mask), (leaf,))


def test_deviation_is_the_diagonal_of_the_covariance() -> None:
    features, mask = inputs(torch.contiguous_format)
    deviation = masked_std(features, mask)[1]
    assert torch.allclose(deviation.square(), masked_covariance(features, mask)[1].diagonal(), atol=1e-7)


def test_gram_of_a_full_mask() -> None:
    features, _ = inputs(torch.contiguous_format)
    flat = features.flatten(2)[0]
    assert torch.allclose(masked_gram(features, torch.ones(1, 1, 6, 7, dtype=torch.float64)), flat @ flat.T)


def test_an_empty_mask_gives_zeros() -> None:
    features, mask = inputs(torch.contiguous_format)
    mean, covariance = masked_covariance(features, 0 * mask)
    assert float(mean.abs().max()) == float(covariance.abs().max()) == 0.0


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize("share", [0.1, 0.7, 1.0])
def test_pixels_without_weight_are_left_out_and_nothing_else(layout, share: float) -> None:
    """Sparse and full masks: values and gradients are those of the dense formula, and gradcheck agrees."""
    features, mask = inputs(layout)
    order = torch.randperm(42, generator=torch.Generator().manual_seed(1)).reshape(1, 1, 6, 7)
    mask = mask * (order < share * 42)
    leaf, twin = (features.clone(memory_format=torch.preserve_format).requires_grad_() for _ in range(2))
    flat, weight = twin.flatten(2)[0], mask.flatten() / mask.sum()
    mean = flat @ weight
    dense = (flat * weight) @ flat.T - mean[:, None] * mean[None]
    found = masked_covariance(leaf, mask)
    wanted = torch.rand(5, 5, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    ((found[1] * wanted).sum() + found[0].sum()).backward()
    ((dense * wanted).sum() + mean.sum()).backward()
    assert torch.allclose(found[0], mean)
    assert torch.allclose(found[1], dense)
    assert torch.allclose(leaf.grad, twin.grad)
    assert torch.autograd.gradcheck(lambda x: masked_covariance(x, mask), (leaf.detach().requires_grad_(),))


def test_an_empty_mask_has_no_slope() -> None:
    features, mask = inputs(torch.contiguous_format)
    leaf = features.requires_grad_()
    sum(part.sum() for part in masked_covariance(leaf, 0 * mask)).backward()
    assert float(leaf.grad.abs().max()) == 0.0
