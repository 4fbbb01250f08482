"""The order of views, and which of them are compared."""

from __future__ import annotations

from style3d.evaluate.footage import Footage
from tests.evaluate.footage import arc


def test_pairs_of_a_ring_close_it() -> None:
    shots = arc(3, size=16).shots
    assert Footage("a", shots).pairs(1) == [(0, 1), (1, 2)]
    assert Footage("a", shots, closed=True).pairs(1) == [(0, 1), (1, 2), (2, 0)]
    assert Footage("a", shots).pairs(7) == []
    assert [(one.source, one.target) for one in Footage("a", shots).links(2)] == [(0, 2)]
