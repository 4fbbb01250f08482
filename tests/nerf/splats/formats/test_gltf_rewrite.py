"""Splats of a glTF go back into it: nodes, names, meshes and all else stay, and colours are what was painted."""

from __future__ import annotations

import copy
import gzip
import struct
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from style3d.errors import Style3DError
from style3d.images import decode_srgb
from style3d.mesh.asset import load_asset
from style3d.nerf.splats.files import losses_of, read_splats, write_splats
from style3d.nerf.splats.splats import Splats
from style3d.nerf.splats.split import split_in_halves
from style3d.remarks import collect_remarks
from tests.helpers.clouds import cloud, covariances, directions
from tests.helpers.gltf_maker import Maker, checks, read_glb
from tests.nerf.splats.formats.test_gaussian_gltf import NAME, primitive

TURN = Rotation.from_rotvec([0.4, 1.0, -0.3]).as_quat().tolist()
COUNT = 30


def garden(path: Path, degree: int = 2, **described: Any) -> Path:
    """A bush at three named nodes, one of them within another, a rock, and a floor of triangles."""
    made = Maker()
    bush, rock = cloud(COUNT, degree), cloud(10, 0, seed=4)
    extra = made.accessor(np.arange(COUNT, dtype=np.float32), "SCALAR")
    points = made.accessor(np.full((COUNT, 4), 40000, np.uint16), "VEC4", normalized=True)
    item = primitive(made, bush, **described)
    item["attributes"] |= {"_ID": extra, "COLOR_0": points}
    left = made.show(item, name="left", translation=[-9, 0, 0], extras={"id": 7})
    made.json["meshes"][0] |= {"name": "bush", "extras": {"leaves": 3}}
    right = made.add("nodes", {"name": "right", "mesh": 0, "rotation": TURN, "scale": [2, 2, 2]})
    far = made.add("nodes", {"name": "far", "mesh": 0, "translation": [0, 8, 0], "scale": [1, 3, 1]})
    made.json["nodes"][right]["children"] = [far]
    made.json["scenes"][0]["nodes"].append(right)
    made.show(primitive(made, rock), name="rock")
    made.show(made.quad(made.textured_material(checks(), name="tiles")), name="floor")
    made.json |= {"extensionsUsed": [NAME], "animations": [{"name": "sway", "channels": [], "samplers": []}]}
    assert left == 0
    return made.write(path)


def painted(splats: Splats, seed: int = 5) -> Splats:
    """New base colours for all splats."""
    colors = np.random.default_rng(seed).random((splats.count, 3)).astype(np.float32)
    return splats.with_base_colors(colors, "keep")


def rewritten(path: Path, change: Any) -> tuple[Splats, Splats, dict[str, Any], dict[str, Any]]:
    """What was to be written and what is read of it, and the JSON before and after."""
    splats = change(read_splats(path))
    target = path.with_name("out.glb")
    write_splats(splats, target)
    return splats, read_splats(target), read_glb(path)[0], read_glb(target)[0]


def assert_same_colors(found: Splats, wanted: Splats, atol: float = 5e-6) -> None:
    seen = directions(wanted.count)
    np.testing.assert_allclose(found.base_colors, wanted.base_colors, atol=atol)
    np.testing.assert_allclose(found.sh_colors(seen), wanted.sh_colors(seen), atol=atol)


def test_nothing_painted_changes_nothing(tmp_path: Path) -> None:
    path = garden(tmp_path / "a.glb")
    write_splats(read_splats(path), tmp_path / "b.glb")
    assert read_glb(tmp_path / "b.glb") == read_glb(tmp_path / "a.glb")


def test_every_node_shows_what_was_painted_there(tmp_path: Path) -> None:
    """Under moved, turned, scaled and unevenly scaled nodes, with harmonics and geometry as they were."""
    source = read_splats(garden(tmp_path / "a.glb"))
    wanted, found, before, after = rewritten(tmp_path / "a.glb", painted)
    assert_same_colors(found, wanted)
    np.testing.assert_array_equal(found.positions, source.positions)
    np.testing.assert_array_equal(covariances(found), covariances(source))
    bare = [{key: value for key, value in node.items() if key != "mesh"} for node in before["nodes"]]
    assert [{key: value for key, value in node.items() if key != "mesh"} for node in after["nodes"]] == bare
    for kind in ("scenes", "materials", "textures", "animations", "extensionsUsed"):
        assert after[kind] == before[kind]
    assert [after["nodes"][k]["mesh"] for k in (0, 3, 4)] == [0, 1, 2]  # the other two nodes of the bush got copies
    assert [mesh.get("name") for mesh in after["meshes"]] == ["bush", None, None, "bush", "bush"]
    shared = {item["primitives"][0]["attributes"]["POSITION"] for item in (after["meshes"][k] for k in (0, 3, 4))}
    assert len(shared) == 1
    assert after["meshes"][2] == before["meshes"][2]


def test_only_colours_are_new(tmp_path: Path) -> None:
    """Where one node shows a mesh, its accessors keep their numbers, and no dead bytes stay."""
    made, splats = Maker(), cloud(COUNT, 3)
    made.show(primitive(made, splats), name="one")
    path = made.write(tmp_path / "a.glb")
    wanted, found, before, after = rewritten(path, painted)
    assert after["meshes"] == before["meshes"]
    assert after["nodes"] == before["nodes"]
    assert len(after["accessors"]) == len(before["accessors"])
    assert len((tmp_path / "out.glb").read_bytes()) < 1.2 * len(path.read_bytes())
    assert_same_colors(found, wanted)
    np.testing.assert_array_equal(found.sh[:, 1:], wanted.sh[:, 1:])


def test_points_for_other_programs_follow(tmp_path: Path) -> None:
    """COLOR_0 is linear light in the type that it had; its opacity stays, and who had none gets none."""
    garden(tmp_path / "a.glb")
    wanted, _, _, after = rewritten(tmp_path / "a.glb", painted)
    body = read_glb(tmp_path / "out.glb")[1]
    view = after["bufferViews"][
        after["accessors"][after["meshes"][0]["primitives"][0]["attributes"]["COLOR_0"]]["bufferView"]
    ]
    color = np.frombuffer(body, "<u2", COUNT * 4, view["byteOffset"]).reshape(COUNT, 4)
    np.testing.assert_allclose(color[:, :3] / 65535, decode_srgb(wanted.base_colors[:COUNT]), atol=1e-4)
    assert (color[:, 3] == 40000).all()
    assert "COLOR_0" not in after["meshes"][1]["primitives"][0]["attributes"]


def test_what_was_not_painted_keeps_every_bit(tmp_path: Path) -> None:
    """One splat of one node is painted: the mesh stays for the others, and so do its other splats."""
    source = read_splats(garden(tmp_path / "a.glb"))
    colors = source.base_colors.copy()
    colors[COUNT + 3] = 1 - colors[COUNT + 3]
    _, found, before, after = rewritten(tmp_path / "a.glb", lambda splats: splats.with_base_colors(colors, "keep"))
    others = np.arange(source.count) != COUNT + 3
    np.testing.assert_array_equal(found.sh[others], source.sh[others])
    np.testing.assert_allclose(found.base_colors[COUNT + 3], colors[COUNT + 3], atol=1e-6)
    assert len(after["meshes"]) == len(before["meshes"]) + 1
    assert after["nodes"][0]["mesh"] == after["nodes"][2]["mesh"] == 0


def test_linear_light_stays_linear(tmp_path: Path) -> None:
    garden(tmp_path / "a.glb", 1, colorSpace="lin_rec709_display")
    wanted, found, _, after = rewritten(tmp_path / "a.glb", painted)
    assert after["meshes"][0]["primitives"][0]["extensions"][NAME]["colorSpace"] == "lin_rec709_display"
    np.testing.assert_allclose(found.base_colors, wanted.base_colors, atol=1e-5)
    np.testing.assert_allclose(found.sh[:, 1:], wanted.sh[:, 1:], rtol=1e-3, atol=1e-4)


def test_harmonics_can_go_and_come(tmp_path: Path) -> None:
    garden(tmp_path / "a.glb")
    dropped, found, _, after = rewritten(
        tmp_path / "a.glb", lambda splats: splats.with_base_colors(splats.base_colors, "drop")
    )
    assert found.degree == 0
    assert_same_colors(found, dropped)
    assert f"{NAME}:SH_DEGREE_1_COEF_0" not in after["meshes"][0]["primitives"][0]["attributes"]
    sh = np.random.default_rng(3).normal(size=(100, 9, 3)).astype(np.float32) * np.float32(0.2)
    wanted, found, _, after = rewritten(tmp_path / "a.glb", lambda splats: splats.with_harmonics(sh))
    assert_same_colors(found, wanted, 2e-5)
    assert f"{NAME}:SH_DEGREE_2_COEF_4" in after["meshes"][1]["primitives"][0]["attributes"]  # the rock had none


def test_divided_splats_take_what_they_carried(tmp_path: Path) -> None:
    """Geometry is then new, too; the nodes are the same."""
    garden(tmp_path / "a.glb")
    wanted, found, before, after = rewritten(
        tmp_path / "a.glb", lambda splats: painted(split_in_halves(splats, np.arange(splats.count) < 5))
    )
    assert found.count == wanted.count == 105
    order, other = np.lexsort(found.positions.T.round(3)), np.lexsort(wanted.positions.T.round(3))
    np.testing.assert_allclose(found.positions[order], wanted.positions[other], atol=1e-5)
    np.testing.assert_allclose(found.base_colors[order], wanted.base_colors[other], atol=1e-5)
    attributes = after["meshes"][0]["primitives"][0]["attributes"]
    assert after["accessors"][attributes["_ID"]]["count"] == COUNT + 5
    assert [node["name"] for node in after["nodes"]] == [node["name"] for node in before["nodes"]]


def test_packed_splats_stay_packed(tmp_path: Path) -> None:
    made = Maker()
    splats = replace(cloud(40, 1), positions=np.round(cloud(40, 1).positions, 2))
    write_splats(splats.rotate(np.diag([1.0, -1, -1])), tmp_path / "a.spz")
    content = gzip.decompress((tmp_path / "a.spz").read_bytes())
    record = struct.pack("<II3s", 0x12340001, 3, b"it!")
    content = gzip.compress(content[:14] + b"\2" + content[15:] + record)
    inner = {f"{NAME}_compression_spz_2": {"bufferView": made.view(content)}}
    made.show({"attributes": {}, "mode": 0, "extensions": {NAME: {"extensions": inner}}}, name="packed")
    source = read_splats(made.write(tmp_path / "a.glb"))
    wanted, found, before, after = rewritten(tmp_path / "a.glb", painted)
    assert after["meshes"] == before["meshes"]
    np.testing.assert_allclose(found.positions, source.positions, atol=1e-6)
    np.testing.assert_array_equal(found.log_scales, source.log_scales)
    np.testing.assert_allclose(found.base_colors, wanted.base_colors, atol=0.01)
    view = after["bufferViews"][inner[f"{NAME}_compression_spz_2"]["bufferView"]]
    packed = read_glb(tmp_path / "out.glb")[1][view["byteOffset"] : view["byteOffset"] + view["byteLength"]]
    assert gzip.decompress(packed).endswith(record)


def test_instances_share(tmp_path: Path) -> None:
    made = Maker()
    index = made.show(primitive(made, cloud(6, 0)))
    places = made.accessor(np.float32([[0, 0, 0], [9, 0, 0], [18, 0, 0]]), "VEC3")
    made.json["nodes"][index]["extensions"] = {"EXT_mesh_gpu_instancing": {"attributes": {"TRANSLATION": places}}}
    made.write(tmp_path / "a.glb")
    wanted, found, before, after = rewritten(tmp_path / "a.glb", painted)
    np.testing.assert_allclose(found.base_colors, np.tile(wanted.base_colors[:6], (3, 1)), atol=1e-6)
    assert after["nodes"] == before["nodes"]
    assert any("instances" in text for text in losses_of(wanted, tmp_path / "b.glb"))


def test_what_other_files_have_no_room_for_is_said(tmp_path: Path) -> None:
    """And what stays unpainted in the same file; a glTF of splats alone loses nothing."""
    splats = read_splats(garden(tmp_path / "a.glb"))
    assert any("nodes, names" in text for text in losses_of(splats, tmp_path / "b.ply"))
    assert any("style3d mesh" in text for text in losses_of(splats, tmp_path / "b.glb"))
    write_splats(cloud(20, 1), tmp_path / "plain.glb")
    assert losses_of(read_splats(tmp_path / "plain.glb"), tmp_path / "b.ply") == ()


def test_meshes_beside_splats_are_painted_as_meshes(tmp_path: Path) -> None:
    """`style3d mesh` paints the floor and says what stays; a file of splats alone is refused by its name."""
    with collect_remarks() as remarks:
        asset = load_asset(garden(tmp_path / "a.glb"))
    assert len(asset.surface.faces) == 2
    assert [text for text in remarks if "splats" in text] == [
        "its Gaussian splats stay as they were: paint them with style3d nerf"
    ]
    write_splats(cloud(20, 1), tmp_path / "plain.glb")
    with pytest.raises(Style3DError, match=r"plain.glb is Gaussian splats, and no mesh; .*style3d nerf plain.glb"):
        load_asset(tmp_path / "plain.glb")


def test_a_shared_accessor_is_not_painted_twice(tmp_path: Path) -> None:
    """Two primitives of one mesh with the same colours by number: each gets its own."""
    made = Maker()
    item = primitive(made, cloud(8, 0))
    other = copy.deepcopy(item)
    other["attributes"]["POSITION"] = made.accessor(cloud(8, 0, seed=2).positions, "VEC3")
    made.show(item, other)
    made.write(tmp_path / "a.glb")
    wanted, found, _, _ = rewritten(tmp_path / "a.glb", painted)
    assert_same_colors(found, wanted)
