"""Colours and UVs as many programs keep them in tables: PLY, STL and OFF."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from style3d.errors import Style3DError
from style3d.gltf.accessors import Accessors
from style3d.images import decode_srgb
from style3d.mesh.asset import load_asset
from style3d.mesh.formats import Kind
from style3d.mesh.imported import import_mesh
from style3d.remarks import collect_remarks

SQUARE = [(0, 0, 0), (1, 0, 0), (1, 1, 0), (0, 1, 0)]
COLORS = [(255, 0, 0), (0, 255, 0), (0, 0, 255), (51, 102, 204)]


def ply(path: Path, vertex: list[str], rows: list[list[float]], face: list[str], faces: list[str], *notes: str) -> Path:
    head = ["ply", "format ascii 1.0", *(f"comment {note}" for note in notes), f"element vertex {len(rows)}"]
    head += [f"property {column}" for column in ("float x", "float y", "float z", *vertex)]
    head += [f"element face {len(faces)}", *(f"property {column}" for column in face), "end_header"]
    path.write_text("\n".join([*head, *(" ".join(map(str, row)) for row in rows), *faces, ""]))
    return path


def colors_of(path: Path) -> np.ndarray:
    """Linear colours of all vertices, in order of their places."""
    kind: dict[str, Kind] = {".ply": "ply", ".stl": "stl", ".off": "off"}
    document = import_mesh(path, path.read_bytes(), kind[path.suffix])
    found = []
    for primitive in document.json["meshes"][0]["primitives"]:
        reader = Accessors(document)
        places = reader.floats(primitive["attributes"]["POSITION"])
        found.append(np.column_stack([places, reader.floats(primitive["attributes"]["COLOR_0"])]))
    table = np.unique(np.round(np.concatenate(found), 4), axis=0)
    return table[np.lexsort((table[:, 0], table[:, 1]))][:, 3:]


WANTED = decode_srgb(np.array([COLORS[i] for i in (0, 1, 3, 2)]) / 255)


@pytest.mark.parametrize("kind", ["uchar", "ushort", "float", "float 255", "int"])
@pytest.mark.parametrize("names", ["red green blue", "diffuse_red diffuse_green diffuse_blue", "r g b"])
def test_colours_of_any_name_and_range_are_read(tmp_path: Path, names: str, kind: str) -> None:
    full = {"uchar": 255, "ushort": 65535, "float": 1, "float 255": 255, "int": 255}[kind]
    whole = kind not in ("float",)
    rows = [
        [*p, *(round(v / 255 * full) if whole else v / 255 for v in c)] for p, c in zip(SQUARE, COLORS, strict=True)
    ]
    columns = [f"{kind.split()[0]} {name}" for name in names.split()]
    path = ply(tmp_path / "a.ply", columns, rows, ["list uchar int vertex_indices"], ["4 0 1 2 3"])
    with collect_remarks() as remarks:
        np.testing.assert_allclose(colors_of(path)[:, :3], WANTED, atol=1e-3)
    assert not remarks


def test_colours_of_faces_and_of_their_corners_are_read(tmp_path: Path) -> None:
    rows = [list(p) for p in SQUARE]
    face = ["list uchar int vertex_indices", *(f"uchar {name}" for name in ("red", "green", "blue"))]
    by_face = colors_of(ply(tmp_path / "f.ply", [], rows, face, ["4 0 1 2 3 51 102 204"]))
    np.testing.assert_allclose(by_face[:, :3], np.tile(WANTED[2], (4, 1)), atol=1e-3)
    numbers = " ".join(str(value / 255) for color in COLORS for value in color)
    face = ["list uchar int vertex_indices", "list uchar float color"]
    by_corner = colors_of(ply(tmp_path / "c.ply", [], rows, face, [f"4 0 1 2 3 12 {numbers}"]))
    np.testing.assert_allclose(by_corner[:, :3], WANTED, atol=1e-3)


def test_columns_that_nobody_uses_are_told(tmp_path: Path) -> None:
    rows = [[*p, 1, 2] for p in SQUARE]
    path = ply(tmp_path / "a.ply", ["float quality", "int label"], rows, ["list uchar int vertex_index"], ["4 0 1 2 3"])
    with collect_remarks() as remarks:
        load_asset(path)
    assert remarks == ["a.ply: columns of its vertex table are not used: quality, label"]


@pytest.mark.parametrize("wedge", [True, False])
def test_each_picture_of_a_ply_becomes_a_material(tmp_path: Path, wedge: bool) -> None:
    for number, color in enumerate(COLORS[:2]):
        Image.new("RGB", (8, 8), color).save(tmp_path / f"n {number}.png")
    notes = ["TextureFile n 0.png", "TextureFile C:\\scans\\N 1.PNG"]
    if wedge:
        rows, columns = [list(p) for p in SQUARE], []
        face = ["list uchar int vertex_indices", "list uchar float texcoord", "int texnumber"]
        faces = ["3 0 1 2 6 0 0 1 0 1 1 0", "3 0 2 3 6 0 0 1 1 0 1 1"]
    else:
        rows, columns = [[*p, p[0], p[1]] for p in SQUARE], ["float texture_u", "float texture_v"]
        face, faces = ["list uchar int vertex_indices", "uchar texnumber"], ["3 0 1 2 0", "3 0 2 3 1"]
    asset = load_asset(ply(tmp_path / "a.ply", columns, rows, face, faces, *notes))
    means = [texture.rgb.reshape(-1, 3).mean(0) * 255 for texture in asset.surface.textures]
    np.testing.assert_allclose(means, COLORS[:2], atol=1)


def test_binary_plys_with_faces_of_several_sizes_and_strips_are_read(tmp_path: Path) -> None:
    places = np.array([*SQUARE, (2, 0, 0)], ">f4").tobytes()
    head = "ply\r\nformat binary_big_endian 1.0\r\nelement vertex 5\r\nproperty float x\r\nproperty float y\r\n"
    head += "property float z\r\n"
    face = "element face 2\r\nproperty list uchar uint vertex_indices\r\nend_header\r\n"
    faces = struct.pack(">B4IB3I", 4, 0, 1, 2, 3, 3, 1, 4, 2)
    (tmp_path / "a.ply").write_bytes((head + face).encode() + places + faces)
    assert len(load_asset(tmp_path / "a.ply").surface.faces) == 3
    strip = "element tristrips 1\r\nproperty list int int vertex_indices\r\nend_header\r\n"
    content = struct.pack(">i8i", 8, 0, 1, 3, 2, -1, 1, 4, 2)
    (tmp_path / "b.ply").write_bytes((head + strip).encode() + places + content)
    assert len(load_asset(tmp_path / "b.ply").surface.faces) == 3
    (tmp_path / "c.ply").write_bytes((head + face).encode() + places + faces[:-2])
    with pytest.raises(Style3DError, match="truncated"):
        load_asset(tmp_path / "c.ply")


def test_a_header_line_without_a_known_word_is_a_comment(tmp_path: Path) -> None:
    """As Blender 2.4 wrote its name."""
    path = ply(tmp_path / "a.ply", [], [list(p) for p in SQUARE], ["list uchar int vertex_indices"], ["4 0 1 2 3"])
    path.write_text(path.read_text().replace("1.0\n", "1.0\nCreated by a program: \n", 1))
    assert len(load_asset(path).surface.faces) == 2


def stl(header: bytes, spare: list[int]) -> bytes:
    triangles = [(SQUARE[0], SQUARE[1], SQUARE[2]), (SQUARE[0], SQUARE[2], SQUARE[3])]
    rows = (struct.pack("<12fH", 0, 0, 1, *sum(t, ()), bits) for t, bits in zip(triangles, spare, strict=True))
    return header.ljust(80, b"\0") + struct.pack("<I", 2) + b"".join(rows)


@pytest.mark.parametrize(
    ("header", "spare"),
    [
        (b"solid by VisCAM", [1 << 15 | 31 << 10, 1 << 15 | 31]),  # red is high, and the bit says: own
        (b"COLOR=\x00\x00\xff\xff,MATERIAL=", [31, 1 << 15]),  # red is low, and the bit says: the file's
    ],
)
def test_colours_in_spare_bits_of_stl_are_read(tmp_path: Path, header: bytes, spare: list[int]) -> None:
    (tmp_path / "a.stl").write_bytes(stl(header, spare))
    found = np.unique(colors_of(tmp_path / "a.stl")[:, :3], axis=0)
    np.testing.assert_allclose(found, [[0, 0, 1], [1, 0, 0]], atol=1e-3)


@pytest.mark.parametrize(
    "text",
    [
        "COFF\n4 1 0\n0 0 0 255 0 0 255\n1 0 0 0 255 0 255\n1 1 0 0 0 255 255\n0 1 0 51 102 204 255\n4 0 1 2 3\n",
        "COFF 4 1 0\n0 0 0 1 0 0 1\n1 0 0 0 1 0 1\n1 1 0 0 0 1 1\n0 1 0 .2 .4 .8 1\n4 0 1 2 3\n",
        "COFF4 1 0\n0 0 0 1 0 0 1\n1 0 0 0 1 0 1\n1 1 0 0 0 1 1\n0 1 0 .2 .4 .8 1\n4 0 1 2 3\n",
        "STCNOFF\n# all\n4 1 0\n0 0 0 0 0 1 1 0 0 1 0 0\n1 0 0 0 0 1 0 1 0 1 1 0\n"
        "1 1 0 0 0 1 0 0 1 1 1 1\n0 1 0 0 0 1 .2 .4 .8 1 0 1\n4 0 1 2 3\n",
        "NCOFF\n4 1 0\n0 0 0 255 0 0 255 0 0 1\n1 0 0 0 255 0 255 0 0 1\n"
        "1 1 0 0 0 255 255 0 0 1\n0 1 0 51 102 204 255 0 0 1\n4 0 1 2 3\n",
        "NCSTOFF\n4 1 0\n0 0 0 255 0 0 255 0 0 1 0 0\n1 0 0 0 255 0 255 0 0 1 1 0\n"
        "1 1 0 0 0 255 255 0 0 1 1 1\n0 1 0 51 102 204 255 0 0 1 0 1\n4 0 1 2 3\n",
    ],
)
def test_colours_of_off_are_read(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.off").write_text(text)
    np.testing.assert_allclose(colors_of(tmp_path / "a.off")[:, :3], WANTED, atol=1e-3)


@pytest.mark.parametrize("behind", ["51 102 204", "0.2 0.4 0.8", "51 102 204 255", "0.2 0.4 0.8 1.0"])
def test_colours_of_off_faces_are_read(tmp_path: Path, behind: str) -> None:
    rows = "\n".join(" ".join(map(str, p)) for p in SQUARE)
    (tmp_path / "a.off").write_text(f"OFF\n4 1 0\n{rows}\n4 0 1 2 3 {behind}\n")
    np.testing.assert_allclose(colors_of(tmp_path / "a.off")[:, :3], np.tile(WANTED[2], (4, 1)), atol=1e-3)


@pytest.mark.parametrize("word", ["4OFF", "nOFF", "OFF BINARY"])
def test_off_of_other_kinds_is_named(tmp_path: Path, word: str) -> None:
    (tmp_path / "a.off").write_text(f"{word}\n4 1 0\n")
    with pytest.raises(Style3DError, match="not read"):
        import_mesh(tmp_path / "a.off", (tmp_path / "a.off").read_bytes(), "off")
