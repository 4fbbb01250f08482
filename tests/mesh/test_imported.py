"""OBJ, PLY, STL and OFF: polygons, materials, colours, and what is missing or wrong."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
import trimesh
from PIL import Image

from style3d.errors import Style3DError
from style3d.images import decode_srgb
from style3d.mesh.asset import MeshAsset, load_asset, losses_of, save_asset
from style3d.mesh.mtl import texture_name
from style3d.mesh.normals import corner_normals
from style3d.mesh.polygons import triangles_of
from tests.helpers.gltf_maker import checks
from tests.helpers.validator import assert_valid
from tests.mesh.test_asset import invert

SQUARE = "v 0 0 0\nv 1 0 0\nv 1 1 0\nv 0 1 0\nvt 0 0\nvt 1 0\nvt 1 1\nvt 0 1\n"


def load(folder: Path, text: str | bytes, name: str = "a.obj", size: int = 32, **options: object) -> MeshAsset:
    """Load a file with this content."""
    (folder / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    return load_asset(folder / name, texture_size=size, **options)  # type: ignore[arg-type]


def area(asset: MeshAsset) -> float:
    """Of all triangles."""
    sides = asset.surface.positions[asset.surface.faces]
    return float(np.linalg.norm(np.cross(sides[:, 1] - sides[:, 0], sides[:, 2] - sides[:, 0]), axis=1).sum() / 2)


@pytest.mark.parametrize(
    "faces",
    ["f 1/1 2/2 3/3 4/4", "f -4/-4 -3/-3 -2/-2 -1/-1", "f 1/1 2/2 3/3\nf 1/1 3/3 4/4", "f 1/1 2/2 \\\n3/3 4/4"],
)
def test_faces_however_they_are_written(faces: str, tmp_path: Path) -> None:
    """Polygons, triangles, counted from the end, over two lines; v runs upwards in OBJ."""
    asset = load(tmp_path, SQUARE + faces)
    assert area(asset) == pytest.approx(1)
    order = np.lexsort(asset.surface.positions.T)
    np.testing.assert_allclose(asset.surface.uvs[order], [[0, 1], [1, 1], [0, 0], [1, 0]])


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "latin-1"])
def test_encodings(encoding: str, tmp_path: Path) -> None:
    """Marks at the start, two bytes a letter, letters of old code pages in comments."""
    assert len(load(tmp_path, ("# é\n" + SQUARE + "f 1/1 2/2 3/3").encode(encoding)).surface.faces) == 1


def test_polygons_keep_their_shape() -> None:
    """An arrowhead quad and a star-like polygon are cut inside themselves, in any plane."""
    arrow = np.array([[0, 0, 0], [2, 1, 0], [0, 2, 0], [0.5, 1, 0]])
    angles = np.linspace(0, 2 * np.pi, 10, endpoint=False)
    radius = np.where(np.arange(10) % 2, 0.3, 1.0)
    star = np.stack([np.cos(angles) * radius, np.sin(angles) * radius, 0 * angles], 1)
    for shape in (arrow, star):
        following = np.roll(shape, -1, 0)
        wanted = abs((shape[:, 0] * following[:, 1] - shape[:, 1] * following[:, 0]).sum()) / 2
        for axes in ([0, 1, 2], [1, 2, 0], [2, 0, 1]):
            points = shape[:, axes]
            corners = np.arange(len(shape)).reshape(1, -1, 1)
            triangles, owner = triangles_of(corners, points)
            sides = points[triangles[:, :, 0]]
            found = np.linalg.norm(np.cross(sides[:, 1] - sides[:, 0], sides[:, 2] - sides[:, 0]), axis=1).sum() / 2
            assert found == pytest.approx(wanted)
            assert owner.tolist() == [0] * (len(shape) - 2)


def test_materials_objects_and_textures(tmp_path: Path) -> None:
    """Each object a mesh, each material a primitive; the texture's own bytes where glTF takes them."""
    image = io.BytesIO()
    Image.fromarray(checks(16)).save(image, format="PNG")
    (tmp_path / "my tex.png").write_bytes(image.getvalue())
    library = "newmtl one\nKd 0 0 0\nmap_Kd -o 0 0 0 -clamp on my tex.png\nnewmtl two\nKd 0.5 0.25 1\nd 0.5\n"
    (tmp_path / "lib one.mtl").write_text(library)
    text = "mtllib lib one.mtl\no first\n" + SQUARE
    text += "usemtl one\nf 1/1 2/2 3/3\nusemtl two\nf 1/1 3/3 4/4\no second\nusemtl one\nf 1/1 2/2 4/4"
    asset = load(tmp_path, text, size=16)
    found = asset.document.json
    assert [mesh["name"] for mesh in found["meshes"]] == ["first", "second"]
    assert [len(mesh["primitives"]) for mesh in found["meshes"]] == [2, 1]
    assert [material["name"] for material in found["materials"]] == ["one", "two"]
    np.testing.assert_array_equal(asset.surface.textures[0].rgb * 255, checks(16))
    np.testing.assert_allclose(asset.surface.textures[1].rgb[0, 0], [0.5, 0.25, 1], atol=1e-6)
    assert asset.surface.materials[1].alpha == 0.5
    assert not any("read" in note for note in asset.notes)
    (path,) = save_asset(asset, invert(asset), tmp_path / "b.glb")
    assert_valid(path)


@pytest.mark.parametrize(
    ("statement", "name"),
    [
        ("a b.png", "a b.png"),
        ("-s 1 1 1 -o 0 0 0 x.png", "x.png"),
        ("-bm 0.2 x y.png", "x y.png"),
        ("-s 2 x.png", "x.png"),
        ('"q r.png"', "q r.png"),
        ("3.png", "3.png"),
    ],
)
def test_texture_statements(statement: str, name: str) -> None:
    """Options before a name that may hold spaces."""
    assert texture_name(statement) == name


def test_faces_without_uvs_beside_others(tmp_path: Path) -> None:
    """One half keeps its UVs, the other is unwrapped."""
    asset = load(tmp_path, SQUARE + "usemtl m\nf 1/1 2/2 3/3\nf 1 3 4")
    assert len(asset.surface.textures) == 2
    assert any("1 primitive without UVs" in note for note in asset.notes)


def test_vertex_colours(tmp_path: Path) -> None:
    """After the position, up to 1 or to 255; lines without them count as white, NaN too."""
    text = "v 0 0 0 1 0 0.5\nv 1 0 0 0 1 0\nv 0 1 0 nan 0 0\nv 0 0 1\nf 1 2 3\nf 1 2 4\n"
    found = load(tmp_path, text, paint="vertices").surface
    by_place = {tuple(found.positions[i]): found.vertex_rgb[found.entry[i]] for i in range(len(found.positions))}
    np.testing.assert_allclose(by_place[(0, 0, 0)], [1, 0, 0.5], atol=1e-4)
    np.testing.assert_allclose(by_place[(0, 1, 0)], [1, 1, 1], atol=1e-4)
    large = text.replace("1 0 0.5", "255 0 128").replace("0 1 0\nv 0 1", "0 255 0\nv 0 1")
    again = load(tmp_path, large, paint="vertices").surface
    np.testing.assert_allclose(again.vertex_rgb, found.vertex_rgb, atol=3e-3)


@pytest.mark.parametrize(
    "places",
    [
        "v 0 0 0 1 255 0 0\nv 1 0 0 1 0 255 0\nv 0 1 0 1 0 0 255\n",  # a weight before the colour
        "v 0 0 0 1 0 0 1\nv 1 0 0 0 1 0 1\nv 0 1 0 0 0 1 1\n",  # an opacity behind it
        "v 0 0 0\nv 1 0 0\nv 0 1 0\n# ZBrush\n#MRGB ffff0000ff00ff00\n#MRGB ff0000ff\n",
    ],
)
def test_other_ways_to_write_vertex_colours(places: str, tmp_path: Path) -> None:
    """As programs that sculpt and scan write them; painted, they follow the positions alone."""
    (tmp_path / "a.obj").write_text(places + "f 1 2 3\n")
    asset = load_asset(tmp_path / "a.obj", paint="vertices")
    np.testing.assert_allclose(asset.surface.vertex_rgb, np.eye(3), atol=1e-6)
    save_asset(asset, asset.surface.vertex_rgb[:, [1, 2, 0]], tmp_path / "b.obj")
    again = load_asset(tmp_path / "b.obj", paint="vertices")
    np.testing.assert_allclose(again.surface.vertex_rgb, np.eye(3)[:, [1, 2, 0]], atol=1e-4)
    assert "MRGB" not in (tmp_path / "b.obj").read_text()


def test_polypaint_of_another_length_is_remarked(tmp_path: Path) -> None:
    (tmp_path / "a.obj").write_text("v 0 0 0\nv 1 0 0\nv 0 1 0\n#MRGB ffff0000\nf 1 2 3\n")
    assert any("#MRGB" in text for text in load_asset(tmp_path / "a.obj").remarks)


def test_absent_files_are_remarks(tmp_path: Path) -> None:
    """No material file, no texture, one outside the folder: grey or the plain colour, and a word about it."""
    (tmp_path / "b.mtl").write_text("newmtl m\nKd 1 0 0\nmap_Kd nothing.png\nnewmtl n\nmap_Kd ../../etc/passwd\n")
    asset = load(tmp_path, "mtllib a.mtl\nmtllib b.mtl\n" + SQUARE + "usemtl m\nf 1/1 2/2 3/3\nusemtl n\nf 1/1 3/3 4/4")
    assert len(asset.notes) == 3
    assert "a.mtl" in asset.notes[0]
    np.testing.assert_allclose(asset.surface.textures[0].rgb[0, 0], [1, 0, 0], atol=1e-6)


def test_precision_far_out(tmp_path: Path) -> None:
    """A millimetre at a thousand kilometres survives; so does a millionth at the origin."""
    for scale, offset in ((1.0, 1e6), (1e-6, 0.0), (1e6, 0.0), (1e-3, -1e6)):
        points = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]]) * scale + offset
        text = "".join(f"v {x!r} {y!r} {z!r}\n" for x, y, z in points.tolist())
        asset = load(tmp_path, text + "f 1 2 3\nf 1 2 4\nf 1 3 4\nf 2 3 4\n")
        (path,) = save_asset(asset, invert(asset), tmp_path / "b.glb")
        for surface in (asset.surface, load_asset(path).surface):
            near = np.abs(surface.positions[:, None] - points[None]).max(2).min(1)
            assert near.max() < 1e-6 * scale + 1e-15 * abs(offset) * 1e3


def test_other_formats_agree(tmp_path: Path) -> None:
    """One shape in four formats: the same surface, joined, with smooth normals where it is round."""
    ball = trimesh.creation.icosphere(subdivisions=2)
    for kind in ("obj", "ply", "stl", "off"):
        ball.export(tmp_path / f"ball.{kind}")
        surface = load_asset(tmp_path / f"ball.{kind}", texture_size=64).surface
        assert len(surface.faces) == len(ball.faces)
        unit = surface.positions / np.linalg.norm(surface.positions, axis=1, keepdims=True)
        assert np.einsum("ni,ni->n", unit, surface.normals).min() > 0.99


def test_ply_colours(tmp_path: Path) -> None:
    """8-bit vertex and face colours are display-referred, and stay what they were."""
    box = trimesh.creation.box()
    colors = np.random.default_rng(0).integers(0, 256, (8, 4), dtype=np.uint8)
    colors[:, 3] = 255
    box.visual = trimesh.visual.ColorVisuals(box, vertex_colors=colors)
    box.export(tmp_path / "a.ply")
    surface = load_asset(tmp_path / "a.ply", paint="vertices").surface
    for place, color in zip(box.vertices, colors, strict=True):
        entry = surface.entry[np.abs(surface.positions - place).max(1) < 1e-9]
        np.testing.assert_allclose(surface.vertex_rgb[entry], np.tile(color[:3] / 255, (len(entry), 1)), atol=1e-3)


def test_creases() -> None:
    """A cube's edges stay sharp and a round cylinder's side does not; cuts in the mesh do not matter."""
    box = trimesh.creation.box()
    normals = corner_normals(np.array(box.vertices), np.array(box.faces, dtype=np.int64))
    np.testing.assert_allclose(normals, np.repeat(box.face_normals[:, None], 3, 1), atol=1e-12)
    soup = np.array(box.triangles).reshape(-1, 3)
    np.testing.assert_allclose(corner_normals(soup, np.arange(36).reshape(-1, 3)), normals, atol=1e-12)
    pole = trimesh.creation.cylinder(1, 4, sections=32)
    normals = corner_normals(np.array(pole.vertices), np.array(pole.faces, dtype=np.int64))
    side = np.abs(pole.face_normals[:, 2]) < 0.5
    radial = np.array(pole.triangles)[side] * [1, 1, 0]
    assert (np.einsum("fci,fci->fc", radial, normals[side]) > 0.999).all()


def fold(statements: tuple[str, str]) -> str:
    """Two squares that meet at a right angle."""
    return "v 0 0 0\nv 1 0 0\nv 1 1 0\nv 0 1 0\nv 0 0 1\nv 0 1 1\n{}\nf 1 2 3 4\n{}\nf 1 4 6 5\n".format(*statements)


@pytest.mark.parametrize(
    ("statements", "shared"), [(("s 1", "s 1"), True), (("s 1", "s 2"), False), (("s on", ""), True), (("", ""), False)]
)
def test_smoothing_groups(statements: tuple[str, str], shared: bool, tmp_path: Path) -> None:
    """Faces of one group share normals however sharp their edge is; else a crease of 60 degrees decides."""
    surface = load(tmp_path, fold(statements)).surface
    edge = surface.normals[surface.positions[:, 0] + surface.positions[:, 2] == 0]
    assert (np.abs(edge[:, [0, 2]]).min() > 0.5) == shared


@pytest.mark.parametrize("word", ["off", "0"])
def test_without_smoothing_faces_are_flat(word: str, tmp_path: Path) -> None:
    """A gentle slope keeps its edge."""
    text = fold((f"s {word}", "")).replace("v 0 0 1", "v -1 0 0.2").replace("v 0 1 1", "v -1 1 0.2")
    surface = load(tmp_path, text).surface
    assert len({tuple(row) for row in surface.normals.round(3)}) == 2


def test_objects_are_nodes_and_groups_are_meshes(tmp_path: Path) -> None:
    """Both names stay; one stands for the other where that is absent."""
    text = SQUARE + "o box\ng lid\nf 1 2 3\ng body\nf 1 3 4\no pole\nf 1 2 4\n"
    asset = load(tmp_path, text)
    assert [node["name"] for node in asset.document.json["nodes"]] == ["box", "box", "pole"]
    assert [mesh["name"] for mesh in asset.document.json["meshes"]] == ["lid", "body", "body"]


def test_statements_that_are_not_read(tmp_path: Path) -> None:
    """Each keyword is named with its number; those of curves and of how an OBJ is drawn are no surprise."""
    text = SQUARE + "usemap c.png\nvc 1 0 0\nvc 0 1 0\ncall b.obj\nlod 3\nmg 1 0.5\nvp 0 1\n# usemap\nf 1/1 2/2 3/3\n"
    asset = load(tmp_path, text)
    assert [words for words in asset.remarks if "not read: usemap (1), vc (2), call (1)" in words]
    assert any("lod (1), mg (1)" in words for words in losses_of(asset, tmp_path / "b.glb"))
    assert losses_of(asset, tmp_path / "b.obj") == ()


def test_degenerate_and_non_manifold_faces_stay(tmp_path: Path) -> None:
    """Faces without area, three faces on an edge, the same face twice: all kept, all finite."""
    text = SQUARE + "v 0.5 0.5 1\nf 1 2 3\nf 1 1 2\nf 1 3 5\nf 1 3 4\nf 1 2 3\nf 1 2 2"
    surface = load(tmp_path, text).surface
    assert len(surface.faces) == 6
    assert np.isfinite(surface.normals).all()
    np.testing.assert_allclose(np.linalg.norm(surface.normals, axis=1), 1, atol=1e-6)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.obj", "f 1 2 3", "vertices"),
        ("a.obj", "v 0 0 0\nv 1 0 0\nv 0 1 0\n", "no faces"),
        ("a.obj", "v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 9", "do not exist"),
        ("a.obj", "v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 0", "do not exist"),
        ("a.obj", "v 0 0 nan\nv 1 0 0\nv 0 1 0\nf 1 2 3", "finite"),
        ("a.obj", "v 0 0 1e400\nv 1 0 0\nv 0 1 0\nf 1 2 3", "finite"),
        ("a.obj", "v 0 0 x\nv 1 0 0\nv 0 1 0\nf 1 2 3", "not finite"),
        ("a.obj", "v 0 0 0\nv 1 0 0\nv 0 1 0\nf a b c", "read"),
        ("a.obj", "v 1 1 1\nv 1 1 1\nv 1 1 1\nf 1 2 3", "extent"),
        ("a.obj", "", "empty"),
        ("a.obj", b"\0\1\2\3" * 50, "binary"),
        ("a.obj", b"glTF\2\0\0\0", "rename"),
        ("a.stl", b"solid\nfacet", "faces|damaged"),
        ("a.stl", b"x" * 200, "damaged|faces"),
        ("a.ply", "ply\nformat ascii 1.0\nend_header\n", "x, y and z"),
        (
            "a.ply",
            b"ply\nformat binary_little_endian 1.0\nelement vertex 4000000000\nproperty float x\nend_header\nxxxx",
            "",
        ),
        ("a.ply", b"ply\nelement", "PLY header"),
        ("a.off", "OFF\n3 1 0\n0 0 0\n1 0 0\n0 1 0\n3 0 1 7\n", ""),
        ("a.glb", "{}", "rename"),
        ("a.gltf", b"\x89PNG\r\n", "is a picture"),
        ("a.zip", b"PK\3\4", "unpack"),
        ("a.fbx", b"Kaydara FBX Binary", "FBX"),
        ("a.dae", b"<?xml", "Blender"),
        ("a", b"OFF\n", "rename"),
    ],
)
def test_bad_files_are_refused(name: str, content: str | bytes, words: str, tmp_path: Path) -> None:
    """In one line that says what was got."""
    with pytest.raises(Style3DError, match=words or None) as caught:
        load(tmp_path, content, name)
    assert "\n" not in str(caught.value)


def test_missing_file(tmp_path: Path) -> None:
    """And a folder in its place."""
    for path in (tmp_path / "no.obj", tmp_path):
        with pytest.raises(Style3DError, match=r"exist|is a folder"):
            load_asset(path)


def test_linear_light_of_colours(tmp_path: Path) -> None:
    """A material's Kd is display-referred: written as a linear factor."""
    (tmp_path / "m.mtl").write_text("newmtl m\nKd 0.5 0.25 1\n")
    asset = load(tmp_path, "mtllib m.mtl\nusemtl m\n" + SQUARE + "f 1/1 2/2 3/3")
    factor = asset.document.json["materials"][0]["pbrMetallicRoughness"]["baseColorFactor"]
    np.testing.assert_allclose(factor[:3], decode_srgb(np.array([0.5, 0.25, 1])), atol=1e-6)
