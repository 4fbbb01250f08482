"""Equal rows."""

from __future__ import annotations

import numpy as np
import pytest

from style3d.mesh import unique_rows as rows
from style3d.mesh.unique_rows import number_rows


@pytest.mark.parametrize("collide", [False, True])
def test_numbers(collide: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """First appearances in order, -0 like 0, and right even where keys collide."""
    if collide:
        monkeypatch.setattr(rows, "MIX", np.uint64(0))
    values = np.array([[1.0, 2.0], [0.0, -0.0], [1.0, 2.0], [-0.0, 0.0], [2.0, 1.0], [np.nan, 0], [np.nan, 0]])
    first, number = number_rows(values)
    assert first.tolist() == [0, 1, 4, 5]
    assert number.tolist() == [0, 1, 0, 1, 2, 3, 3]
    many = np.random.default_rng(0).integers(0, 5, (1000, 4))
    first, number = number_rows(many)
    np.testing.assert_array_equal(many[first][number], many)
    assert len(first) == len(np.unique(many, axis=0))
