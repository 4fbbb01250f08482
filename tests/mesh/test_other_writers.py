"""Programs write the same thing in other ways: several libraries, counts from zero, old line ends."""

from __future__ import annotations

import base64
import io
import json
import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from style3d.errors import Style3DError
from style3d.mesh.asset import MeshAsset, load_asset
from style3d.nerf.splats.files import read_splats
from tests.helpers.gltf_maker import Maker, checks
from tests.mesh.test_imported import SQUARE, load

RED, GREEN = (220, 30, 30), (30, 180, 40)
FACES = "f 1/1 2/2 3/3 4/4\n"
BESIDE = "v 1 0 0\nv 2 0 0\nv 2 1 0\nv 1 1 0\nvt 1 0\nvt 2 0\nvt 2 1\nvt 1 1\n"
POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n"
PLY = "ply\nformat {} 1.0\nelement vertex 3\nproperty float x\nproperty float y\nproperty float z\n"
PLY += "element face 1\nproperty list uchar int vertex_indices\nend_header\n"
ROW = struct.pack("<12fH", 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0)


def plain(folder: Path, name: str, color: tuple[int, int, int]) -> None:
    """A picture of one colour."""
    Image.fromarray(np.full((8, 8, 3), color, np.uint8)).save(folder / name)


def shown_colors(asset: MeshAsset) -> list[list[int]]:
    """The mean of each texture."""
    return [np.rint(t.rgb.reshape(-1, 3).mean(0) * 255).astype(int).tolist() for t in asset.surface.textures]


def test_several_libraries_on_a_line(tmp_path: Path) -> None:
    """All are read; a lone name may still hold spaces."""
    (tmp_path / "a.mtl").write_text("newmtl m\nKd 1 0 0\n")
    (tmp_path / "b.mtl").write_text("newmtl n\nKd 0 1 0\n")
    (tmp_path / "my own.mtl").write_text("newmtl o\nKd 0 0 1\n")
    names = "mtllib ./b.mtl ./a.mtl\nmtllib my own.mtl\n"
    asset = load(tmp_path, names + SQUARE + "".join(f"usemtl {m}\nf 1/1 2/2 3/3\n" for m in "mno"), "x.obj")
    assert asset.remarks == ()
    assert shown_colors(asset) == [[255, 0, 0], [0, 255, 0], [0, 0, 255]]


@pytest.mark.parametrize("content", [b"", POINTER])
def test_a_library_that_cannot_be_read_is_remarked(content: bytes, tmp_path: Path) -> None:
    """The model is painted without it."""
    (tmp_path / "a.mtl").write_bytes(content)
    asset = load(tmp_path, "mtllib a.mtl\nusemtl m\n" + SQUARE + FACES)
    assert any("a.mtl could not be read" in text for text in asset.remarks)


@pytest.mark.parametrize("start", [0, 1])
def test_tiles_are_counted_from_zero_or_one(start: int, tmp_path: Path) -> None:
    """As ZBrush and Mudbox do."""
    for column, color in enumerate((RED, GREEN)):
        plain(tmp_path, f"t_u{column + start}_v{start}.png", color)
    (tmp_path / "a.mtl").write_text(f"newmtl m\nmap_Kd t_u{start}_v{start}.png\n")
    asset = load(tmp_path, "mtllib a.mtl\nusemtl m\n" + SQUARE + BESIDE + FACES + "f 5/5 6/6 7/7 8/8\n")
    assert shown_colors(asset) == [list(RED), list(GREEN)]


def with_uri(folder: Path, uri: str) -> MeshAsset:
    """A glTF whose picture has this address."""
    made = Maker()
    made.show(made.quad(made.textured_material(checks(16))))
    content = made.glb()
    size = struct.unpack_from("<I", content, 12)[0]
    item = json.loads(content[20 : 20 + size])
    item["images"] = [{"uri": uri}]
    item["buffers"][0]["uri"] = "a.bin"
    (folder / "a.bin").write_bytes(content[28 + size :])
    (folder / "a.gltf").write_text(json.dumps(item))
    return load_asset(folder / "a.gltf", texture_size=16)


@pytest.mark.parametrize(
    ("head", "change"),
    [
        ("data:image/png;base64,", str),
        ("data:;base64,", lambda text: text.replace("+", "-").replace("/", "_").rstrip("=")),
        (
            "data:application/octet-stream;base64,",
            lambda text: "\n".join(text[i : i + 76] for i in range(0, len(text), 76)),
        ),
    ],
)
def test_pictures_within_addresses(head: str, change: type[str], tmp_path: Path) -> None:
    """Letters of addresses, without a filling, in lines, of no type."""
    stream = io.BytesIO()
    Image.fromarray(checks(16, 5)).save(stream, "PNG")
    asset = with_uri(tmp_path, head + change(base64.b64encode(stream.getvalue()).decode()))
    assert asset.remarks == ()
    np.testing.assert_allclose(asset.surface.textures[0].rgb * 255, checks(16, 5), atol=0.6)


def test_a_name_that_is_escaped_twice(tmp_path: Path) -> None:
    plain(tmp_path, "my wood.png", GREEN)
    assert shown_colors(with_uri(tmp_path, "my%2520wood.png")) == [list(GREEN)]


def test_a_texture_without_a_picture_is_remarked(tmp_path: Path) -> None:
    """As where its picture is in an extension that nobody reads."""
    made = Maker()
    made.show(made.quad(made.textured_material(checks(16), name="wood")))
    del made.json["textures"][0]["source"]
    asset = load_asset(made.write(tmp_path / "a.glb"), texture_size=16)
    assert any("material wood: its texture names no picture" in text for text in asset.remarks)


def test_a_set_of_uvs_that_is_not_there_is_remarked(tmp_path: Path) -> None:
    made = Maker()
    made.show(made.quad(made.textured_material(checks(16), name="wood")))
    made.json["materials"][0]["pbrMetallicRoughness"]["baseColorTexture"]["texCoord"] = 1
    asset = load_asset(made.write(tmp_path / "a.glb"), texture_size=16)
    assert any("lacks TEXCOORD_1, by which material wood" in text for text in asset.remarks)


def test_further_tables_of_a_mesh_are_remarked(tmp_path: Path) -> None:
    """Edges and materials, which nothing else holds."""
    text = PLY.format("ascii").replace("element face", "element edge 1\nproperty int vertex1\nelement face")
    asset = load(tmp_path, text + "0 0 0\n1 0 0\n0 1 0\n2\n3 0 1 2\n", "a.ply")
    assert any("further tables are left out: edge (1)" in text for text in asset.remarks)


@pytest.mark.parametrize("end", ["\r", "\r\n", "\n"])
def test_line_ends_of_ply(end: str, tmp_path: Path) -> None:
    """Text and binary; a binary row may begin with what would end a line."""
    text = (PLY.format("ascii") + "0 0 0\n1 0 0\n0 1 0\n3 0 1 2\n").replace("\n", end)
    assert len(load(tmp_path, text.encode(), "a.ply").surface.faces) == 1
    first = struct.unpack("<f", b"\x0a\x0d\x0a\x3f")[0]
    rows = struct.pack("<9f", first, 0, 0, 1, 0, 0, 0, 1, 0) + struct.pack("<B3i", 3, 0, 1, 2)
    head = PLY.format("binary_little_endian").replace("\n", end).encode()
    surface = load(tmp_path, head + rows, "b.ply").surface
    assert surface.positions[:, 0].tolist() == pytest.approx([first, 1, 0])


def test_off_in_small_letters(tmp_path: Path) -> None:
    asset = load(tmp_path, "coff 3 1 0\n0 0 0 255 0 0\n1 0 0 255 0 0\n0 1 0 255 0 0\n3 0 1 2\n", "a.off")
    assert shown_colors(asset) == [[255, 0, 0]]


@pytest.mark.parametrize(("count", "rows", "words"), [(0, 1, "says that it has no"), (1, 2, "50 bytes behind")])
def test_stl_whose_number_of_triangles_is_wrong(count: int, rows: int, words: str, tmp_path: Path) -> None:
    """Zero is what programs leave there that write on while they go; more than is said is left out."""
    asset = load(tmp_path, b"x" * 80 + struct.pack("<I", count) + ROW * rows, "a.stl")
    assert len(asset.surface.faces) == 1
    assert any(words in text for text in asset.remarks)


@pytest.mark.parametrize("name", ["a.glb", "a.obj", "a.ply", "a.gltf"])
def test_what_is_not_the_file_itself(name: str, tmp_path: Path) -> None:
    """A pointer of Git LFS and a page in the place of a download are called by their names."""
    for content, words in ((POINTER, "git lfs pull"), (b"\n<!DOCTYPE html><html>404", "is a web page")):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(Style3DError, match=words):
            load_asset(tmp_path / name)
        if name != "a.obj":
            with pytest.raises(Style3DError, match=words):
                read_splats(tmp_path / name)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "BMP", "TIFF"])
@pytest.mark.parametrize("statement", ["map_Kd c.png", "norm c.png", "map_Pr c.png", "map_d c.png"])
def test_a_picture_that_is_cut_off_is_remarked(kind: str, statement: str, tmp_path: Path) -> None:
    """Whatever it shows; the material goes without it, and the model is painted."""
    stream = io.BytesIO()
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (64, 64, 3)).astype(np.uint8)).save(stream, kind)
    (tmp_path / "c.png").write_bytes(stream.getvalue()[: len(stream.getvalue()) // 3])
    (tmp_path / "a.mtl").write_text(f"newmtl m\nKd 1 0 0\n{statement}\n")
    asset = load(tmp_path, "mtllib a.mtl\nusemtl m\n" + SQUARE + FACES)
    assert any("'c.png' could not be read" in text for text in asset.remarks)
    assert shown_colors(asset) == [[255, 0, 0]]


def test_a_picture_of_a_gltf_that_is_cut_off_is_remarked(tmp_path: Path) -> None:
    stream = io.BytesIO()
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (64, 64, 3)).astype(np.uint8)).save(stream, "PNG")
    half = base64.b64encode(stream.getvalue()[:6000]).decode()
    assert any("could not be read" in text for text in with_uri(tmp_path, f"data:image/png;base64,{half}").remarks)
