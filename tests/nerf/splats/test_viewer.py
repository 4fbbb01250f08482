"""Splats that we wrote look in an independent viewer as our own operators show them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
import torch

from style3d.nerf.splats.files import read_splats
from style3d.nerf.splats.scene import SplatScene
from tests.helpers.clouds import splat_ball
from tests.helpers.splat_viewer import Seen, Shot, missing, photograph

pytestmark = pytest.mark.skipif(missing() is not None, reason=f"no pictures by Spark: {missing()}")
MOSSLING = Path(__file__).parents[3] / "data" / "scenes" / "mossling.spz"
SIZE = 96
NAMES = ("painted.ply", "painted.spz", "highlights.ply", "highlights.spz", "antialiased.ply")
OVERLAP, DIFFERENCE = 0.99, 0.01  # of silhouettes, and of colours in [0, 1]: the viewer packs splats in 16 bytes


@dataclass(frozen=True)
class Pair:
    """The same view twice."""

    ours: np.ndarray  # (h, w, 3), over black
    alpha: np.ndarray
    theirs: Seen


def painted(scene: SplatScene) -> torch.Tensor:
    """Bands of colour around the scene, so that a turned or mirrored one cannot pass."""
    x, y, z = (scene.splats.positions / scene.extent * 9).T
    return torch.from_numpy((0.5 + 0.4 * np.stack([np.sin(x), np.sin(2 * y), np.cos(3 * z)], 1)).astype(np.float32))


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Pair]:
    """Everything in one launch of the browser; ours are drawn from the tables, not from the files."""
    folder = tmp_path_factory.mktemp("written")
    mossling = SplatScene(read_splats(MOSSLING), "mossling")
    shiny = SplatScene(splat_ball(degree=3), "ball")
    small = splat_ball(4000, degree=1)
    small.log_scales[:] -= 0.7
    fair = SplatScene(replace(small, antialiased=True), "ball")
    scenes = {"painted": (mossling, painted(mossling)), "highlights": (shiny, shiny.initial()),
              "antialiased": (fair, fair.initial())}  # fmt: skip
    ours, shots = [], {}
    for name in NAMES:
        scene, colors = scenes[Path(name).stem]
        camera = scene.cameras_around(5, SIZE)[1]
        scene.save(colors, folder / name)
        operator = scene.operator(camera, 0)
        image = operator.render(colors, torch.zeros(3))[0].permute(1, 2, 0).clamp(0, 1).numpy()
        ours.append((image, operator.alpha.reshape(SIZE, SIZE)))
        shots[name] = Shot(folder / name, camera, scene.splats.antialiased)
    seen = photograph(list(shots.values()))
    return {name: Pair(*mine, theirs) for name, mine, theirs in zip(shots, ours, seen, strict=True)}


@pytest.mark.parametrize("name", NAMES)
def test_another_viewer_shows_the_same(name: str, pairs: dict[str, Pair]) -> None:
    """The same silhouette and the same colours, place by place; a mirrored picture does not pass."""
    pair = pairs[name]
    assert pair.theirs.errors == ()
    ours, theirs = pair.alpha > 0.5, pair.theirs.alpha > 0.5
    assert ours.mean() > 0.1
    assert (ours & theirs).sum() / (ours | theirs).sum() > OVERLAP
    inside = ours & theirs
    assert differences(pair.ours, pair.theirs.colors)[inside].mean() < DIFFERENCE
    assert differences(pair.ours, pair.theirs.colors[:, ::-1])[inside].mean() > 4 * DIFFERENCE


def differences(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Mean over the channels at each pixel."""
    return np.abs(one - other).mean(2)
