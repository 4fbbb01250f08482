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
