"""The files of web viewers: .splat and .ksplat."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from style3d.errors import Style3DError
from style3d.nerf.splats.files import read_splats, write_splats
from style3d.nerf.splats.splats import Splats
from tests.helpers.assets import asset
from tests.helpers.clouds import cloud, shape_error
from tests.helpers.packers import ksplat


def read(content: bytes, suffix: str, folder: Path) -> Splats:
    (folder / f"a{suffix}").write_bytes(content)
    return read_splats(folder / f"a{suffix}")


def test_splat_round_trip(tmp_path: Path) -> None:
    """Places exact, the rest in bytes; the most visible come first."""
    splats = cloud(100, 2)
    write_splats(splats, tmp_path / "a.splat")
    found = read_splats(tmp_path / "a.splat")
    order = np.argsort(-splats.opacities * np.prod(splats.scales, axis=1))
    splats = splats.subset(order)
    np.testing.assert_array_equal(found.positions, splats.positions)
    np.testing.assert_allclose(found.log_scales, splats.log_scales, atol=1e-5)
    np.testing.assert_allclose(found.opacities, splats.opacities, atol=0.5 / 255 + 1e-6)
    np.testing.assert_allclose(found.base_colors, splats.base_colors, atol=0.5 / 255 + 1e-6)
    assert shape_error(splats, found).max() < 0.03
    assert found.degree == 0


def test_flat_and_invisible_splats_survive(tmp_path: Path) -> None:
    """A size of zero is minus infinity in logarithms, and written back as zero."""
    splats = cloud(3, 0)
    splats.log_scales[0, 1], splats.logit_opacities[1] = -np.inf, -np.inf
    write_splats(splats, tmp_path / "a.splat")
    found = read_splats(tmp_path / "a.splat")
    assert sorted(found.scales.min(axis=1) == 0) == [False, False, True]
    assert found.opacities.min() < 1e-5


@pytest.mark.parametrize("level", [0, 1, 2])
@pytest.mark.parametrize("degree", range(4))
def test_ksplat(level: int, degree: int, tmp_path: Path) -> None:
    """Two sections, full and partial buckets, each compression: within its steps."""
    parts = [cloud(21, degree), cloud(16, degree, seed=2)]
    found = read(ksplat(parts, level), ".ksplat", tmp_path)
    assert (found.count, found.degree) == (37, degree)
    splats = {name: np.concatenate([getattr(p, name) for p in parts]) for name in ("positions", "sh", "scales")}
    places = np.ptp(splats["positions"], axis=0).max() / 65535 if level else 0
    np.testing.assert_allclose(found.positions, splats["positions"], atol=places)
    np.testing.assert_allclose(found.scales, splats["scales"], rtol=1e-3 if level else 1e-6, atol=1e-7)
    higher = splats["sh"][:, 1:].clip(-10, 1.25) if level == 2 else splats["sh"][:, 1:]
    np.testing.assert_allclose(found.sh[:, 1:], higher, atol=(1e-7, 1e-3, 0.006)[level])
    for part, rows in zip(parts, (np.arange(21), np.arange(21, 37)), strict=True):
        assert shape_error(part, found.subset(rows)).max() < 0.004
        np.testing.assert_allclose(found.subset(rows).opacities, part.opacities, atol=0.5 / 255 + 1e-6)
        np.testing.assert_allclose(found.subset(rows).base_colors, part.base_colors, atol=0.5 / 255 + 1e-6)


def test_ksplat_sections_of_different_degrees(tmp_path: Path) -> None:
    """The lower one gets zeros."""
    found = read(ksplat([cloud(9, 2), cloud(9, 0)], 0), ".ksplat", tmp_path)
    assert found.degree == 2
    assert found.sh[:9, 1:].all()
    assert not found.sh[9:, 1:].any()


@pytest.mark.parametrize("suffix", [".splat", ".ksplat"])
def test_files_of_another_program(suffix: str) -> None:
    """Four splats in a grid, as its makers say: one unit apart, ten centimetres large, nine tenths opaque."""
    splats = read_splats(asset(f"splats/splat-transform_fixtures/minimal{suffix}"))
    assert sorted(splats.positions.tolist()) == [[-1, 0, -1], [-1, 0, 0], [0, 0, -1], [0, 0, 0]]
    np.testing.assert_allclose(splats.scales, 0.1, rtol=1e-6)
    np.testing.assert_allclose(splats.opacities, 230 / 255, rtol=1e-5)
    np.testing.assert_allclose(splats.base_colors[:, 2], 128 / 255, rtol=1e-6)
    np.testing.assert_allclose(splats.rotations, [[0, 0, 0, 1]] * 4, atol=0.01)


@pytest.mark.parametrize(
    ("start", "content", "said"),
    [
        (0, b"\1\0", "version"),
        (20, b"\7\0", "version"),
        (4, b"\xff\xff\xff\xff", "version"),
        (4096, b"\xff\xff\xff\xff\xff\xff\xff\xff", "claims to hold"),  # splats
        (4096 + 12, b"\xff\xff\xff\xff", "truncated"),  # buckets
        (4096 + 32, b"\xff\xff\xff\x0f", "damaged"),  # full buckets
        (4096 + 40, b"\t\0", "damaged"),  # degree
    ],
)
def test_claims_are_checked(start: int, content: bytes, said: str, tmp_path: Path) -> None:
    """Counts that the file cannot hold are refused before memory is taken."""
    good = ksplat([cloud(21, 1)], 1)
    with pytest.raises(Style3DError, match=said):
        read(good[:start] + content + good[start + len(content) :], ".ksplat", tmp_path)


def test_odd_sizes_are_refused(tmp_path: Path) -> None:
    """A .splat file has whole rows."""
    with pytest.raises(Style3DError, match="multiple of 32"):
        read(bytes(33), ".splat", tmp_path)


def test_a_page_is_no_splats(tmp_path: Path) -> None:
    """What servers send instead of a file that is gone has no unit quaternions in it."""
    page = b"<!DOCTYPE html><html><head><title>404 Not Found</title></head><body>gone</body></html>"
    with pytest.raises(Style3DError, match="does not hold splats"):
        read((page * 32)[: 32 * 80], ".splat", tmp_path)
    with pytest.raises(Style3DError, match="is a web page"):
        read(page, ".html", tmp_path)
