"""Seams: measured as 1 where there are none to see, higher where there are; and mip levels that do not bleed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import trimesh
from torch import from_numpy

from style3d.mesh.asset import load_asset
from style3d.mesh.fill_unseen import DILATION, fill_texels
from style3d.mesh.scene import MeshScene
from style3d.mesh.textures import sample_image


@pytest.fixture(scope="module")
def ball(tmp_path_factory: pytest.TempPathFactory) -> MeshScene:
    """A ball without UVs, so that it is cut into islands."""
    path = tmp_path_factory.mktemp("ball") / "ball.ply"
    trimesh.creation.icosphere(subdivisions=3).export(path)
    return MeshScene(load_asset(path, paint="texture", texture_size=256))


def in_space(scene: MeshScene, texels: float) -> np.ndarray:
    """Waves through space, ``texels`` long: the same on both sides of every cut."""
    waves = np.random.default_rng(0).normal(size=(3, 3))
    waves *= 2 * np.pi / (texels * scene._spacing) / np.linalg.norm(waves, axis=1, keepdims=True)
    return (0.5 + 0.5 * np.sin(scene.points(0) @ waves.T)).astype(np.float32)


@pytest.mark.parametrize("texels", [6, 12, 24])
def test_paint_that_goes_through_space_has_no_seams(ball: MeshScene, texels: float) -> None:
    """Whatever the size of its strokes."""
    assert ball.seam_error(from_numpy(in_space(ball, texels))) == pytest.approx(1, abs=0.12)


def test_cuts_in_the_paint_are_found(ball: MeshScene) -> None:
    """The same waves through the atlas, which differ on the two sides of a cut."""
    row, column = np.indices((256, 256))
    wave = (0.5 + 0.5 * np.sin((row + 2 * column) * 2 * np.pi / 24)).astype(np.float32)
    assert (ball.seam_error(from_numpy(np.repeat(wave.reshape(-1, 1), 3, 1))) or 0) > 1.5


def mip(image: np.ndarray, level: int) -> np.ndarray:
    """Averages over blocks, as graphics libraries make them."""
    side = 2**level
    return image.reshape(image.shape[0] // side, side, image.shape[1] // side, side, 3).mean((1, 3)).astype(np.float32)


@pytest.mark.parametrize("level", [1, 2, 3])
def test_mip_levels_do_not_bleed(level: int) -> None:
    """A red island and a blue one, green between them where nobody looked: up to their edges both stay pure."""
    size, gap = 256, 2 * DILATION + 3
    column = np.arange(size)
    red, blue = (column >= 21) & (column < 99), (column >= 99 + gap) & (column < 241)
    rgb = np.zeros((size, size, 3), np.float32)
    rgb[:, red, 0], rgb[:, blue, 2], rgb[:, ~(red | blue), 1] = 1, 1, 1
    painted = fill_texels(rgb, np.tile(red | blue, (size, 1)))
    small = mip(painted, level)
    for island, channel in ((red, 0), (blue, 2)):
        places = np.column_stack([(column[island] + 0.5) / size, np.full(island.sum(), 0.5)])
        wanted = np.zeros(3)
        wanted[channel] = 1
        np.testing.assert_allclose(
            sample_image(small, places, ("clamp", "clamp")), np.tile(wanted, (len(places), 1)), atol=1e-5
        )


def test_dilation_is_wide(tmp_path: Path) -> None:
    """At least 8 texels past an edge hold the edge's colour."""
    rgb, seen = np.zeros((64, 64, 3), np.float32), np.zeros((64, 64), bool)
    rgb[:, :20], seen[:, :20] = 0.7, True
    np.testing.assert_allclose(fill_texels(rgb, seen)[:, 20:28], 0.7, atol=1e-6)
