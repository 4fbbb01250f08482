"""OBJ, PLY and .gltf folders, read back by other programs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pygltflib
import trimesh
from PIL import Image

from style3d.mesh.asset import MeshAsset, load_asset, save_asset
from tests.helpers.gltf_maker import Maker, checks
from tests.helpers.validator import assert_valid
from tests.mesh.test_asset import invert


def two_materials(tmp_path: Path) -> MeshAsset:
    """Two quads, moved and mirrored, each with a texture; a name that no file may have."""
    made = Maker()
    made.show(made.quad(made.textured_material(checks(16), name="a/b: ü")), translation=[0, 0, 5])
    made.show(made.quad(made.textured_material(checks(16, 1), name="a/b: ü")), scale=[-2, 1, 1])
    return load_asset(made.write(tmp_path / "a.glb"), texture_size=16)


def test_obj(tmp_path: Path) -> None:
    """World-space triangles, an MTL with two materials, and their images; trimesh reads the same colours."""
    asset = two_materials(tmp_path)
    files = save_asset(asset, invert(asset), tmp_path / "my out.obj")
    assert [path.name for path in files] == [
        "my_out-0-a_b.png", "my_out-1-a_b_2.png", "my_out.mtl", "my out.obj",
    ]  # fmt: skip
    np.testing.assert_array_equal(np.asarray(Image.open(files[1])), 255 - checks(16, 1))
    scene = trimesh.load_scene(files[-1], process=False)
    found = np.concatenate([np.asarray(mesh.triangles) for mesh in scene.geometry.values()])
    wanted = asset.surface.positions[asset.surface.faces]
    np.testing.assert_allclose(np.sort(found.reshape(-1, 9), 0), np.sort(wanted.reshape(-1, 9), 0), atol=1e-6)
    again = load_asset(files[-1], texture_size=16).surface
    np.testing.assert_allclose([t.rgb for t in again.textures], invert(asset), atol=1e-6)
    np.testing.assert_allclose(again.normals[again.faces[0]], asset.surface.normals[asset.surface.faces[0]], atol=1e-5)


def test_ply(tmp_path: Path) -> None:
    """Vertex colours as painted; of textures, what they show at the vertices."""
    asset = load_asset(two_materials(tmp_path).source, paint="vertices")
    (path,) = save_asset(asset, invert(asset), tmp_path / "a.ply")
    mesh = trimesh.load_mesh(path, process=False)
    wanted = np.rint((1 - asset.surface.vertex_rgb)[asset.surface.entry] * 255)
    np.testing.assert_array_equal(mesh.visual.vertex_colors[:, :3], wanted)
    np.testing.assert_array_equal(mesh.vertices, asset.surface.positions)
    textured = two_materials(tmp_path)
    (path,) = save_asset(textured, [np.full_like(t.rgb, 0.2) for t in textured.surface.textures], path)
    assert set(trimesh.load_mesh(path, process=False).visual.vertex_colors[:, 0]) == {51}


def test_obj_with_vertex_colours(tmp_path: Path) -> None:
    """After the positions."""
    asset = load_asset(two_materials(tmp_path).source, paint="vertices")
    files = save_asset(asset, invert(asset), tmp_path / "b.obj")
    again = load_asset(files[-1], paint="vertices").surface
    wanted = (1 - asset.surface.vertex_rgb)[asset.surface.entry]
    for place, color in zip(asset.surface.positions, wanted, strict=True):
        shown = again.vertex_rgb[again.entry[np.abs(again.positions - place).max(1) < 1e-6]]
        assert (np.abs(shown - color).max(1) < 1e-3).any()


def test_an_obj_says_that_texels_are_squares(tmp_path: Path) -> None:
    """As the sampler of its glTF does, and clamps as it does."""
    made = Maker()
    made.show(made.quad(made.textured_material(checks(8), sampler={"magFilter": 9728, "wrapS": 33071, "wrapT": 33071})))
    asset = load_asset(made.write(tmp_path / "a.glb"))
    *_, path = save_asset(asset, [t.rgb for t in asset.surface.textures], tmp_path / "b.obj")
    assert "map_Kd -clamp on -blendu off -blendv off b-0" in path.with_suffix(".mtl").read_text()
    (again,) = load_asset(path).surface.textures
    np.testing.assert_array_equal(again.rgb, asset.surface.textures[0].rgb)


def test_gltf_folder(tmp_path: Path) -> None:
    """JSON, one .bin and named images beside it, that pygltflib and the validator read."""
    asset = two_materials(tmp_path)
    files = save_asset(asset, invert(asset), tmp_path / "out" / "a.gltf", "webp")
    assert [path.relative_to(tmp_path / "out").as_posix() for path in files] == [
        "a-textures/a_b.webp", "a-textures/a_b_2.webp", "a.bin", "a.gltf",
    ]  # fmt: skip
    found = pygltflib.GLTF2().load(str(files[-1]))
    assert found is not None
    assert [image.uri for image in found.images] == ["a-textures/a_b.webp", "a-textures/a_b_2.webp"]
    assert_valid(files[-1])
    again = load_asset(files[-1], texture_size=16).surface
    np.testing.assert_array_equal(again.positions, asset.surface.positions)


def test_glb_in_other_programs(tmp_path: Path) -> None:
    """trimesh and pygltflib read back what was written, with the same triangles."""
    asset = two_materials(tmp_path)
    (path,) = save_asset(asset, invert(asset), tmp_path / "b.glb")
    scene = trimesh.load_scene(path)
    np.testing.assert_allclose(scene.bounds, [asset.surface.positions.min(0), asset.surface.positions.max(0)])
    found = pygltflib.GLTF2().load(str(path))
    assert found is not None
    assert len(found.materials) == 2


def test_same_bytes_every_time(tmp_path: Path) -> None:
    """Unwrapping and writing are deterministic."""
    ball = trimesh.creation.icosphere(subdivisions=3)
    ball.export(tmp_path / "ball.stl")
    written = []
    for name in ("one.glb", "two.glb"):
        asset = load_asset(tmp_path / "ball.stl", texture_size=64)
        written.append(save_asset(asset, invert(asset), tmp_path / name)[0].read_bytes())
    assert written[0] == written[1]
