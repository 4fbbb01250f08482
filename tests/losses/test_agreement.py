"""The agreement of views: worked out by hand, and blind where pixels are not valid."""

from __future__ import annotations

import math

import pytest
import torch

from style3d.losses.agreement import disagreement, sample_image

generator = torch.Generator().manual_seed(0)
IMAGE = torch.rand(1, 3, 6, 8, generator=generator)
ROWS, COLUMNS = torch.meshgrid(torch.arange(6.0), torch.arange(8.0), indexing="ij")
CENTRES = torch.stack([COLUMNS + 0.5, ROWS + 0.5], -1)


def slowly_resampled(other: torch.Tensor, places: torch.Tensor) -> torch.Tensor:
    """The slow twin: one place after another."""
    out = torch.zeros(1, 3, *places.shape[:2])
    height, width = other.shape[-2:]
    for row in range(places.shape[0]):
        for column in range(places.shape[1]):
            x, y = (float(value) - 0.5 for value in places[row, column])
            for j in (math.floor(y), math.floor(y) + 1):
                for i in (math.floor(x), math.floor(x) + 1):
                    weight = (1 - abs(x - i)) * (1 - abs(y - j))
                    out[0, :, row, column] += (
                        weight * other[0, :, min(max(j, 0), height - 1), min(max(i, 0), width - 1)]
                    )
    return out


def test_agrees_with_the_slow_twin() -> None:
    places = torch.rand(5, 7, 2, generator=generator) * torch.tensor([9.0, 7.0]) - 0.5
    assert torch.allclose(sample_image(IMAGE, places), slowly_resampled(IMAGE, places), atol=1e-5)


def test_an_image_agrees_with_itself() -> None:
    valid = torch.ones(1, 1, 6, 8)
    assert float(disagreement(IMAGE, sample_image(IMAGE, CENTRES), valid)) < 1e-12
    assert float(disagreement(IMAGE, sample_image(IMAGE + 0.5, CENTRES), valid)) == pytest.approx(0.25, abs=1e-5)
    shifted = CENTRES + torch.tensor([1.0, 0.0])
    inner = (COLUMNS < 7).float()[None, None]
    assert (
        float(disagreement(IMAGE[..., 1:].contiguous(), sample_image(IMAGE, shifted[:, :-1]), inner[..., :-1])) < 1e-10
    )


def test_only_valid_pixels_count_and_receive_gradient() -> None:
    valid = (COLUMNS < 3).float()[None, None]
    image, other = IMAGE.clone().requires_grad_(), torch.zeros(1, 3, 6, 8).requires_grad_()
    value = disagreement(image, sample_image(other, CENTRES), valid)
    assert float(value.detach()) == pytest.approx(float(IMAGE[..., :3].square().mean()), rel=1e-5)
    value.backward()
    assert image.grad is not None
    assert other.grad is not None
    assert torch.allclose(image.grad, 2 * IMAGE * valid / (3 * valid.sum()), atol=1e-6)
    assert torch.allclose(other.grad, -image.grad, atol=1e-5)


def test_nothing_valid_is_zero() -> None:
    assert float(disagreement(IMAGE, sample_image(IMAGE + 1, CENTRES), torch.zeros(1, 1, 6, 8))) == 0


def test_gradients_are_exact() -> None:
    image, other = (torch.rand(1, 3, 3, 4, generator=generator, dtype=torch.float64).requires_grad_() for _ in "ab")
    places = torch.rand(3, 4, 2, generator=generator, dtype=torch.float64) * 2 + 0.5
    valid = torch.ones(1, 1, 3, 4, dtype=torch.float64)
    assert torch.autograd.gradcheck(lambda a, b: disagreement(a, sample_image(b, places), valid), (image, other))
