"""What a PLY of splats says besides: its way up, comments, tables, and colours in other columns."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np
import pytest

from style3d.errors import Style3DError
from style3d.job import FieldJob
from style3d.load_scene import load
from style3d.nerf.splats.files import losses_of, read_splats, write_splats
from style3d.nerf.splats.origin import Origin, up_of
from style3d.nerf.splats.scene import SplatScene
from style3d.ply.lists import Lists, Rows, rows_of, write_ply
from style3d.ply.tables import read_tables
from style3d.remarks import collect_remarks
from tests.helpers.clouds import cloud, splat_ball


def with_columns(path: Path, drop: str, *comments: str, **columns: np.ndarray) -> Path:
    """A PLY of a few splats without the columns that begin so, and with others before the rest."""
    write_splats(cloud(20, degree=0), path)
    table = read_tables(path.read_bytes(), "it")[1]["vertex"]
    kept = columns | {name: table[name] for name in table.dtype.names if not name.startswith(drop)}
    fresh = np.zeros(20, [(name, column.dtype) for name, column in kept.items()])
    for name, column in kept.items():
        fresh[name] = column
    path.write_bytes(write_ply({"vertex": rows_of(fresh)}, comments))
    return path


@pytest.mark.parametrize("kind", ["u1", "<u2", "<f4"])
@pytest.mark.parametrize("names", [("red", "green", "blue"), ("r", "g", "b")])
def test_plain_colours_are_read_painted_and_written_as_they_came(
    tmp_path: Path, kind: str, names: tuple[str, ...]
) -> None:
    full = {"u1": 255, "<u2": 65535, "<f4": 1}[kind]
    told = np.random.default_rng(0).integers(0, 256, (20, 3))
    colors = (told / 255 * full).astype(kind)
    path = with_columns(tmp_path / "a.ply", "f_dc_", **dict(zip(names, colors.T, strict=True)))
    splats = read_splats(path)
    np.testing.assert_allclose(splats.base_colors, colors / full, atol=1e-6)
    write_splats(splats, tmp_path / "same.ply")
    assert (tmp_path / "same.ply").read_bytes() == path.read_bytes() or kind == "<f4"
    write_splats(splats.with_base_colors(1 - splats.base_colors, "keep"), tmp_path / "other.ply")
    table = read_tables((tmp_path / "other.ply").read_bytes(), "it")[1]["vertex"]
    assert "f_dc_0" not in (table.dtype.names or ())
    np.testing.assert_allclose(table[names[0]] / full, 1 - colors[:, 0] / full, atol=0.003)


def test_colours_beside_harmonics_follow_the_paint(tmp_path: Path) -> None:
    none = np.zeros(20, np.uint8)
    splats = read_splats(with_columns(tmp_path / "a.ply", "nothing", red=none, green=none, blue=none))
    write_splats(splats.with_base_colors(np.ones((20, 3), np.float32), "keep"), tmp_path / "b.ply")
    table = read_tables((tmp_path / "b.ply").read_bytes(), "it")[1]["vertex"]
    assert (table["green"] == 255).all()


def test_discs_have_two_sizes_and_keep_them(tmp_path: Path) -> None:
    path = with_columns(tmp_path / "a.ply", "scale_2")
    splats = read_splats(path)
    assert (splats.scales[:, 2] < 1e-6).all()
    write_splats(splats, tmp_path / "b.ply")
    assert (tmp_path / "b.ply").read_bytes() == path.read_bytes()


def test_comments_and_tables_stay(tmp_path: Path) -> None:
    comments = ("comment Vertical Axis: z", "obj_info made by hand, été")
    tables = {
        "extrinsic": rows_of(np.zeros(16, [("extrinsic", "<f4")])),
        "version": rows_of(np.ones(3, [("version", "u1")])),
    }
    write_splats(replace(cloud(), up="z", origin=Origin(comments, (), tables)), tmp_path / "a.ply")
    splats = read_splats(tmp_path / "a.ply")
    assert (splats.up, splats.origin.comments) == ("z", comments)
    write_splats(splats, tmp_path / "b.ply")
    assert (tmp_path / "b.ply").read_bytes() == (tmp_path / "a.ply").read_bytes()
    with collect_remarks() as remarks:
        write_splats(splats, tmp_path / "c.splat")
    assert [words for words in remarks if "tables" in words or "is up" in words] == [
        "a .splat file holds no further tables: extrinsic, version are left out",
        "a .splat file does not say which way is up: z is left out",
    ]


FACES = Rows(
    3,
    {"flags": np.array([1, 2, 3], np.uint8)},
    {"vertex_indices": Lists(np.array([3, 4, 0]), np.array([0, 1, 2, 4, 5, 6, 7], np.int32))},
    ("vertex_indices", "flags"),
)


@pytest.mark.parametrize("front", [True, False])
def test_tables_that_hold_lists_stay(front: bool, tmp_path: Path) -> None:
    """Faces of different length in a file of splats, before or behind them; other formats say that they go."""
    write_splats(cloud(20, degree=0), tmp_path / "a.ply")
    splats = rows_of(read_tables((tmp_path / "a.ply").read_bytes(), "it")[1]["vertex"])
    tables = {"face": FACES, "vertex": splats} if front else {"vertex": splats, "face": FACES}
    (tmp_path / "a.ply").write_bytes(write_ply(tables))
    with collect_remarks() as remarks:
        found = read_splats(tmp_path / "a.ply")
        write_splats(found, tmp_path / "b.ply")
    assert (found.count, remarks) == (20, [])
    kept = read_splats(tmp_path / "b.ply").origin.tables["face"]
    assert kept.lists["vertex_indices"].values.tolist() == [0, 1, 2, 4, 5, 6, 7]
    assert kept.lists["vertex_indices"].lengths.tolist() == [3, 4, 0]
    assert kept.columns["flags"].tolist() == [1, 2, 3]
    assert front or (tmp_path / "b.ply").read_bytes() == (tmp_path / "a.ply").read_bytes()
    assert any("face are left out" in text for text in losses_of(found, tmp_path / "c.spz"))


def test_lists_of_splats_are_remarked(tmp_path: Path) -> None:
    """A list in each splat's own row, which nobody paints, is named."""
    write_splats(cloud(2, degree=0), tmp_path / "a.ply")
    rows = rows_of(read_tables((tmp_path / "a.ply").read_bytes(), "it")[1]["vertex"])
    labels = {"labels": Lists(np.array([1, 1]), np.array([7, 8], np.int32))}
    (tmp_path / "a.ply").write_bytes(write_ply({"vertex": Rows(2, rows.columns, labels)}))
    with collect_remarks() as remarks:
        assert read_splats(tmp_path / "a.ply").count == 2
    assert any("left out: labels" in text for text in remarks)


def test_doubles_stay_doubles(tmp_path: Path) -> None:
    """To the bit where nothing is painted, far from the origin, too. For other formats they are no further columns."""
    write_splats(cloud(20, degree=1), tmp_path / "a.ply")
    table = read_tables((tmp_path / "a.ply").read_bytes(), "it")[1]["vertex"]
    wide = table.astype([(name, "<f8") for name in table.dtype.names or ()])
    wide["x"] += 500_000.123456789
    (tmp_path / "a.ply").write_bytes(write_ply({"vertex": rows_of(wide)}))
    splats = read_splats(tmp_path / "a.ply")
    write_splats(splats, tmp_path / "b.ply")
    assert (tmp_path / "b.ply").read_bytes() == (tmp_path / "a.ply").read_bytes()
    write_splats(splats.with_base_colors(1 - splats.base_colors, "drop"), tmp_path / "c.ply")
    painted = read_tables((tmp_path / "c.ply").read_bytes(), "it")[1]["vertex"]
    assert (painted["x"] == wide["x"]).all()
    assert (painted["f_dc_0"] != wide["f_dc_0"]).any()
    assert "f_rest_0" not in (painted.dtype.names or ())
    assert not [text for text in losses_of(splats, tmp_path / "d.spz") if "columns" in text]


@pytest.mark.parametrize(
    ("comments", "up"),
    [
        ((), "-y"),
        (("comment Generated by Nerfstudio 1.1.5", "comment Vertical Axis: z"), "z"),
        (("comment vertical axis: Y",), "y"),
        (("comment Exported from Brush", "comment Vertical axis: y"), "-y"),
        (("obj_info up_axis -Z",), "-z"),
        (("comment Vertical Axis: sideways",), "-y"),
    ],
)
def test_comments_say_what_is_up(comments: tuple[str, ...], up: str) -> None:
    assert up_of(comments) == up


@pytest.mark.parametrize("up", ["x", "-x", "y", "-y", "z", "-z"])
def test_views_stand_upright(up: Literal["x", "-x", "y", "-y", "z", "-z"]) -> None:
    axis = np.eye(3)["xyz".index(up[-1])] * (-1 if up.startswith("-") else 1)
    scene = SplatScene(replace(splat_ball(300), up=up), "ball")
    for camera in scene.cameras_around(4, 16):
        assert -camera.camera_to_world[:3, 1] @ axis > 0.8  # cameras' y points down
        away = camera.position - scene.center
        assert np.linalg.norm(away - (away @ axis) * axis) > 0.5 * np.linalg.norm(away)
    np.testing.assert_allclose(scene.center, [0, -3, 0], atol=0.1)


def test_a_job_decides_what_is_up(tmp_path: Path) -> None:
    write_splats(splat_ball(300), tmp_path / "a.ply")
    scene = load(FieldJob(tmp_path / "a.ply", style=(tmp_path / "s.jpg",), up="z"))
    assert scene.cameras_around(1, 16)[0].camera_to_world[2, 1] < -0.8


def test_a_capture_s_cameras_decide_what_is_up(tmp_path: Path) -> None:
    with pytest.raises(Style3DError, match="--up"):
        load(FieldJob(tmp_path, style=(tmp_path / "s.jpg",), output=tmp_path / "o.ply", up="z"))
