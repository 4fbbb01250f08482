"""The grain at the start: a style's contrast at every scale, in its own colours, and only where it is lacking."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
import trimesh
from PIL import Image

import style3d
from style3d.core.pyramid import Pyramid
from style3d.paint.grain import finest_band, largest_rectangle, lay_picture, missing_contrast, plainness
from style3d.paint.layers import Layers, StyleLayer
from style3d.paint.style_library import ROUGHNESS, Palette, StyleLibrary
from style3d.render.pyramid import point_pyramid
from tests.helpers.nets import tiny_objective

STRIPES = torch.zeros(1, 3, 32, 32)
STRIPES[:, :, ::2] = 1.0
RAMP = torch.linspace(0, 1, 32)[None, None, :, None].expand(1, 3, 32, 32)


def generator() -> torch.Generator:
    return torch.Generator().manual_seed(0)


def library(*pictures: torch.Tensor, masks: tuple[torch.Tensor, ...] = ()) -> StyleLibrary:
    shares = [(picture, 1 / len(pictures)) for picture in pictures]
    return StyleLibrary(tiny_objective(), shares, 1.0, torch.device("cpu"), masks=masks)


def test_the_finest_band_of_stripes_and_of_a_ramp() -> None:
    """Stripes of a pixel are ±½ about their mean, in grey; a ramp is as well shown at half the size."""
    assert finest_band(STRIPES, None).abs().numpy() == pytest.approx(np.full((1, 3, 32, 32), 0.5), abs=0.01)
    assert float(finest_band(RAMP, None).abs().max()) < 0.02


def test_the_band_comes_from_the_largest_rectangle_of_a_mask() -> None:
    """A mask of 20 by 16 pixels and a corner beside it: the rectangle alone; one too narrow: all of the picture."""
    mask = torch.zeros(1, 1, 32, 32)
    mask[..., 4:24, 8:24] = 1.0
    mask[..., 0:4, 0:4] = 1.0
    assert finest_band(STRIPES, mask).shape == (1, 3, 20, 16)
    assert finest_band(STRIPES, mask * (torch.arange(32) < 12)).shape == (1, 3, 32, 32)


@pytest.mark.parametrize("seed", range(6))
def test_the_largest_rectangle_is_what_trying_all_finds(seed: int) -> None:
    filled = np.random.default_rng(seed).random((7, 9)) < 0.7
    top, bottom, left, right = largest_rectangle(filled)
    sums = [
        (b - a) * (d - c)
        for a in range(7) for b in range(a + 1, 8) for c in range(9) for d in range(c + 1, 10)
        if filled[a:b, c:d].all()
    ]  # fmt: skip
    assert filled[top:bottom, left:right].all()
    assert (bottom - top) * (right - left) == max(sums)


def test_a_picture_is_laid_upright_from_the_side_that_is_faced() -> None:
    """On a wall in front, rows run down as in the picture, columns to the right, and past its edge it is mirrored."""
    picture = torch.arange(16.0).reshape(1, 1, 4, 4).expand(1, 3, 4, 4)
    x, y = np.meshgrid(np.arange(4) - 1.5, 1.5 - np.arange(4))
    wall = np.stack([x.ravel(), y.ravel(), np.zeros(16)], 1)
    front = np.broadcast_to([0.0, 0.0, 1.0], (16, 3))
    assert lay_picture(picture, wall, front)[:, 0].reshape(4, 4).numpy() == pytest.approx(
        picture[0, 0].numpy(), abs=1e-4
    )
    beyond = lay_picture(picture, wall + np.array([4.0, 0.0, 0.0]), front)[:, 0].reshape(4, 4)
    assert beyond.numpy() == pytest.approx(picture[0, 0].flip(1).numpy(), abs=1e-4)
    floor = lay_picture(
        picture, np.stack([wall[:, 0], np.full(16, 9.0), -wall[:, 1]], 1), np.broadcast_to([0.0, 1, 0], (16, 3))
    )
    assert sorted(floor[:, 0].round().tolist()) == sorted(picture[0, 0].flatten().tolist())


def test_what_has_contrast_of_its_own_gets_less() -> None:
    """All where there is none, three quarters of the variance where there is a quarter, none past enough."""
    assert missing_contrast(0.04, torch.tensor([0.0, 0.01, 0.04, 0.12])).square().tolist() == pytest.approx(
        [1, 0.75, 0, 0]
    )


def test_what_has_colours_of_its_own_gets_little() -> None:
    """One colour lacks all of a palette's contrast, a scene matched to it none, one of half its variance half."""
    palette = torch.rand(4096, 3, generator=generator())
    assert plainness(torch.full((64, 3), 0.3), palette) == 1
    assert plainness(palette.flip(0), palette) == 0
    assert plainness(palette * 0.5**0.5, palette) == pytest.approx(0.5, abs=1e-4)
    assert plainness(palette, torch.full((9, 3), 0.3)) == 0


def test_contrast_is_measured_around_each_entry() -> None:
    """Of a strip of points one half is chequered: around those is their variance, and at the far flat end none."""
    y, x = np.divmod(np.arange(16 * 128), 128)
    pyramid = point_pyramid(np.stack([x, y, np.zeros_like(x)], 1).astype(np.float64), 1.0, 4)
    colors = torch.full((len(x), 3), 0.5)
    colors[x < 64] += torch.from_numpy(0.2 * (-1.0) ** (x + y)[x < 64]).float()[:, None]
    contrast = Pyramid(pyramid, colors).contrast(0).numpy()
    assert contrast[x < 40] == pytest.approx(np.full((x < 40).sum(), 3 * 0.2**2), rel=0.2)
    assert contrast[x > 88].max() < 1e-4


def test_a_mixture_of_pictures_and_the_limits_of_size() -> None:
    """Half of the pictures has stripes; twice as large there is nothing to see, half as large it is grey."""
    both = library(STRIPES, RAMP)
    stripes, ramp = both.strokes(32)
    assert float(stripes.var()) == pytest.approx(0.125, rel=0.03)
    assert float(ramp.abs().max()) < 0.02
    assert both.strokes(64) == []
    assert both.strokes(3) == []
    assert float(both.strokes(16)[0].abs().max()) < 0.1


def test_without_pictures_a_little_grey() -> None:
    none = StyleLibrary(tiny_objective(), [], 1.0, torch.device("cpu"), Palette(torch.rand(9, 3), match=True))
    (grey,) = none.strokes(64)
    assert float(grey.std()) == pytest.approx(ROUGHNESS, rel=0.05)
    assert torch.equal(grey[:, 0], grey[:, 2])


@pytest.fixture
def ball(tmp_path: Path) -> style3d.MeshJob:
    trimesh.creation.icosphere(subdivisions=3).export(tmp_path / "white.obj")
    stripes = np.zeros((64, 64, 3), np.uint8)
    stripes[np.arange(64) % 8 < 4] = 255
    Image.fromarray(stripes).save(tmp_path / "stripes.png")
    return style3d.MeshJob(
        tmp_path / "white.obj", style=(tmp_path / "stripes.png",), preset="draft", views=8, resolution=64,
        texture_size=64, steps=60, turntable="none",
    )  # fmt: skip


def test_grain_lies_where_its_layer_paints(ball: style3d.MeshJob) -> None:
    scene = style3d.load(ball)
    count = scene.hierarchy.sizes[0]
    half = (np.arange(count) < count // 2).astype(np.float32)
    layers = Layers(scene, [StyleLayer(library(STRIPES), half)], half)
    noise = layers.grain(0, torch.zeros(count), 32.0, [1.0], scene.normals(0))
    assert float(noise[: count // 2].std()) > 0.25
    assert not noise[count // 2 :].any()


def test_views_agree_on_a_pattern_of_black_and_white(ball: style3d.MeshJob) -> None:
    """A white ball takes the contrast of black and white stripes, and no hue."""
    result = style3d.stylize(style3d.load(ball), ball, tiny_objective())
    seen = result.after[torch.from_numpy(result.seen)]
    assert float(seen.mean(1).std()) > 0.15
    assert float((seen - seen.mean(1, keepdim=True)).std()) < 0.03
