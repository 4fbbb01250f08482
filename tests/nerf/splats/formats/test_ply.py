"""Splats as PLY: exact round trips, every encoding, and what is refused."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from style3d.errors import Style3DError
from style3d.nerf.splats.files import read_splats, write_splats
from style3d.nerf.splats.splats import Splats
from style3d.ply.tables import NAMES, read_tables
from tests.helpers.assets import asset
from tests.helpers.clouds import cloud


def with_extras(splats: Splats) -> Splats:
    random = np.random.default_rng(3)
    extras = {name: random.standard_normal(splats.count).astype(np.float32) for name in ("nx", "ny", "nz")}
    extras |= {"label": np.arange(splats.count, dtype=np.uint8), "time": random.random(splats.count)}
    return replace(splats, extras=extras)


def reencoded(content: bytes, order: str, shuffle: bool = False) -> bytes:
    """A binary little-endian PLY as another encoding, its columns in another order."""
    _, tables = read_tables(content, "it")
    table = tables["vertex"]
    names = list(table.dtype.names)
    if shuffle:
        np.random.default_rng(0).shuffle(names)
    head = ["ply", f"format {order} 1.0", "comment caf\xe9 \x85 end_header", f"element vertex {len(table)}"]
    head += [f"property {NAMES[table.dtype[name].str[1:]]} {name}" for name in names] + ["end_header\n"]
    start = "\r\n".join(head).encode("latin-1") if order != "ascii" else "\n".join(head).encode("latin-1")
    if order == "ascii":
        rows = (" ".join(repr(row[name].item()) for name in names) for row in table)
        return start + "\n".join(rows).encode() + b"\n"
    mark = ">" if "big" in order else "<"
    turned = np.empty(len(table), [(name, table.dtype[name].newbyteorder(mark)) for name in names])
    for name in names:
        turned[name] = table[name]
    return start + turned.tobytes()


@pytest.mark.parametrize("degree", range(5))
def test_round_trip_is_exact(degree: int, tmp_path: Path) -> None:
    """Value to PLY to value to PLY, with normals and columns nobody knows: no bit changes."""
    splats = with_extras(cloud(degree=degree))
    write_splats(splats, tmp_path / "a.ply")
    again = read_splats(tmp_path / "a.ply")
    assert again.content_hash == splats.content_hash
    write_splats(again, tmp_path / "b.ply")
    assert (tmp_path / "b.ply").read_bytes() == (tmp_path / "a.ply").read_bytes()


def test_a_real_file_is_written_as_it_was(tmp_path: Path) -> None:
    """152,746 splats of a figure, byte for byte."""
    source = asset("splats/biker_decoded_3dgs.ply")
    splats = read_splats(source)
    assert (splats.count, splats.degree) == (152_746, 0)
    write_splats(splats, tmp_path / "biker.ply")
    assert (tmp_path / "biker.ply").read_bytes() == source.read_bytes()


@pytest.mark.parametrize("order", ["binary_little_endian", "binary_big_endian", "ascii"])
def test_encodings_and_column_orders_agree(order: str, tmp_path: Path) -> None:
    """Either byte order, text, other line ends, columns in any order: the same splats."""
    splats = with_extras(cloud(20))
    write_splats(splats, tmp_path / "a.ply")
    (tmp_path / "b.ply").write_bytes(reencoded((tmp_path / "a.ply").read_bytes(), order, shuffle=True))
    again = read_splats(tmp_path / "b.ply")
    assert replace(again, extras={}).content_hash == replace(splats, extras={}).content_hash
    for name, column in splats.extras.items():
        np.testing.assert_array_equal(again.extras[name], column)
        assert again.extras[name].dtype == column.dtype


def test_what_is_not_finite_is_left_out(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A few broken splats are dropped and said; an infinite logit is a whole opacity; none left is an error."""
    splats = cloud(20)
    splats.positions[3, 1], splats.sh[4, 7, 2], splats.log_scales[5, 0] = np.nan, np.inf, 90
    splats.logit_opacities[6:8] = np.nan, np.inf
    write_splats(splats, tmp_path / "a.ply")
    with caplog.at_level(logging.WARNING):
        again = read_splats(tmp_path / "a.ply")
    assert "4 of 20 splats" in caplog.text
    assert again.content_hash == splats.subset(np.setdiff1d(np.arange(20), [3, 4, 5, 6])).content_hash
    splats.positions[:] = np.nan
    write_splats(splats, tmp_path / "a.ply")
    with pytest.raises(Style3DError, match="no splats that can be drawn"):
        read_splats(tmp_path / "a.ply")


HEAD = b"ply\nformat binary_little_endian 1.0\n"
TEXT = b"ply\nformat ascii 1.0\nelement vertex %d\n"
FLOATS = b"".join(b"property float %s\n" % name for name in (b"x", b"y", b"z"))
COLUMNS = FLOATS + b"".join(
    b"property float %s\n" % name
    for name in b"opacity f_dc_0 f_dc_1 f_dc_2 scale_0 scale_1 scale_2 rot_0 rot_1 rot_2 rot_3".split()
)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (HEAD + b"element vertex 1000000000000\n" + COLUMNS + b"end_header\n" + bytes(1000), "truncated"),
        (HEAD + b"element vertex 1000000000000\nend_header\n", "holds no Gaussian splats"),
        (HEAD + b"element vertex 2\n" + FLOATS + b"end_header\n" + bytes(24), "point cloud"),
        (HEAD + b"element vertex -1\n" + FLOATS + b"end_header\n", "header"),
        (HEAD + b"element vertex 1\nproperty float x\nproperty float x\nend_header\n" + bytes(8), "header"),
        (HEAD + b"element vertex 1\nproperty quad x\nend_header\n" + bytes(8), "header"),
        (HEAD + b"element vertex " + b"9" * 5000 + b"\nend_header\n", "header"),
        (TEXT % 1 + COLUMNS + b"end_header\n1 two 3 " + b"0 " * 11, "none of them finite"),
        (TEXT % 9 + COLUMNS + b"end_header\n1 2 3\n", "truncated"),
        (b"ply\n" + b"comment so long\n" * 100, "incomplete PLY header"),
    ],
)
def test_bad_headers_are_refused(content: bytes, said: str, tmp_path: Path) -> None:
    """Huge counts in short files, nonsense, other things: one line that says what it is."""
    (tmp_path / "a.ply").write_bytes(content)
    with pytest.raises(Style3DError, match=said):
        read_splats(tmp_path / "a.ply")


def test_a_mesh_is_called_a_mesh(tmp_path: Path) -> None:
    """And the error names the command that takes it."""
    faces = b"element face 1\nproperty list uchar int vertex_indices\nend_header\n"
    (tmp_path / "cow.ply").write_bytes(HEAD + b"element vertex 3\n" + FLOATS + faces + bytes(36) + b"\3" + bytes(12))
    with pytest.raises(Style3DError, match=r"mesh of 1 faces.*style3d mesh cow.ply"):
        read_splats(tmp_path / "cow.ply")


@pytest.mark.parametrize("lost", ["rot_3", "opacity", "f_rest_8", "f_dc_0"])
def test_missing_columns_are_named(lost: str, tmp_path: Path) -> None:
    """Splats without one of their columns are refused."""
    write_splats(cloud(4, degree=1), tmp_path / "a.ply")
    content = (tmp_path / "a.ply").read_bytes().replace(b" %s\n" % lost.encode(), b" other\n")
    (tmp_path / "a.ply").write_bytes(content)
    with pytest.raises(Style3DError, match=rf"{lost}|harmonics"):
        read_splats(tmp_path / "a.ply")


def test_unknown_suffix_writes_nothing(tmp_path: Path) -> None:
    """The error lists what can be written."""
    with pytest.raises(Style3DError, match=r"\.ply"):
        write_splats(cloud(2), tmp_path / "a.xyz")
    assert not list(tmp_path.iterdir())
