"""The order of views, and which of them are compared."""

from __future__ import annotations

import numpy as np
import pytest

from style3d.evaluate.footage.footage import Footage
from tests.helpers.footage import arc


def test_pairs_of_a_ring_close_it() -> None:
    views = arc(3, size=16).views
    assert Footage("a", views).pairs(1) == [(0, 1), (1, 2)]
    assert Footage("a", views, closed=True).pairs(1) == [(0, 1), (1, 2), (2, 0)]
    assert Footage("a", views).pairs(7) == []
    assert [(one.source, one.target) for one in Footage("a", views).links(2)] == [(0, 2)]


def test_pairs_of_a_walk_that_is_not_wholly_looked_at() -> None:
    views = arc(5, size=16).views
    assert Footage("a", views, steps=(0, 1, 7, 40, 41)).pairs(1) == [(0, 1), (3, 4)]
    assert Footage("a", views, steps=(0, 1, 7, 40, 41)).pairs(7) == [(0, 2)]


def test_views_are_spread_over_the_walk() -> None:
    views = arc(5, size=16).views
    assert Footage("a", views).spread(3) == [0, 2, 4]
    assert Footage("a", views).spread(9) == [0, 1, 2, 3, 4]
    assert Footage("a", views, steps=(0, 1, 60, 61, 119)).spread(3) == [0, 2, 4]


def test_parallax_is_the_turn_around_what_is_seen() -> None:
    footage = arc(4, size=32, degrees=6)
    near, far = (footage.parallax(footage.links(gap)) for gap in (1, 2))
    assert 6 < near < 9  # the surface is nearer than the axis of the turn
    assert far == pytest.approx(2 * near, rel=0.1)
    assert np.isnan(footage.parallax([]))
