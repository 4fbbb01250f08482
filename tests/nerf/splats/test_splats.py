"""Splats as a value: colours, harmonics, rotations, parts."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from style3d.errors import Style3DError
from style3d.nerf.splats.harmonics import MAX_DEGREE, basis
from style3d.nerf.splats.splats import Splats
from tests.helpers.clouds import cloud, covariances, directions

TURN = Rotation.from_rotvec([0.3, -1.1, 0.7]).as_matrix()
FLIP = np.diag([1.0, -1.0, -1.0])


def test_basis_is_orthonormal() -> None:
    """∫ Yᵢ Yⱼ = δᵢⱼ, by Gauss-Legendre quadrature in height and equal steps in angle, which is exact here."""
    heights, weights = np.polynomial.legendre.leggauss(12)
    angles = 2 * np.pi * np.arange(24) / 24
    height, angle = (grid.ravel() for grid in np.meshgrid(heights, angles, indexing="ij"))
    ring = np.sqrt(1 - height**2)
    values = basis(np.stack([ring * np.cos(angle), ring * np.sin(angle), height], axis=1), MAX_DEGREE)
    area = np.repeat(weights, 24) * 2 * np.pi / 24
    np.testing.assert_allclose(values.T @ (values * area[:, None]), np.eye(25), atol=1e-12)


def test_first_band_has_the_signs_of_the_reference() -> None:
    """-y, z, -x."""
    values = basis(np.eye(3), 1)[:, 1:]
    np.testing.assert_allclose(values, np.array([[0, 0, -1], [-1, 0, 0], [0, 1, 0]]) * 0.4886025119029199)


@pytest.mark.parametrize("degree", range(5))
def test_rotated_splats_look_the_same_from_the_rotated_side(degree: int) -> None:
    """Colour in a turned direction, the axes and the normals go with the world."""
    splats = cloud(degree=degree)
    normals = dict(zip(("nx", "ny", "nz"), directions(splats.count).astype(np.float32).T, strict=True))
    splats = Splats(splats.positions, splats.rotations, splats.log_scales, splats.logit_opacities, splats.sh, normals)
    turned, seen = splats.rotate(TURN), directions(splats.count)
    np.testing.assert_allclose(turned.sh_colors(seen @ TURN.T), splats.sh_colors(seen), atol=2e-6)
    np.testing.assert_allclose(turned.positions, splats.positions @ TURN.T, atol=1e-6)
    before = Rotation.from_quat(splats.rotations[:, [1, 2, 3, 0]]).as_matrix()
    after = Rotation.from_quat(turned.rotations[:, [1, 2, 3, 0]]).as_matrix()
    np.testing.assert_allclose(after, TURN @ before, atol=1e-6)
    np.testing.assert_allclose([turned.extras[name] for name in normals], TURN @ list(normals.values()), atol=1e-6)


def test_a_half_turn_and_back_changes_nothing() -> None:
    """The turn between y down and y up is exact; two of them negate quaternions, which is the same rotation."""
    splats = cloud()
    back = splats.rotate(FLIP).rotate(FLIP)
    for name in ("positions", "log_scales", "logit_opacities", "sh"):
        np.testing.assert_array_equal(getattr(back, name), getattr(splats, name))
    np.testing.assert_array_equal(back.rotations, -splats.rotations)


def test_mirrored_splats_look_the_same_from_the_mirrored_side() -> None:
    """Left-handed files: colours in mirrored directions, and R S² Rᵀ between mirrors."""
    splats, seen, mirror = cloud(), directions(50), TURN @ np.diag([1.0, 1, -1])
    turned = splats.rotate(mirror)
    np.testing.assert_allclose(turned.sh_colors(seen @ mirror.T), splats.sh_colors(seen), atol=2e-6)
    np.testing.assert_allclose(covariances(turned), mirror @ covariances(splats) @ mirror.T, atol=1e-6)


@pytest.mark.parametrize("matrix", [2 * np.eye(3), np.zeros((3, 3))])
def test_only_rotations_rotate(matrix: np.ndarray) -> None:
    """A scaled world is refused."""
    with pytest.raises(Style3DError, match="can only be rotated"):
        cloud().rotate(matrix)


def test_recolouring_touches_what_it_is_given() -> None:
    """Colours come back, untouched splats keep every bit (also out of gamut), and the higher bands stay or go."""
    splats = cloud()
    splats.sh[0, 0] = 9.0  # far beyond 1
    colors = splats.base_colors.copy()
    colors[10:] = np.random.default_rng(5).random((40, 3), np.float32)
    kept = splats.with_base_colors(colors, "keep")
    np.testing.assert_array_equal(kept.sh[:10], splats.sh[:10])
    np.testing.assert_array_equal(kept.sh[:, 1:], splats.sh[:, 1:])
    np.testing.assert_allclose(kept.base_colors, colors, atol=1e-6)
    dropped = splats.with_base_colors(colors, "drop")
    assert dropped.degree == 0
    np.testing.assert_allclose(np.minimum(dropped.sh_colors(directions(50)), 1), colors, atol=1e-6)


def test_activations() -> None:
    """Opacity through the sigmoid, scale through the exponential, quaternions to length 1 and zero to none."""
    splats = cloud(3)
    splats.logit_opacities[:] = [0, np.inf, -np.inf]
    splats.rotations[1] = 0
    np.testing.assert_array_equal(splats.opacities, np.float32([0.5, 1, 0]))
    np.testing.assert_allclose(np.log(splats.scales), splats.log_scales, rtol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(splats.unit_rotations, axis=1), 1, rtol=1e-6)
    np.testing.assert_array_equal(splats.unit_rotations[1], [1, 0, 0, 0])


def test_parts_and_hash() -> None:
    """A subset takes every column along, and the hash sees each of them."""
    splats = cloud()
    assert splats.subset(np.arange(50)).content_hash == splats.content_hash == cloud().content_hash
    mask = np.arange(50) % 2 == 0
    half = splats.subset(mask)
    assert half.count == 25
    np.testing.assert_array_equal(half.sh, splats.sh[mask])
    others = [cloud(seed=1), half, splats.rotate(FLIP), splats.with_base_colors(splats.base_colors, "drop")]
    assert len({other.content_hash for other in (splats, *others)}) == 5


def test_columns_must_agree() -> None:
    """An odd number of harmonics or an extra column of another length is refused."""
    good = cloud()
    fields = (good.positions, good.rotations, good.log_scales, good.logit_opacities)
    with pytest.raises(Style3DError, match="harmonics"):
        Splats(*fields, good.sh[:, :5])
    with pytest.raises(Style3DError, match="length"):
        Splats(*fields, good.sh, {"nx": np.zeros(3, np.float32)})
