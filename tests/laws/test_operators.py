"""The laws of image = A·θ + b, over every builder of A. A new builder joins `BUILDERS` and inherits them all."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from style3d.core.operator import ViewOperator, apply_reference
from style3d.core.pyramid import cascade
from style3d.gltf.document import Document
from style3d.mesh.asset import MeshAsset
from style3d.mesh.scene import MeshScene
from style3d.nerf.splats.directional_scene import LobeScene
from style3d.nerf.splats.scene import SplatScene
from style3d.paint.symmetry import Mirror
from style3d.render.lighting import Lighting
from tests.helpers.clouds import splat_ball
from tests.helpers.fields import ball, grid_view_of, matte
from tests.helpers.gaussians import blob, paired_view_of, splat_view_of
from tests.helpers.surfaces import front, pyramid_of, sphere, view_of


def mirrored(lighting: Lighting) -> ViewOperator:
    """A view whose entries are tied across a plane."""
    scene = MeshScene(MeshAsset(Document({}, (), Path()), sphere(), Path("ball"), ()), lighting)
    return Mirror(scene, "x").operator(front(), 0)


def by_direction(lighting: Lighting) -> ViewOperator:
    """Splats that show every direction a mean of twelve colours."""
    scene = LobeScene(SplatScene(splat_ball(400, degree=2), "ball"))
    operator = scene.operator(scene.cameras_around(5, 32)[1], 0)
    return replace(operator, fixed=np.zeros_like(operator.fixed))  # what lobes cannot hold


BUILDERS = {
    "mirrored": mirrored,
    "texture": lambda lighting: view_of(sphere(), front(), 0, lighting),
    "vertex": lambda lighting: view_of(sphere("vertices"), front(), 0, lighting),
    "texture in space": lambda lighting: view_of(sphere(), front(), 1, lighting),
    "vertex in space": lambda lighting: view_of(sphere("vertices"), front(), 1, lighting),
    "grid": lambda lighting: grid_view_of(matte(ball()), front(), 0),
    "grid in space": lambda lighting: grid_view_of(matte(ball(24, 0.5)), front(), 1),
    "splats": lambda lighting: splat_view_of(blob(), front(), 0),  # they hold their light
    "splats by pairs": lambda lighting: paired_view_of(blob(150), front(32)),
    "splats by direction": by_direction,
    "splats in space": lambda lighting: splat_view_of(blob(), front(), 1),
}


@pytest.fixture(params=sorted(BUILDERS))
def build(request: pytest.FixtureRequest):
    return BUILDERS[request.param]


def draw(rows: int, seed: int = 0) -> torch.Tensor:
    return torch.rand(rows, 3, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.mark.parametrize("lighting", ["unlit", "studio"])
def test_adjoint(build, lighting: str) -> None:
    operator: ViewOperator = build(lighting)
    x, y = draw(operator.matrix.columns), draw(operator.matrix.rows, 1)
    left, right = (operator.apply(x) * y).sum(), (x * operator.adjoint(y)).sum()
    assert abs(left - right) <= 1e-10 * abs(left)


def test_linear(build) -> None:
    operator = build("studio")
    x, y = draw(operator.matrix.columns), draw(operator.matrix.columns, 1)
    together = operator.apply(2 * x - 3 * y)
    assert torch.allclose(together, 2 * operator.apply(x) - 3 * operator.apply(y), atol=1e-12)


def test_rows_and_background_sum_to_one(build) -> None:
    operator = build("unlit")
    sums = operator.matrix.row_sums() + (1 - operator.alpha)
    assert np.abs(sums - 1).max() < 1e-5


def test_constant_in_constant_out(build) -> None:
    operator = build("unlit")
    color = torch.tensor([0.2, 0.5, 0.9], dtype=torch.float64)
    image = operator.image(color.expand(operator.matrix.columns, 3).contiguous(), color)
    assert (image - color[None, :, None, None]).abs().max() < 1e-5


def test_light_only_darkens(build) -> None:
    operator = build("studio")
    assert operator.light.min() > 0
    assert operator.light.max() <= 1


def test_gradient(build) -> None:
    operator = build("studio")
    x = draw(operator.matrix.columns).requires_grad_()
    weights = draw(operator.matrix.rows, 1)
    assert torch.autograd.gradcheck(lambda v: (operator.apply(v) * weights).sum(), x, fast_mode=True)


def test_twin_agrees(build) -> None:
    matrix = build("unlit").matrix
    x, y = draw(matrix.columns).requires_grad_(), draw(matrix.columns).requires_grad_()
    fast, slow = matrix.apply(x), apply_reference(matrix, y)
    assert torch.allclose(fast, slow, atol=1e-12)
    weights = draw(matrix.rows, 3)
    (fast * weights).sum().backward()
    (slow * weights).sum().backward()
    assert torch.allclose(x.grad, y.grad, atol=1e-12)


@pytest.mark.parametrize("channels", [1, 2, 4, 5])
def test_columns_of_any_number(build, channels: int) -> None:
    """Each channel is multiplied as if it came alone, to the last bit, forwards and backwards."""
    matrix = build("unlit").matrix
    x, y = (torch.cat([draw(rows), draw(rows, 2)], 1)[:, :channels] for rows in (matrix.columns, matrix.rows))
    several, back = matrix.apply(x), matrix.adjoint(y.contiguous())
    assert several.shape == (matrix.rows, channels)
    for channel in range(channels):
        one, other = (part[:, channel, None].expand(-1, 3).contiguous() for part in (x, y))
        assert torch.equal(several[:, channel], matrix.apply(one)[:, 0])
        assert torch.equal(back[:, channel], matrix.adjoint(other)[:, 0])
    assert torch.allclose(several, apply_reference(matrix, x), atol=1e-12)


def test_coverage_is_the_column_sum(build) -> None:
    operator = build("unlit")
    entries, sums = operator.column_sums()
    ones = operator.matrix.adjoint(torch.ones(operator.matrix.rows, 3, dtype=torch.float64))[:, 0]
    assert np.allclose(sums, ones.numpy(), atol=1e-10)
    assert (sums > 0).all()
    assert (np.diff(entries) > 0).all()


def test_strength_is_a_straight_line(build) -> None:
    operator = build("studio")
    x, y, color = draw(operator.matrix.columns), draw(operator.matrix.columns, 1), torch.zeros(3, dtype=torch.float64)
    middle = operator.image(torch.lerp(x, y, 0.3), color)
    assert torch.allclose(middle, torch.lerp(operator.image(x, color), operator.image(y, color), 0.3), atol=1e-12)


@pytest.mark.parametrize("painted", ["texture", "vertices"])
def test_composition_with_the_pyramid(painted: str) -> None:
    surface = sphere(painted)
    operator, pyramid = view_of(surface, front()), pyramid_of(surface)
    part = cascade(pyramid, 0, operator.entries)
    x = draw(part.maps[0].columns)
    twice = operator.matrix.apply(part.maps[0].apply(x))
    once = operator.matrix.compose(part.maps[0]).apply(x)
    assert torch.allclose(twice, once, atol=1e-7)
