"""The depth of what a pixel shows, against its slow twin and where a mean would lie."""

from __future__ import annotations

import numpy as np
import pytest

from style3d.core.depth import surface_depth, surface_depth_reference
from style3d.core.operator import SparseMap, ViewOperator
from tests.helpers.fields import ball, grid_view_of
from tests.helpers.surfaces import front


@pytest.mark.parametrize("tail", [0.0, 0.4])
def test_rows_agree_with_the_slow_twin(tail: float) -> None:
    grid, camera = ball(16, tail), front(12)
    operator, points = grid_view_of(grid, camera), grid.space.expand(grid.places)
    fast, slow = (twin(operator, camera, points) for twin in (surface_depth, surface_depth_reference))
    for one, other in zip(fast, slow, strict=True):
        assert np.allclose(one, other, atol=1e-5)
    assert np.isfinite(fast[0]).any()


def test_between_two_surfaces_there_is_none() -> None:
    """A pixel that shows 60 % of something near and 40 % of something far shows the near one, not a mean of both."""
    camera = front(1)
    near, far = (camera.position + depth * camera.camera_to_world[:3, 2] for depth in (2.0, 10.0))
    rows = SparseMap(np.array([0, 2]), np.array([0, 1], np.int32), np.array([0.6, 0.4]), 2)
    nothing = np.zeros((1, 3), np.float32)
    operator = ViewOperator(rows, np.arange(2), nothing + 1, nothing, np.ones(1, np.float32), 1, 1)
    depth, share = surface_depth(operator, camera, np.stack([near, far]))
    assert depth[0, 0] == pytest.approx(2)
    assert share[0, 0] == pytest.approx(0.6)
