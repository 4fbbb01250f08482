"""Real models: each is painted and written whole and valid, or refused in one line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import trimesh

from style3d.errors import Style3DError
from style3d.mesh.asset import MeshAsset, load_asset, save_asset
from tests.helpers.assets import BESIDE, asset
from tests.helpers.validator import assert_valid
from tests.mesh.test_asset import forbidden, invert

SIZE = 128  # of textures, so that it is quick
PAINTED = {  # textures that are painted, a word of the notes
    "bevy/Fox.glb": (1, ""),
    "trimesh/Duck.glb": (1, "shared"),
    "pytorch3d/cow_mesh/cow.obj": (1, ""),
    "bevy/MorphStressTest.gltf": (2, "shared"),
    "bevy/SimpleSkin/SimpleSkin.gltf": (1, "unwrapped"),
    "playcanvas/simple-instancing.glb": (1, "unwrapped"),
    "playcanvas/low-poly-tree.glb": (1, ""),
    "playcanvas/house.glb": (2, "shared"),
    "assimp_gltf2/BoxTextured-glTF-Embedded/BoxTextured.gltf": (1, "shared"),
    "assimp_gltf2/BoxTextured-glTF-pbrSpecularGlossiness/BoxTextured.gltf": (1, "shared"),
    "assimp_gltf2/textureTransform/TextureTransformTest.gltf": (5, ""),
    "assimp_gltf2/IndexOutOfRange/IndexOutOfRange.gltf": (1, "corners that do not exist"),
    "assimp_gltf2/issue_3269/texcoord_crash.gltf": (4, "unwrapped"),
    "meshoptimizer/pirate.glb": (1, "unwrapped"),
    "khronos/SimpleSparseAccessor.gltf": (1, "unwrapped"),
    "trimesh/cubevc.glb": (1, ""),
    "trimesh/fuze.ply": (1, ""),
    "trimesh/nancolor.obj": (1, "unwrapped"),
    "assimp_obj/box_UTF16BE.obj": (1, "unwrapped"),
    "assimp_obj/concave_polygon.obj": (1, "unwrapped"),
    "assimp_stl/triangle_with_two_solids.stl": (1, "unwrapped"),
    "pytorch3d/missing_files_obj/model.obj": (1, "could not be read"),
}
REFUSED = {
    "assimp_gltf2/BoxWithInfinites-glTF-Binary/BoxWithInfinites.glb": "finite",
    "assimp_gltf2/IncorrectVertexArrays/Cube.gltf": "past",
    "assimp_gltf2/MissingBin/BoxTextured.gltf": "not in the asset's folder",
    "assimp_gltf2/RecursiveNodes/RecursiveNodes.gltf": "circle",
    "assimp_gltf2/TestNoRootNode/NoScene.gltf": "no faces",
    "assimp_obj/point_cloud.obj": "no faces",
    "assimp_off/invalid.off": "damaged",
    "assimp_ply/payload_JVN42386607": "suffix",
    "trimesh/empty.stl": "no faces",
    "trimesh/emptyIO/ply_points_bin.ply": "no faces",
    "trimesh/fuze.zip": "unpack",
}


def check(source: Path, loaded: MeshAsset, tmp_path: Path) -> None:
    """Paint and write; valid, whole, and the same triangles when it is read again."""
    (path,) = save_asset(loaded, invert(loaded), tmp_path / "painted.glb")
    gltf = source.suffix in (".glb", ".gltf")
    if gltf:
        assert forbidden(source, path) == []
    again = load_asset(path, texture_size=SIZE).surface
    assert len(again.faces) == len(loaded.surface.faces)
    sizes = [surface.positions[surface.faces] for surface in (loaded.surface, again)]
    np.testing.assert_allclose(sizes[0], sizes[1], rtol=1e-6, atol=1e-6 * float(np.abs(sizes[0]).max()))
    assert_valid(path, source if gltf else None)


@pytest.mark.parametrize("name", PAINTED)
def test_painted(name: str, tmp_path: Path) -> None:
    """A fixed sample."""
    source = asset(f"meshes/{name}")
    loaded = load_asset(source, texture_size=SIZE)
    count, word = PAINTED[name]
    assert len(loaded.surface.textures) == count
    assert word in "; ".join(loaded.notes)
    check(source, loaded, tmp_path)


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str) -> None:
    """In one line with the right word in it."""
    with pytest.raises(Style3DError, match=REFUSED[name]) as caught:
        load_asset(asset(f"meshes/{name}"))
    assert "\n" not in str(caught.value)


def test_other_readers_see_the_same(tmp_path: Path) -> None:
    """trimesh places the fox's and the duck's triangles where we do."""
    for name in ("trimesh/Duck.glb", "playcanvas/low-poly-tree.glb", "bevy/FlightHelmet/FlightHelmet.gltf"):
        source = asset(f"meshes/{name}")
        surface = load_asset(source, texture_size=64).surface
        scene = trimesh.load_scene(source)
        points = surface.positions[np.unique(surface.faces)]
        np.testing.assert_allclose([points.min(0), points.max(0)], scene.bounds, rtol=1e-5)
        assert len(surface.faces) == sum(len(mesh.faces) for mesh in scene.geometry.values())


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(str(p.relative_to(BESIDE)) for p in BESIDE.glob("meshes/**/*.gl*")))
def test_every_gltf(name: str, tmp_path: Path) -> None:
    """The contract, over all that can be read."""
    source = asset(name)
    if source.suffix not in (".glb", ".gltf"):
        pytest.skip("not a glTF")
    try:
        loaded = load_asset(source, texture_size=SIZE)
    except Style3DError as refusal:
        pytest.skip(f"refused: {refusal}")
    check(source, loaded, tmp_path)


STYLISED = [
    "bevy/Fox.glb",
    "playcanvas/house.glb",
    "trimesh/cubevc.glb",
    "assimp_stl/Spider_binary.stl",
    "trimesh/fuze.ply",
]


@pytest.mark.parametrize("name", STYLISED)
def test_stylised(name: str, tmp_path: Path) -> None:
    """The real loop, a few steps at a small size, to a valid file."""
    from scripts.corpus import save_stylised

    source = asset("meshes/" + name)
    target = tmp_path / "styled.glb"
    save_stylised(load_asset(source, texture_size=SIZE), target)
    assert_valid(target)
    assert (
        load_asset(target, texture_size=SIZE).surface.faces.shape
        == load_asset(source, texture_size=SIZE).surface.faces.shape
    )
