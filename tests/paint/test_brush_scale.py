"""The brush suits the picture: long strokes are asked for smaller, within limits."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from style3d.paint.style_library import BROADEST, brush_scale


def waves(length: float) -> Tensor:
    """Stripes of this many pixels, on 512."""
    column = 0.5 + 0.4 * torch.sin(torch.arange(512) * 2 * torch.pi / length)
    return column.expand(1, 3, 512, 512).contiguous()


def test_strokes_twice_as_long_ask_for_half_the_scale() -> None:
    short, long = (brush_scale([(waves(length), 1.0)]) for length in (18.0, 26.0))
    assert 1 < long < short < BROADEST
    assert brush_scale([(waves(16.0), 1.0)]) / brush_scale([(waves(30.0), 1.0)]) == pytest.approx(2, rel=0.25)


def test_there_are_limits() -> None:
    assert brush_scale([(waves(2.5), 1.0)]) == BROADEST
    assert brush_scale([(waves(300.0), 1.0)]) == 1.0
    assert brush_scale([]) == 1.0


def test_a_mixture_lies_between() -> None:
    one, other = (waves(18.0), 0.5), (waves(26.0), 0.5)
    assert brush_scale([other]) < brush_scale([one, other]) < brush_scale([one])
