"""PlayCanvas compressed PLY."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from style3d.errors import Style3DError
from style3d.nerf.splats.files import read_splats
from style3d.nerf.splats.splats import Splats
from tests.helpers.assets import asset
from tests.helpers.clouds import cloud, shape_error
from tests.helpers.packers import compressed_ply


def read(content: bytes, folder: Path) -> Splats:
    (folder / "a.ply").write_bytes(content)
    return read_splats(folder / "a.ply")


@pytest.mark.parametrize("degree", range(4))
@pytest.mark.parametrize("chunk_colors", [True, False])
def test_crafted(degree: int, chunk_colors: bool, tmp_path: Path) -> None:
    """Three chunks, the last not full: within half a step of the chunk's extent."""
    splats = cloud(600, degree)
    found = read(compressed_ply(splats, chunk_colors), tmp_path)
    assert (found.count, found.degree) == (600, degree)
    step = np.ptp(splats.positions, axis=0) / [2047, 1023, 2047]
    assert (np.abs(found.positions - splats.positions) <= 0.51 * step).all()
    step = np.ptp(splats.log_scales, axis=0) / [2047, 1023, 2047]
    assert (np.abs(found.log_scales - splats.log_scales) <= 0.51 * step).all()
    np.testing.assert_allclose(found.opacities, splats.opacities, atol=0.5 / 255 + 1e-6)
    np.testing.assert_allclose(found.base_colors, splats.base_colors, atol=0.5 / 255 + 1e-6)
    np.testing.assert_allclose(found.sh[:, 1:], splats.sh[:, 1:], atol=4 / 256 + 1e-6)
    assert shape_error(splats, found).max() < 0.02


def test_the_same_figure_as_compressed_and_plain_ply() -> None:
    """152,746 splats: equal to what another program decoded, but for opacity 1, which has no finite logit."""
    packed = read_splats(asset("splats/biker.compressed.ply"))
    plain = read_splats(asset("splats/biker_decoded_3dgs.ply"))
    for name in ("positions", "rotations", "log_scales", "sh"):
        np.testing.assert_allclose(getattr(packed, name), getattr(plain, name), rtol=1e-6, atol=1e-7)
    np.testing.assert_allclose(packed.opacities, plain.opacities, atol=0.002)


def test_a_real_file_with_harmonics() -> None:
    """64 splats of degree 3: harmonics of a photographed thing fade with the band."""
    splats = read_splats(asset("splats/test.ply"))
    assert (splats.count, splats.degree) == (64, 3)
    size = [np.abs(splats.sh[:, band**2 : (band + 1) ** 2]).mean() for band in range(4)]
    assert size[0] > 5 * size[1]
    assert 0 < size[3] < 0.2


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (b"element chunk 3\n", b"element chunk 2\n", "lacks chunks"),
        (b"element chunk 3\n", b"element kunch 3\n", "lacks chunks"),
        (b" min_y\n", b" min_q\n", "lacks columns"),
        (b" packed_scale\n", b" packed_thing\n", "lacks columns"),
        (b"uchar f_rest_8\n", b"uchar other\n", "unexpected number of harmonics"),
        (b"element vertex 600\n", b"element vertex 600000000000\n", "truncated"),
    ],
)
def test_damage_is_named(old: bytes, new: bytes, said: str, tmp_path: Path) -> None:
    """Chunks, columns or rows that are not there."""
    with pytest.raises(Style3DError, match=said):
        read(compressed_ply(cloud(600, 1)).replace(old, new), tmp_path)
