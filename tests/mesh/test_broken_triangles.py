"""One bad number costs its triangle: the rest of the asset is painted, and what was left out is said."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from style3d.errors import Style3DError
from style3d.mesh.asset import load_asset, save_asset
from style3d.mesh.diff import diff_files
from tests.helpers.gltf_maker import QUAD, QUAD_FACES, QUAD_UV, Maker, checks


def with_bad(change: Callable[[np.ndarray, np.ndarray, np.ndarray], None], *, uvs: bool = True) -> Maker:
    """Three squares, one beside the other, the last with something wrong."""
    places = np.concatenate([QUAD + np.array([2 * k, 0, 0]) for k in range(3)]).astype(np.float32)
    looked_up = np.tile(QUAD_UV, (3, 1)).astype(np.float32)
    faces = np.concatenate([QUAD_FACES + 4 * k for k in range(3)]).astype(np.uint16)
    change(places, looked_up, faces)
    made = Maker()
    bounds = {"min": [0, 0, 0], "max": [5, 1, 0]}
    attributes = {"POSITION": made.accessor(places, "VEC3", **bounds)}
    if uvs:
        attributes["TEXCOORD_0"] = made.accessor(looked_up, "VEC2")
    made.show(
        {
            "attributes": attributes,
            "indices": made.accessor(faces, "SCALAR"),
            "material": made.textured_material(checks(16)),
        }
    )
    return made


def no_place(places: np.ndarray, _: np.ndarray, __: np.ndarray) -> None:
    places[11] = np.nan


def far(places: np.ndarray, _: np.ndarray, __: np.ndarray) -> None:
    places[11] = np.inf


def no_corner(_: np.ndarray, __: np.ndarray, faces: np.ndarray) -> None:
    faces[-1] = 4000


def no_uv(_: np.ndarray, uvs: np.ndarray, __: np.ndarray) -> None:
    uvs[11] = np.nan


def far_uv(_: np.ndarray, uvs: np.ndarray, __: np.ndarray) -> None:
    uvs[11] = 1e20


def no_area(places: np.ndarray, _: np.ndarray, faces: np.ndarray) -> None:
    faces[-3:] = 8


@pytest.mark.parametrize("change", [no_place, far, no_corner, no_uv, far_uv, no_area])
@pytest.mark.parametrize("uvs", [True, False])
def test_the_rest_is_painted(change: Callable[..., None], uvs: bool, tmp_path: Path) -> None:
    """Five triangles of six, or all six where the sixth can be drawn; and nothing but paint changed."""
    source = with_bad(change, uvs=uvs).write(tmp_path / "a.glb")
    loaded = load_asset(source, texture_size=64)
    whole = change is no_area or (not uvs and change in (no_uv, far_uv))
    assert len(loaded.surface.faces) == (6 if whole else 5)
    name = "primitive 0 of mesh 0"
    said = (f"{name}: style3d leaves out 1 triangle", f"1 triangle of {name} cannot be painted")
    assert any(text.startswith(said) for text in loaded.remarks) == (not whole)
    assert np.isfinite(loaded.surface.positions[loaded.surface.faces]).all()
    assert np.abs(loaded.surface.uvs[loaded.surface.faces]).max() <= 2
    (path,) = save_asset(loaded, [1 - t.rgb for t in loaded.surface.textures], tmp_path / "b.glb")
    assert [found.sentence for found in diff_files(source, path) if not found.allowed] == []


def test_nothing_sound_is_refused(tmp_path: Path) -> None:
    """Where no triangle is left, the error says so."""

    def every(places: np.ndarray, _: np.ndarray, __: np.ndarray) -> None:
        places[:] = np.nan

    with pytest.raises(Style3DError, match="without one finite, complete triangle"):
        load_asset(with_bad(every).write(tmp_path / "a.glb"))


OBJ = "v 0 0 0\nv 1 0 0\nv 1 1 0\nv 0 1 0\nv 3.1+e2 0 0\nvt 0 0\nvt 1 0\nvt 1 1\nvt 0 1\n"
PLY = "ply\nformat ascii 1.0\nelement vertex 5\n" + "".join(f"property float {axis}\n" for axis in "xyz")
PLY += "property uchar red\nproperty uchar green\nproperty uchar blue\n"
PLY += "element face 3\nproperty list uchar int vertex_indices\nend_header\n"
PLY += "0 0 0 255 0 0\n1 0 0 255 0 0\n1 1 0 255 0 0\n0 1 0 255 0 0\nnan 0 0 255 0 0\n"
OFF = "OFF\n5 3 0\n0 0 0\n1 0 0\n1 1 0\n0 1 0\nnan 0 0\n"
SOLID = "facet normal 0 0 1\nouter loop\nvertex 0 0 0\nvertex 1 0 0\nvertex {} 1 0\nendloop\nendfacet\n"
ROW = "<12fH"
FILES = {
    "a.obj": OBJ + "f 1/1 2/2 3/3 4/4\nf 1/1 2/2 5/3\nf 1/1 2/2 77/3 4/4\n",
    "a.ply": PLY + "4 0 1 2 3\n3 0 1 4\n4 0 1 76 3\n",
    "a.off": OFF + "4 0 1 2 3\n3 0 1 4\n4 0 1 76 3\n",
    "text.stl": f"solid a\n{SOLID.format(1)}{SOLID.format(0)}{SOLID.format('nan')}endsolid a\n",
    "bits.stl": b"x" * 80
    + struct.pack("<I", 3)
    + b"".join(struct.pack(ROW, 0, 0, 1, 0, 0, 0, 1, 0, 0, x, 1, 0, 0) for x in (1, 0, np.nan)),
}


@pytest.mark.parametrize("name", FILES)
def test_the_rest_of_other_files_is_painted(name: str, tmp_path: Path) -> None:
    """A place that is no number and a corner that does not exist, in each format; colours of the rest stay."""
    content = FILES[name]
    (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    loaded = load_asset(tmp_path / name, texture_size=64)
    assert len(loaded.surface.faces) == 2
    assert any(f"{name}: style3d leaves out" in text for text in loaded.remarks)
    (path,) = save_asset(loaded, [1 - t.rgb for t in loaded.surface.textures], tmp_path / "b.glb")
    assert len(load_asset(path, texture_size=64).surface.faces) == len(loaded.surface.faces)
    if name == "a.ply":
        assert loaded.surface.textures[0].rgb.reshape(-1, 3).mean(0).round(2).tolist() == [1, 0, 0]
    if name == "a.obj":
        save_asset(loaded, [1 - t.rgb for t in loaded.surface.textures], tmp_path / "b.obj")
        assert "77/3" in (tmp_path / "b.obj").read_text()


CORNERS = "v 0 0 0\nv 1 0 0\nv 1 1 0\nv 0 1 0\n"
UVS = "vt 0 0\nvt 1 0\nvt 1 1\nvt 0 1\n"
TWO = "f 1/1 2/2 3/3\nf 1/1 3/3 4/4\n"
COLUMNS = "".join(f"property float {axis}\n" for axis in "xyzst")
UV_PLY = f"ply\nformat ascii 1.0\nelement vertex 4\n{COLUMNS}element face 2\nproperty list uchar uint vertex_indices\n"
UV_PLY += "end_header\n0 0 0 0 0\n1 0 0 {} 0\n1 1 0 1 1\n0 1 0 0 1\n3 0 1 2\n3 0 2 {}\n"
ONE_LEFT = {
    "words.obj": CORNERS + UVS.replace("vt 1 0", "vt 1 x") + TWO,
    "no number.obj": CORNERS + UVS.replace("vt 1 0", "vt nan(ind) 0") + TWO,
    "far.obj": CORNERS + UVS.replace("vt 1 0", "vt 1 1e30") + TWO,
    "beyond.obj": CORNERS + UVS + TWO.replace("2/2", "2/9"),
    "before.obj": CORNERS + UVS + TWO.replace("2/2", "-3/-9"),
    "unreadable corner.obj": CORNERS + UVS + TWO.replace("2/2", "b/2"),
    "endless index.obj": CORNERS + UVS + TWO.replace("2/2", "9" * 40),
    "two corners.obj": CORNERS + UVS + "f 1/1 2/2\nf 1/1 3/3 4/4\n",
    "uvs.ply": UV_PLY.format("nan", 3),
    "word.ply": UV_PLY.format("x", 3),
    "corner.ply": UV_PLY.format(1, "y"),
    "word.off": "OFF\n4 2 0\n0 0 0\n1 x 0\n1 1 0\n0 1 0\n3 0 1 2\n3 0 2 3\n",
    "corner.off": "OFF\n4 2 0\n0 0 0\n1 0 0\n1 1 0\n0 1 0\n3 0 1 2\n3 0 2 y\n",
    "uvs.off": "STOFF\n4 2 0\n0 0 0 0 0\n1 0 0 nan 0\n1 1 0 1 1\n0 1 0 0 1\n3 0 1 2\n3 0 2 3\n",
}


@pytest.mark.parametrize("name", ONE_LEFT)
def test_a_word_costs_its_triangle(name: str, tmp_path: Path) -> None:
    """UVs and corners that are no numbers, or name what is not there: one of two triangles is left, with a remark."""
    (tmp_path / name).write_text(ONE_LEFT[name])
    loaded = load_asset(tmp_path / name, texture_size=16)
    assert len(loaded.surface.faces) == 1
    assert [text for text in loaded.remarks if f"{name}: style3d leaves out 1 triangle" in text] == list(loaded.remarks)
    assert np.isfinite(loaded.surface.uvs).all()


@pytest.mark.parametrize("uvs", ["", "vt -1.#IND -1.#IND\n" * 4])
def test_uvs_of_which_none_can_be_read(uvs: str, tmp_path: Path) -> None:
    """As programs write them for models without UVs: the triangles stay, and get new ones."""
    (tmp_path / "a.obj").write_text(CORNERS + uvs + TWO)
    loaded = load_asset(tmp_path / "a.obj", texture_size=16)
    assert len(loaded.surface.faces) == 2
    assert any("no UVs that can be read" in text for text in loaded.remarks)


def test_one_bad_normal_leaves_the_others(tmp_path: Path) -> None:
    """It is made of the faces around; all others are those of the file."""
    faces = "f 1//1 2//2 3//1\nf 1//1 3//9 4//1\n"
    (tmp_path / "a.obj").write_text(CORNERS + "vn 0 0.6 0.8\nvn nan 0 1\n" + faces)
    loaded = load_asset(tmp_path / "a.obj", texture_size=16)
    normals = loaded.surface.normals[loaded.surface.faces].reshape(-1, 3)
    np.testing.assert_allclose(normals[[0, 2, 3, 5]], [[0, 0.6, 0.8]] * 4, atol=1e-6)
    np.testing.assert_allclose(normals[[1, 4]], [[0, 0, 1]] * 2, atol=1e-6)
    assert any("2 corners of a.obj" in text for text in loaded.remarks)
