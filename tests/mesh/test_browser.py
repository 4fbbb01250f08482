"""Painted files open in three.js: the object is there, textured, moving, switching, and not black."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from style3d.mesh.asset import MeshAsset, load_asset, save_asset, save_variants
from style3d.mesh.variants import Variant
from tests.helpers.assets import asset
from tests.helpers.mesh_browser import Seen, Shot, missing, photograph

pytestmark = pytest.mark.skipif(missing() is not None, reason=f"no pictures by three.js: {missing()}")
RED, BLUE = np.float32([0.8, 0.1, 0.1]), np.float32([0.1, 0.1, 0.8])
PAINTED = ("bevy/Fox.glb", "meshoptimizer/pirate.glb", "trimesh/AlphaBlendModeTest.glb")


def speckled(loaded: MeshAsset) -> Any:
    """Noise of middle brightness, by texel or by vertex."""
    random, surface = np.random.default_rng(0), loaded.surface
    if surface.painted == "vertices":
        return 0.3 + 0.6 * random.random((surface.entries, 3))
    return [np.float32(0.3) + np.float32(0.6) * random.random(t.rgb.shape, np.float32) for t in surface.textures]


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Seen]:
    """Everything in one launch of the browser."""
    folder = tmp_path_factory.mktemp("painted")
    shots: dict[str, Shot] = {}
    for name in PAINTED:
        source = asset(f"meshes/{name}")
        loaded = load_asset(source, texture_size=64)
        (path,) = save_asset(loaded, speckled(loaded), folder / Path(name).name)
        shots[f"{name} before"], shots[name] = Shot(source), Shot(path)
    fox = load_asset(asset("meshes/bevy/Fox.glb"), texture_size=64)
    shape = fox.surface.textures[0].rgb.shape
    looks = [Variant(word, [np.broadcast_to(color, shape).copy()]) for word, color in (("red", RED), ("blue", BLUE))]
    (path,) = save_variants(fox, looks, folder / "variants.glb")
    for variant in (None, "original", "red", "blue"):
        shots[f"fox {variant}"] = Shot(path, variant=variant)
    shots["fox running"] = Shot(path, variant="original", animation="Run", time=0.4)
    return dict(zip(shots, photograph(list(shots.values())), strict=True))


@pytest.mark.parametrize("name", PAINTED)
def test_objects_are_there(name: str, pictures: dict[str, Seen]) -> None:
    """As large as before, as many meshes, more of them textured, neither black nor of one colour."""
    before, after = pictures[f"{name} before"], pictures[name]
    assert after.errors == before.errors == ()
    assert after.share == pytest.approx(before.share, abs=0.01)
    assert after.share > 0.05
    assert (after.meshes, after.skinned, after.animations) == (before.meshes, before.skinned, before.animations)
    assert after.textured >= max(before.textured, 1)
    assert after.colors.mean() > 0.1
    assert after.colors.std() > 0.02
    assert np.abs(after.pixels.astype(float) - before.pixels).mean() > 1


def test_variants_switch(pictures: dict[str, Seen]) -> None:
    """The first look by default; each variant its colour; the original as the fox was."""
    assert pictures["fox None"].variants == ("original", "red", "blue")
    red, blue = pictures["fox red"].colors.mean(0), pictures["fox blue"].colors.mean(0)
    assert red[0] > 2 * red[2]
    assert blue[2] > 2 * blue[0]
    np.testing.assert_array_equal(pictures["fox None"].pixels, pictures["fox red"].pixels)
    before = pictures["bevy/Fox.glb before"]
    assert np.abs(pictures["fox original"].pixels.astype(float) - before.pixels).mean() < 1


def test_animations_play(pictures: dict[str, Seen]) -> None:
    """A running fox covers other pixels."""
    moved = pictures["fox running"].pixels[..., 3] != pictures["fox original"].pixels[..., 3]
    assert moved.mean() > 0.01
