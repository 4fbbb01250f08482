"""An OBJ becomes an OBJ with the same objects, groups, polygons and statements; only base colours are new."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from style3d.mesh.asset import MeshAsset, load_asset, losses_of, save_asset
from tests.helpers.gltf_maker import Maker, checks

SHED = """# a shed
mtllib shed.mtl
v 0 0 0
v 1 0 0
v 1 1 0
v 0 1 0
vt 0 0
vt 1 0
vt 1 1
vt 0 1
o Wall
g front outer
s 1
usemtl wood
f -4/-4 -3/-3 -2/-2 -1/-1
v 2 0 0
v 3 0 0
v 3 1 0
v 2 1 0
vt 0.25 0.25
o Roof
s off
usemtl tin
f 5/1 6/2 7/3 8/4
l 5 7
"""
LIBRARY = """newmtl wood
Kd 0.5 0.5 0.5
Ks 0.2 0.2 0.2
Ns 250
illum 2
map_Kd -s 2 2 1 -clamp off wood.png
map_Bump -bm 0.4 bumps.png
disp heights.png

newmtl tin
Kd 0.3 0.3 0.35
Pm 1
newmtl unused
Kd 1 0 0
"""


@pytest.fixture
def shed(tmp_path: Path) -> Path:
    """Two quads of two objects, materials with further statements and maps, a line."""
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "shed.obj").write_text(SHED)
    (tmp_path / "in" / "shed.mtl").write_text(LIBRARY)
    for seed, name in enumerate(("wood", "bumps", "heights")):
        pixels = np.full((16, 16, 3), [128, 128, 255], np.uint8) if name == "bumps" else checks(16, seed)
        Image.fromarray(pixels).save(tmp_path / "in" / f"{name}.png")
    return tmp_path / "in" / "shed.obj"


def grey(asset: MeshAsset) -> list[np.ndarray]:
    """All textures in one grey."""
    return [np.full_like(texture.rgb, 0.2) for texture in asset.surface.textures]


def test_only_base_colours_differ(shed: Path, tmp_path: Path) -> None:
    """Objects, groups, smoothing, polygons, lines, comments and statements stay; pictures come along."""
    asset = load_asset(shed, texture_size=16)
    files = save_asset(asset, grey(asset), tmp_path / "out" / "b.obj")
    lines = files[-1].read_text().splitlines()
    wanted = SHED.replace("shed.mtl", "b.mtl").replace("-4/-4 -3/-3 -2/-2 -1/-1", "1/1 2/2 3/3 4/4").splitlines()
    assert sorted(lines) == sorted(wanted)
    assert lines[1:] == [line for line in wanted if "mtllib" not in line]
    library = (tmp_path / "out" / "b.mtl").read_text().splitlines()
    for kept in ("Ks 0.2 0.2 0.2", "Ns 250", "illum 2", "Pm 1", "map_Bump -bm 0.4 b-bumps.png", "disp b-heights.png"):
        assert kept in library
    assert "map_Kd -s 2 2 1 -clamp off b-0-wood.png" in library
    assert library.count("Kd 1 1 1") == 2
    assert (tmp_path / "out" / "b-bumps.png").read_bytes() == (shed.parent / "bumps.png").read_bytes()
    again = load_asset(files[-1], texture_size=16)
    np.testing.assert_allclose([t.rgb for t in again.surface.textures], grey(asset), atol=1 / 255)
    assert again.remarks == ()
    assert losses_of(asset, tmp_path / "b.obj") == ()


def test_what_only_an_obj_holds_is_remarked(shed: Path, tmp_path: Path) -> None:
    """Lines and pictures that glTF has no place for."""
    told = " ".join(losses_of(load_asset(shed, texture_size=16), tmp_path / "b.glb"))
    assert "points, lines or curves" in told
    assert "disp (1)" in told


def test_faces_with_new_uvs(shed: Path, tmp_path: Path) -> None:
    """A quad without UVs stays a quad where its corners stay together; new lines are numbered after all others."""
    shed.write_text(SHED.replace("5/1 6/2 7/3 8/4", "5 6 7 8").replace("usemtl tin", "usemtl wood"))
    asset = load_asset(shed, texture_size=16)
    files = save_asset(asset, grey(asset), tmp_path / "b.obj")
    text = files[-1].read_text()
    assert text.count("\nf ") == 2
    assert "usemtl wood-2" in text
    again = load_asset(files[-1], texture_size=16)
    assert again.remarks == ()
    old, new = asset.surface, again.surface
    corners = [
        np.column_stack([s.positions[s.faces].reshape(-1, 9), s.uvs[s.faces].reshape(-1, 6)]) for s in (old, new)
    ]
    np.testing.assert_allclose(np.sort(corners[1], 0), np.sort(corners[0], 0), atol=1e-5)


def test_new_uvs_leave_other_maps_out(shed: Path, tmp_path: Path) -> None:
    """An OBJ has one UV set: what went by the old one is left out, with a remark."""
    asset = load_asset(shed, texture_size=16, uv="new")
    assert any("wood" in text and "UV set" in text for text in losses_of(asset, tmp_path / "b.obj"))
    save_asset(asset, grey(asset), tmp_path / "b.obj")
    assert "map_Bump" not in (tmp_path / "b.mtl").read_text()


def test_vertex_colours_follow_positions(shed: Path, tmp_path: Path) -> None:
    """In the source's own lines."""
    asset = load_asset(shed, paint="vertices")
    files = save_asset(asset, np.full((asset.surface.entries, 3), 0.25), tmp_path / "b.obj")
    lines = files[-1].read_text().splitlines()
    assert "v 0 0 0 0.25 0.25 0.25" in lines
    assert "f 5/1 6/2 7/3 8/4" in lines
    assert "map_Kd" not in (tmp_path / "b.mtl").read_text()


@pytest.mark.parametrize("named", ["cloth.<UDIM>.png", "cloth.1001.png", "cloth_u1_v1.png"])
def test_tiles(named: str, tmp_path: Path) -> None:
    """Each tile its picture, whole faces by the middle of their UVs; written again as tiles, with the UVs they had."""
    colors = {1001: 40, 1002: 90, 1011: 140}
    for tile, level in colors.items():
        row, column = divmod(tile - 1001, 10)
        name = f"cloth_u{column + 1}_v{row + 1}.png" if "_u1" in named else f"cloth.{tile}.png"
        Image.new("RGB", (8, 8), (level,) * 3).save(tmp_path / name)
    (tmp_path / "a.mtl").write_text(f"newmtl cloth\nmap_Kd {named}\n")
    text, uvs = "mtllib a.mtl\nusemtl cloth\n", ((0, 0), (1, 0), (0, 1))
    for number, (u, v) in enumerate(uvs):
        text += "".join(f"v {2 * u + x} {2 * v + y} 0\nvt {u + x} {v + y}\n" for x, y in ((0, 0), (1, 0), (1, 1)))
        text += "f " + " ".join(f"{3 * number + k}/{3 * number + k}" for k in (1, 2, 3)) + "\n"
    (tmp_path / "a.obj").write_text(text)
    asset = load_asset(tmp_path / "a.obj", texture_size=16)
    levels = [round(float(texture.rgb.mean()) * 255) for texture in asset.surface.textures]
    assert levels == list(colors.values())
    files = save_asset(asset, [texture.rgb for texture in asset.surface.textures], tmp_path / "out" / "b.obj")
    assert {path.name for path in files} >= {f"b-cloth.{tile}.png" for tile in colors}
    assert files[-1].read_text().count("vt ") == text.count("vt ")
    again = load_asset(files[-1], texture_size=16)
    assert [round(float(texture.rgb.mean()) * 255) for texture in again.surface.textures] == levels
    (tmp_path / ("cloth_u1_v2.png" if "_u1" in named else "cloth.1011.png")).unlink()
    assert "1011" in " ".join(load_asset(tmp_path / "a.obj").remarks) or "u1_v2" in " ".join(
        load_asset(tmp_path / "a.obj").remarks
    )


def test_a_gltf_keeps_what_an_obj_holds(tmp_path: Path) -> None:
    """Names of objects, colours of vertices over a texture, normal maps, roughness; losses are remarked."""
    made = Maker()
    quad = made.quad(made.textured_material(checks(16)))
    colors = np.float32([[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 1]])
    quad["attributes"]["COLOR_0"] = made.accessor(colors, "VEC3")
    material = made.json["materials"][0]
    index = material["pbrMetallicRoughness"]["baseColorTexture"]["index"]
    material["normalTexture"] = {"index": index, "scale": 0.5}
    material["pbrMetallicRoughness"] |= {"metallicRoughnessTexture": {"index": index}, "roughnessFactor": 0.5}
    made.show(quad, name="the lid")
    asset = load_asset(made.write(tmp_path / "a.glb"), texture_size=16)
    assert losses_of(asset, tmp_path / "b.obj") == ()
    files = save_asset(asset, grey(asset), tmp_path / "b.obj")
    text, library = files[-1].read_text(), (tmp_path / "b.mtl").read_text()
    assert "o the_lid" in text
    assert sum(len(line.split()) == 7 for line in text.splitlines() if line.startswith("v ")) == 4
    for word in ("norm -bm 0.5 ", "map_Pr ", "map_Pm ", "Pr 0.5"):
        assert word in library
    again = load_asset(files[-1], texture_size=16)
    np.testing.assert_allclose(np.sort(again.surface.tint, 0), np.sort(asset.surface.tint, 0), atol=2e-3)
    assert "normalTexture" in again.document.json["materials"][0]
