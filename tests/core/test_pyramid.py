"""The pyramid: what it holds is what it was given, views read the same values, and both Adams agree."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from style3d.core.pyramid import Axes, Flat, Pyramid, _adam_numba, _adam_torch, cascade, palette_axes, unique_entries
from tests.helpers.surfaces import front, pyramid_of, sphere, view_of


@pytest.mark.parametrize("painted", ["texture", "vertices"])
def test_holds_what_it_was_given(painted: str) -> None:
    hierarchy = pyramid_of(sphere(painted))
    colors = torch.rand(hierarchy.sizes[0], 3, generator=torch.Generator().manual_seed(0))
    pyramid = Pyramid(hierarchy, colors)
    assert hierarchy.levels >= 2
    assert torch.allclose(pyramid.full_table(), colors, atol=1e-5)
    assert all(table.isfinite().all() for table in pyramid.parameters)


def test_weights_of_parents_sum_to_one() -> None:
    hierarchy = pyramid_of(sphere())
    for level in range(hierarchy.levels - 1):
        index, weight = hierarchy.parents(level, np.arange(hierarchy.sizes[level]))
        assert np.allclose(weight.sum(1), 1, atol=1e-5)
        assert index.min() >= 0
        assert index.max() < hierarchy.sizes[level + 1]


def test_a_view_reads_what_the_whole_table_holds() -> None:
    surface = sphere()
    hierarchy = pyramid_of(surface)
    pyramid = Pyramid(hierarchy, torch.rand(hierarchy.sizes[0], 3, generator=torch.Generator().manual_seed(0)))
    for level in (0, 1):
        entries = view_of(surface, front(), level).entries
        part = cascade(hierarchy, level, entries)
        seen = part.decode(pyramid.gather(part))
        assert torch.allclose(seen, pyramid.full_table(level)[torch.from_numpy(entries)], atol=1e-6)


def test_a_step_touches_only_what_the_view_sees() -> None:
    pyramid = Pyramid(Flat(10), torch.zeros(10, 3))
    part = cascade(Flat(10), 0, np.array([2, 5]))
    leaves = pyramid.gather(part)
    part.decode(leaves).sum().backward()
    pyramid.step(part, leaves, 0.1)
    moved = pyramid.parameters[0].abs().sum(1) > 0
    assert moved.nonzero().ravel().tolist() == [2, 5]
    assert pyramid.parameters[0][2, 0] == pytest.approx(-0.1, rel=1e-4)


def test_adam_along_axes_of_colour_and_its_twin() -> None:
    """Along turned axes with lengths, Adam on φ·U with a rate each; a first step is as long as its rate."""
    generator = torch.Generator().manual_seed(0)
    turn = torch.linalg.qr(torch.randn(3, 3, generator=generator))[0].contiguous()
    axes = Axes(turn, torch.tensor([1.0, 0.5, 0.1]))
    rows, start = np.arange(6), torch.rand(6, 3, generator=generator)
    states = [(start.clone(), torch.zeros(6, 3), torch.zeros(6, 3), torch.zeros(6, dtype=torch.int32)) for _ in "ab"]
    for step in range(4):
        gradient = torch.randn(6, 3, generator=generator)
        _adam_numba(rows, gradient, states[0], axes, 0.02)
        _adam_torch(rows, gradient, states[1], axes, 0.02)
        if step == 0:
            moved = ((states[0][0] - start) @ turn).abs()
            assert torch.allclose(moved, 0.02 * axes.lengths.expand(6, 3), atol=1e-5)
    assert torch.allclose(states[0][0], states[1][0], atol=1e-5)


def test_the_axes_of_a_palette() -> None:
    """Black to cream: one direction that counts, and hues at the least step; of one colour all are alike."""
    axes = palette_axes(torch.tensor([[0.0, 0.0, 0.0], [0.5, 0.5, 0.45], [1.0, 1.0, 0.9]]))
    main = int(axes.lengths.argmax())
    assert axes.directions[:, main].abs().tolist() == pytest.approx([0.597, 0.597, 0.537], abs=0.01)
    assert sorted(axes.lengths.tolist()) == pytest.approx([0.03, 0.03, 1.0])
    assert palette_axes(torch.full((8, 3), 0.4)).lengths.tolist() == pytest.approx([1.0, 1.0, 1.0])


def test_adam_is_torch_adam_and_its_twin() -> None:
    generator = torch.Generator().manual_seed(0)
    start = torch.rand(6, 3, generator=generator)
    reference = start.clone().requires_grad_()
    solver = torch.optim.Adam([reference], lr=0.02, betas=(0.9, 0.99), eps=1e-8)
    rows = np.arange(6)
    states = [(start.clone(), torch.zeros(6, 3), torch.zeros(6, 3), torch.zeros(6, dtype=torch.int32)) for _ in "ab"]
    for _ in range(5):
        gradient = torch.randn(6, 3, generator=generator)
        reference.grad = gradient.clone()
        solver.step()
        _adam_numba(rows, gradient, states[0], Axes(), 0.02)
        _adam_torch(rows, gradient, states[1], Axes(), 0.02)
    assert torch.allclose(states[0][0], reference, atol=1e-5)
    assert torch.allclose(states[1][0], reference, atol=1e-5)


def test_unique_entries() -> None:
    indices = np.array([7, 3, 3, 9, 7])
    distinct, place = unique_entries(indices, 12)
    assert distinct.tolist() == [3, 7, 9]
    assert (distinct[place] == indices).all()


def test_state_restores() -> None:
    pyramid, other = (Pyramid(Flat(4), torch.full((4, 3), value)) for value in (0.2, 0.7))
    other.restore({name: tensor.clone() for name, tensor in pyramid.state().items()})
    assert torch.equal(other.full_table(), pyramid.full_table())
