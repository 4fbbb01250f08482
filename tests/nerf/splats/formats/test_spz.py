"""SPZ: each version, its axes, its precision, and files that claim more than they hold."""

from __future__ import annotations

import gzip
import struct
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import zstandard

from style3d.errors import Style3DError
from style3d.nerf.splats.files import read_splats, write_splats
from style3d.nerf.splats.formats.spz_records import SYSTEMS
from style3d.nerf.splats.splats import Splats
from style3d.ply.tables import read_tables
from style3d.remarks import collect_remarks
from tests.helpers.assets import asset
from tests.helpers.clouds import cloud, covariances, directions, shape_error

WIDTHS = (9, 1, 3, 3, 4)


def written(splats: Splats, folder: Path) -> bytes:
    """The plain content of version 3."""
    write_splats(splats, folder / "it.spz")
    return gzip.decompress((folder / "it.spz").read_bytes())


def read(content: bytes, folder: Path) -> Splats:
    (folder / "read.spz").write_bytes(content)
    return read_splats(folder / "read.spz")


def as_version_4(content: bytes, count: int, extensions: bytes = b"") -> bytes:
    """Version 3 in the container of version 4."""
    edges = np.cumsum([16, *(count * width for width in WIDTHS), len(content)])
    edges[-1] = len(content)
    parts = [content[a:b] for a, b in pairwise(edges) if b > a]
    frames = [zstandard.ZstdCompressor().compress(part) for part in parts]
    head = content[:4] + struct.pack("<I", 4) + content[8:14]
    head += struct.pack("<BBI12x", 2 if extensions else 0, len(parts), 32 + len(extensions))
    table = b"".join(struct.pack("<QQ", len(f), len(p)) for f, p in zip(frames, parts, strict=True))
    return head + extensions + table + b"".join(frames)


def assert_close(found: Splats, splats: Splats, shape: float = 0.07) -> None:
    """Within the steps of the format: 24-bit places, 1/16 in log scale, 1/255 in opacity, 1/128 in harmonics."""
    assert found.degree == splats.degree
    furthest = np.abs(splats.positions).max()
    np.testing.assert_allclose(found.positions, splats.positions, atol=furthest / 2**22)
    np.testing.assert_allclose(found.log_scales, splats.log_scales, atol=1 / 32 + 1e-6)
    np.testing.assert_allclose(found.opacities, splats.opacities, atol=0.5 / 255 + 1e-6)
    np.testing.assert_allclose(found.base_colors, splats.base_colors, atol=0.0038)
    inside = np.abs(splats.sh[:, 1:]) < 0.99
    np.testing.assert_allclose(found.sh[:, 1:][inside], splats.sh[:, 1:][inside], atol=0.5 / 128 + 1e-6)
    assert shape_error(splats, found).max() < shape


@pytest.mark.parametrize("degree", range(5))
def test_version_3_round_trip(degree: int, tmp_path: Path) -> None:
    """What is written is read within the steps of the format, and the same bytes come out again."""
    splats = cloud(200, degree)
    content = written(splats, tmp_path)
    assert_close(read_splats(tmp_path / "it.spz"), splats)
    assert written(splats, tmp_path) == content


def test_version_2(tmp_path: Path) -> None:
    """Rotations as x, y and z of eight bits, the first the largest component w."""
    splats = cloud(200, 2)
    content = written(splats, tmp_path)
    turned = splats.rotate(np.diag([1.0, -1, -1])).unit_rotations
    xyz = turned[:, 1:] * np.where(turned[:, :1] < 0, -1, 1)
    bytes_ = np.rint(xyz * 127.5 + 127.5).clip(0, 255).astype(np.uint8).tobytes()
    start = 16 + 200 * 16
    packed = content[:4] + struct.pack("<I", 2) + content[8:start] + bytes_ + content[start + 800 :]
    assert_close(read(gzip.compress(packed), tmp_path), splats, shape=0.25)
    assert_close(read(packed, tmp_path), splats, shape=0.25)  # as some write it, not compressed


@pytest.mark.parametrize("degree", [0, 3])
def test_version_4(degree: int, tmp_path: Path) -> None:
    """A table of Zstandard frames holds the same numbers."""
    splats = cloud(60, degree)
    found = read(as_version_4(written(splats, tmp_path), 60), tmp_path)
    assert found.content_hash == read_splats(tmp_path / "it.spz").content_hash


@pytest.mark.parametrize("number", range(1, len(SYSTEMS)))
def test_named_axes(number: int, tmp_path: Path) -> None:
    """A file that says which way its axes point is turned, or mirrored, accordingly."""
    splats = cloud(60, 3)
    content = written(splats, tmp_path)
    plain = read(as_version_4(content, 60), tmp_path)
    unknown = struct.pack("<II3s", 0x12340001, 3, b"???")
    extension = unknown + struct.pack("<III", 0xADBE0003, 4, number)
    found = read(as_version_4(content, 60, extension), tmp_path)
    ways = {"R": [1, 0, 0], "L": [-1, 0, 0], "U": [0, 1, 0], "D": [0, -1, 0], "B": [0, 0, 1], "F": [0, 0, -1]}
    matrix = np.array([ways[letter] for letter in SYSTEMS[number]]).T  # to x right, y up, z back
    half = np.diag([1, -1, -1])
    move = half @ matrix @ half
    np.testing.assert_allclose(found.positions, plain.positions @ move.T, atol=1e-6)
    np.testing.assert_allclose(covariances(found), move @ covariances(plain) @ move.T, atol=1e-6)
    seen = directions(60)
    np.testing.assert_allclose(found.sh_colors(seen @ move.T), plain.sh_colors(seen), atol=3e-6)
    older = content[:14] + b"\2\0" + content[16:] + extension
    assert read(gzip.compress(older), tmp_path).content_hash == found.content_hash


ORBIT = struct.pack("<II3f", 0xADBE0002, 12, -0.5, 0.75, 2.0)
VENDOR = struct.pack("<II3s", 0x12340001, 3, b"\0?!")


def test_records_of_vendors_stay(tmp_path: Path) -> None:
    """Behind the splats, of either container; other kinds of files say that they have no place for them."""
    content = written(cloud(60, 1), tmp_path)
    for packed in (as_version_4(content, 60, VENDOR + ORBIT), gzip.compress(with_records(content, VENDOR + ORBIT))):
        with collect_remarks() as remarks:
            again = written(read(packed, tmp_path), tmp_path)
        assert again == with_records(content, ORBIT + VENDOR)
        assert not remarks
    splats = read_splats(tmp_path / "it.spz")
    with collect_remarks() as remarks:
        write_splats(splats, tmp_path / "a.ply")
        write_splats(splats, tmp_path / "a.splat")
    assert sum("0x12340001" in text for text in remarks) == 2
    assert [text for text in remarks if "safe_orbit" in text and ".splat" in text]


def test_limits_of_an_orbit_go_to_ply_and_back(tmp_path: Path) -> None:
    """In the tables that programs of PLY files know."""
    content = with_records(written(cloud(60, 1), tmp_path), ORBIT)
    write_splats(read(gzip.compress(content), tmp_path), tmp_path / "a.ply")
    tables = read_tables((tmp_path / "a.ply").read_bytes(), "it")[1]
    assert tables["safe_orbit_camera_elevation_min_max_radians"].tolist() == [(-0.5,), (0.75,)]
    assert tables["safe_orbit_camera_radius_min"].tolist() == [(2.0,)]
    with collect_remarks() as remarks:
        assert written(read_splats(tmp_path / "a.ply"), tmp_path) == content
    assert not remarks


@pytest.mark.parametrize("records", [VENDOR[:-1], VENDOR + b"\1", struct.pack("<IIf", 0x12340001, 1 << 31, 0)])
def test_records_that_are_cut_short_are_remarked(records: bytes, tmp_path: Path) -> None:
    content = with_records(written(cloud(60), tmp_path), records)
    with collect_remarks() as remarks:
        assert read(gzip.compress(content), tmp_path).count == 60
    assert any("records" in text and "left out" in text for text in remarks)


def test_records_in_other_axes_are_remarked(tmp_path: Path) -> None:
    """A vendor's may tell places, which nobody here can turn."""
    axes = struct.pack("<III", 0xADBE0003, 4, 6)
    with collect_remarks() as remarks:
        splats = read(gzip.compress(with_records(written(cloud(60), tmp_path), axes + VENDOR)), tmp_path)
    assert splats.origin.records == ()
    assert any("records of vendors" in text for text in remarks)


def with_records(content: bytes, records: bytes) -> bytes:
    """Version 3 with records behind it."""
    return content[:14] + bytes([content[14] | 2]) + content[15:] + records


def test_the_same_figure_as_ply_and_spz() -> None:
    """152,746 splats that another program packed: places, shapes and colours agree within the steps of the format."""
    packed, plain = read_splats(asset("splats/biker.spz")), read_splats(asset("splats/biker_decoded_3dgs.ply"))
    np.testing.assert_allclose(packed.positions, plain.positions, atol=2**-13 + 1e-6)
    np.testing.assert_allclose(packed.opacities, plain.opacities, atol=0.5 / 255 + 1e-5)
    np.testing.assert_allclose(packed.base_colors, plain.base_colors, atol=0.0038)
    assert shape_error(plain, packed).max() < 0.066


@pytest.mark.parametrize("version", ["v2", "v3", "v4", "raw"])
def test_files_of_another_program(version: str) -> None:
    """Four splats in a grid, as its makers say: one unit apart, ten centimetres large, nine tenths opaque."""
    splats = read_splats(asset(f"splats/splat-transform_fixtures/minimal-{version}.spz"))
    assert sorted(np.abs(splats.positions).tolist()) == [[0, 0, 0], [0, 0, 1], [1, 0, 0], [1, 0, 1]]
    np.testing.assert_allclose(splats.log_scales, np.log(0.1), atol=1 / 32)
    np.testing.assert_allclose(splats.opacities, 0.9, atol=0.005)


def test_bombs_are_refused(tmp_path: Path) -> None:
    """Zeros that expand a thousandfold, and frames larger than they say."""
    head = struct.pack("<4sIIBBBB", b"NGSP", 3, 20_000_000, 3, 12, 0, 0)
    with pytest.raises(Style3DError, match="expands to too much data"):
        read(gzip.compress(head + bytes(1 << 20)), tmp_path)
    with pytest.raises(Style3DError, match="SPZ"):
        read(gzip.compress(bytes(1 << 26)), tmp_path)
    head = struct.pack("<4sIIBBBBI12x", b"NGSP", 4, 4, 0, 12, 0, 5, 32)
    frame = zstandard.ZstdCompressor().compress(bytes(1 << 26))
    table = b"".join(struct.pack("<QQ", len(frame), 4 * width) for width in WIDTHS)
    assert read(head + table + frame * 5, tmp_path).count == 4  # no more than was asked for is expanded


@pytest.mark.parametrize("version", [0, 1, 5])
def test_other_versions_are_refused(version: int, tmp_path: Path) -> None:
    """And the error says which are read."""
    content = written(cloud(4), tmp_path)
    with pytest.raises(Style3DError, match="versions 2 to 4"):
        read(gzip.compress(content[:4] + struct.pack("<I", version) + content[8:]), tmp_path)


def test_far_splats_are_not_written_wrong(tmp_path: Path) -> None:
    """Beyond 24 bits the writer refuses; far but within, precision shrinks."""
    splats = cloud(50, 0)
    splats.positions[0] = 5e6
    write_splats(splats, tmp_path / "a.spz")
    np.testing.assert_allclose(read_splats(tmp_path / "a.spz").positions, splats.positions, atol=0.5)
    splats.positions[0] = 1e7
    with pytest.raises(Style3DError, match="8,388,607"):
        write_splats(splats, tmp_path / "b.spz")
    assert not (tmp_path / "b.spz").exists()
