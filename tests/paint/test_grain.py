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
from style3d.paint.grain import LEAST, LIFT, finest_band, grain, plainness
from style3d.paint.layers import Layers, StyleLayer
from style3d.paint.style_library import ROUGHNESS, Palette, StyleLibrary
from style3d.render.pyramid import point_pyramid
from tests.helpers.nets import tiny_objective

STRIPES = torch.zeros(1, 3, 32, 32)
STRIPES[:, :, ::2] = 1.0
RAMP = torch.linspace(0, 1, 32)[None, None, :, None].expand(1, 3, 32, 32)


def generator() -> torch.Generator:
    return torch.Generator().manual_seed(0)


def library(*pictures: torch.Tensor) -> StyleLibrary:
    shares = [(picture, 1 / len(pictures)) for picture in pictures]
    return StyleLibrary(tiny_objective(), shares, 1.0, torch.device("cpu"))


def test_the_finest_band_of_stripes_and_of_a_ramp() -> None:
    """Stripes of a pixel are ±½ about their mean, in grey; a ramp is as well shown at half the size."""
    assert finest_band(STRIPES).numpy() == pytest.approx(np.full((3, 3), 0.25), rel=0.01)
    assert float(finest_band(RAMP).abs().max()) < 1e-3


def test_grain_has_the_covariance_that_is_wanted() -> None:
    wanted = torch.tensor([[4.0, 1.0, 0.0], [1.0, 2.0, 0.0], [0.0, 0.0, 0.0]]) / 100
    noise = grain(wanted, torch.zeros(20_000), 1.0, generator())
    assert torch.cov(noise.T).numpy() == pytest.approx(LIFT**2 * wanted.numpy(), abs=2e-3)
    assert float(noise[:, 2].abs().max()) < 1e-6


def test_what_has_contrast_of_its_own_gets_less() -> None:
    """Full grain where there is none, three quarters of its variance where there is a quarter, none past enough."""
    wanted = torch.diag(torch.tensor([0.04, 0.04, 0.01]))
    enough = LIFT**2 * 0.09
    contrast = torch.tensor([0.0, 0.25, 1.0, 3.0]).repeat_interleave(20_000) * enough
    noise = grain(wanted, contrast, 1.0, generator()).reshape(4, 20_000, 3)
    variance = noise.square().mean(1).sum(1)
    assert variance.numpy() == pytest.approx([enough, 0.75 * enough, 0, 0], rel=0.03, abs=1e-6)


def test_what_has_colours_of_its_own_gets_little() -> None:
    """One colour lacks all of a palette's contrast, a scene matched to it none, one of half its variance half."""
    palette = torch.rand(4096, 3, generator=generator())
    assert plainness(torch.full((64, 3), 0.3), palette) == 1
    assert plainness(palette.flip(0), palette) == 0
    assert plainness(palette * 0.5**0.5, palette) == pytest.approx(0.5, abs=1e-4)
    assert plainness(palette, torch.full((9, 3), 0.3)) == 0
    wanted, flat = torch.eye(3) / 100, torch.zeros(20_000)
    deviations = [float(grain(wanted, flat, plain, generator()).std()) for plain in (0.0, 0.25, 1.0)]
    shares = [LEAST, (1 + LEAST) / 2, 1.0]
    assert deviations == pytest.approx([0.1 * LIFT * share for share in shares], rel=0.02)


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
    assert both.grain(32).numpy() == pytest.approx(finest_band(STRIPES).numpy() / 2, rel=0.02)
    assert not both.grain(64).any()
    assert not both.grain(3).any()
    assert float(both.grain(16).abs().max()) < 0.01


def test_without_pictures_a_little_grey() -> None:
    none = StyleLibrary(tiny_objective(), [], 1.0, torch.device("cpu"), Palette(torch.rand(9, 3), match=True))
    assert none.grain(64).numpy() == pytest.approx(np.full((3, 3), ROUGHNESS**2))


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
    noise = layers.grain(0, torch.zeros(count), 32.0, [1.0], generator())
    assert float(noise[: count // 2].std()) > 0.5
    assert not noise[count // 2 :].any()


def test_views_agree_on_a_pattern_of_black_and_white(ball: style3d.MeshJob) -> None:
    """A white ball takes the contrast of black and white stripes, and no hue."""
    result = style3d.stylize(style3d.load(ball), ball, tiny_objective())
    seen = result.after[torch.from_numpy(result.seen)]
    assert float(seen.mean(1).std()) > 0.25
    assert float((seen - seen.mean(1, keepdim=True)).std()) < 0.03
