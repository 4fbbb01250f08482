"""Small textures at the size they are painted in: their texels return, and no colour is one that was not there."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from style3d.mesh.asset import load_asset, save_asset
from style3d.mesh.textures import resize_image, sample_image, target_size
from tests.helpers.gltf_maker import Maker, checks, image_of

NEAREST = {"magFilter": 9728, "minFilter": 9728}
SWATCHES = np.array([[(220, 30, 30), (30, 180, 40)], [(40, 60, 220), (230, 220, 40)]], np.uint8)


@pytest.mark.parametrize(
    ("width", "height", "asked", "expected"),
    [
        (16, 16, None, (1024, 1024)),
        (256, 1, None, (1024, 4)),
        (300, 150, None, (900, 450)),
        (700, 700, None, (700, 700)),
        (2048, 512, None, (2048, 512)),
        (300, 150, 512, (512, 256)),
    ],
)
def test_sizes_are_multiples(width: int, height: int, asked: int | None, expected: tuple[int, int]) -> None:
    """Unless a size is asked for, and never smaller than the source."""
    assert target_size(width, height, asked) == expected


@pytest.mark.parametrize("factor", [2, 3, 4, 7, 64])
def test_texels_return(factor: int) -> None:
    """At its middle, as a sampler shows it, every texel has the colour it had, whatever it borders on."""
    noise = np.random.default_rng(0).random((9, 16, 3)).astype(np.float32)
    larger = resize_image(noise, (16 * factor, 9 * factor), ("repeat", "clamp"))
    row, column = np.indices((9, 16)).reshape(2, -1)
    places = np.stack([(column + 0.5) / 16, (row + 0.5) / 9], 1)
    np.testing.assert_allclose(sample_image(larger, places, ("repeat", "clamp")), noise.reshape(-1, 3), atol=1e-6)
    np.testing.assert_array_equal(larger[factor // 2 :: factor, factor // 2 :: factor], noise)
    assert larger.min() >= noise.min()
    assert larger.max() <= noise.max()


def test_between_texels_lies_what_a_sampler_shows() -> None:
    """A gradient stays one, without steps."""
    ramp = np.repeat(np.linspace(0, 1, 8, dtype=np.float32)[None, :, None], 8, 0)
    larger = resize_image(ramp, (512, 512), ("clamp", "clamp"))[:, :, 0]
    expected = np.clip((np.arange(512) + 0.5) / 64 - 0.5, 0, 7) / 7
    np.testing.assert_allclose(larger[0], expected, atol=0.5 / 64 / 7 + 1e-6)


@pytest.mark.parametrize("size", [(3, 3), (500, 500), (90, 90)])
def test_no_swatch_overshoots(size: tuple[int, int]) -> None:
    """Larger or smaller by any factor, colours stay between those that were there."""
    swatches = np.kron(SWATCHES, np.ones((100, 100, 1), np.uint8)).astype(np.float32) / 255
    found = resize_image(swatches, size, ("clamp", "clamp"))
    for channel in range(3):
        assert found[..., channel].min() >= swatches[..., channel].min() - 1e-6
        assert found[..., channel].max() <= swatches[..., channel].max() + 1e-6


@pytest.mark.parametrize("size", [None, 40])
def test_pixel_art_stays_crisp(size: int | None, tmp_path: Path) -> None:
    """What a nearest sampler shows is squares, at a whole factor and at any other."""
    made = Maker()
    made.show(made.quad(made.textured_material(checks(16), sampler=NEAREST)))
    loaded = load_asset(made.write(tmp_path / "a.glb"), texture_size=size)
    (path,) = save_asset(loaded, [t.rgb for t in loaded.surface.textures], tmp_path / "b.glb")
    place = ((np.arange(size or 1024) + 0.5) * 16 / (size or 1024)).astype(int)
    np.testing.assert_array_equal(image_of(path, 0), checks(16)[place][:, place])
