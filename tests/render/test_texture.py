"""Texture taps: exact where pixels and texels coincide, complete where texels are small, wrapped as samplers wrap."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from style3d.render.surface import Material, Texture
from tests.helpers.surfaces import flat_on, front, join_surfaces, noise, quad, view_of


def picture(surface, camera, samples: int = 1, backdrop: float = 0.0) -> np.ndarray:
    operator = view_of(surface, camera, samples=samples)
    table = np.concatenate([t.rgb.reshape(-1, 3) for t in surface.textures])
    return operator.render(torch.from_numpy(table), torch.full((3,), backdrop))[0].permute(1, 2, 0).numpy()


def test_a_texel_a_pixel_is_the_texture() -> None:
    texture = noise(16, 16)
    assert np.abs(picture(quad(Texture("t", texture)), flat_on(16)) - texture).max() < 2e-3


def test_minified_pixels_average_all_their_texels() -> None:
    texture = noise(64, 64)
    surface = quad(Texture("t", texture))
    operator = view_of(surface, flat_on(8))
    entries, sums = operator.column_sums()
    assert len(entries) == 64 * 64
    assert sums.min() > 0.3 / 64
    mean = texture.reshape(8, 8, 8, 8, 3).mean((1, 3))
    assert np.abs(picture(surface, flat_on(8), samples=2) - mean).max() < 0.12


@pytest.mark.parametrize("mode", ["repeat", "clamp", "mirror"])
def test_wrap_modes(mode: str) -> None:
    texture = noise(8, 8)
    image = picture(quad(Texture("t", texture, wrap=(mode, mode)), repeat=2.0), flat_on(16))
    pad = {"repeat": "wrap", "clamp": "edge", "mirror": "symmetric"}[mode]
    expected = np.pad(texture, ((0, 8), (0, 8), (0, 0)), mode=pad)
    assert np.abs(image - expected).max() < 2e-3


def test_cut_outs_show_what_is_behind() -> None:
    alpha = np.zeros((8, 8), np.float32)
    alpha[:, 4:] = 1.0
    leaf = quad(Texture("leaf", np.ones((8, 8, 3), np.float32), alpha), Material("leaf", 0, alpha_mode="MASK"), z=0.1)
    wall = quad(Texture("wall", np.full((8, 8, 3), 0.25, np.float32)))
    image = picture(join_surfaces(leaf, wall), flat_on(8, across=1.9))
    assert np.allclose(image[:, :4], 0.25, atol=1e-3)
    assert np.allclose(image[:, 4:], 1.0, atol=1e-3)


def test_glass_blends() -> None:
    glass = quad(
        Texture("glass", np.ones((4, 4, 3), np.float32)), Material("glass", 0, alpha=0.5, alpha_mode="BLEND"), z=0.1
    )
    wall = quad(Texture("wall", np.zeros((4, 4, 3), np.float32)))
    assert np.allclose(picture(join_surfaces(glass, wall), flat_on(8, across=1.8)), 0.5, atol=1e-3)
    assert np.allclose(picture(glass, flat_on(8, across=1.8), backdrop=0.2), 0.6, atol=1e-3)


def test_single_sided_faces_have_no_back() -> None:
    from dataclasses import replace

    from style3d.core.camera import look_at

    wall = quad(material=Material("wall", 0, double_sided=False))
    behind = look_at(np.array([0.0, 0.0, -4.0]), np.zeros(3), 40.0, 8)
    assert (view_of(wall, front(8)).alpha[27:29] > 0.99).all()
    assert (view_of(wall, behind).alpha == 0).all()
    assert (view_of(replace(wall, materials=(Material("wall", 0),)), behind).alpha[27:29] > 0.99).all()


def test_what_is_not_painted_stays_in_the_background_term() -> None:
    plain = quad(material=Material("plain", None, rgb=(0.1, 0.2, 0.3)))
    operator = view_of(plain, flat_on(8, across=1.8))
    assert len(operator.entries) == 0
    image = operator.image(torch.zeros(0, 3), torch.zeros(3))
    assert torch.allclose(image[0, :, 4, 4], torch.tensor([0.1, 0.2, 0.3]), atol=1e-5)


def test_vertex_colours_tint() -> None:
    from dataclasses import replace

    surface = replace(quad(), tint=np.tile(np.float32([0.5, 1.0, 0.25]), (4, 1)))
    operator = view_of(surface, flat_on(8, across=1.8))
    assert np.allclose(operator.light[27], [0.5, 1.0, 0.25], atol=1e-5)
