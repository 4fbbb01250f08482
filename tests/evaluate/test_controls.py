"""What a result is held against: the ceiling lies above the floor, the cheat is caught, the old protocol forgives."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from style3d.evaluate.agreement import agreement, agreement_figures, perceptual_of
from style3d.evaluate.controls import ceiling_views, flat_cheat, independent
from style3d.evaluate.footage import Footage
from style3d.evaluate.legacy import EXPLANATION, flow_warp, legacy_figures
from style3d.evaluate.lpips import FeatureDistance
from tests.evaluate.footage import arc, painted
from tests.nets import Tiny


@pytest.fixture(scope="module")
def footage() -> Footage:
    return arc(4, size=40)


def test_views_for_the_ceiling_hold_every_gap(footage: Footage) -> None:
    assert ceiling_views(footage, (1, 2)) == [0, 1, 2, 3]
    assert ceiling_views(footage, (1, 7)) == [0, 1, 2]
    ring = Footage("ring", footage.shots, closed=True)
    assert ceiling_views(ring, (1, 3)) == [0, 1, 2, 3]


def test_views_painted_alone_agree_less_than_the_original(footage: Footage) -> None:
    style = torch.rand(1, 3, 40, 40, generator=torch.Generator().manual_seed(0))
    alone = independent(footage, [0, 1], style, Tiny(), 12)
    assert np.array_equal(alone[1], independent(footage, [1], style, Tiny(), 12)[1])
    distance = FeatureDistance(Tiny())
    found, joined = agreement(footage, 1, alone, perceptual_of(distance))
    assert len(joined) == 3
    assert found.independent is not None
    assert found.independent.pairs == 1
    assert found.independent.relative > 1.5 * found.floor.relative
    assert found.ours == found.floor
    assert found.cheat
    assert not found.suspicion
    values = {figure.name: figure.value for figure in agreement_figures(found, footage, distance)}
    assert values["consistency.1.over_floor"] == 1
    assert 0 < values["consistency.1.over_independent"] < 0.7
    assert values["consistency.1.perceptual"] > values["consistency.1.perceptual.flat"]


def test_a_cheat_handed_in_is_caught(footage: Footage) -> None:
    cheat = painted(footage, flat_cheat(footage))
    found, _ = agreement(cheat, 1, {}, None)
    assert "cheat" in found.suspicion
    assert found.independent is None


def test_the_legacy_protocol_forgives_what_ours_does_not(footage: Footage) -> None:
    """Texture that slides over the surface is motion to optical flow, and an error to known cameras."""
    slid = painted(footage, [np.roll(s.before, 2 * k, axis=1) for k, s in enumerate(footage.shots)])
    (figure,) = legacy_figures(slid, 1, "no weights")
    found, _ = agreement(slid, 1, {}, None)
    assert figure.value is not None
    assert figure.value < found.ours.rmse
    assert figure.better == "neither"
    assert "RAFT" in EXPLANATION


def test_flow_finds_a_shift() -> None:
    rng = np.random.default_rng(0)
    image = np.float32(np.kron(rng.random((10, 10, 3)), np.ones((4, 4, 1))))
    warped, agrees = flow_warp(np.roll(image, 1, axis=1), image)
    inside = (slice(4, -4), slice(4, -4))
    assert agrees[inside].mean() > 0.9
    assert np.abs(warped - image)[inside].mean() < 0.5 * np.abs(np.roll(image, 1, axis=1) - image)[inside].mean()
