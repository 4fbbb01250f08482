"""glTF in, painted glTF out: what changes, and that nothing else does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from style3d.errors import Style3DError
from style3d.gltf.document import read_document
from style3d.images import decode_srgb, encode_srgb
from style3d.mesh.asset import MeshAsset, load_asset, save_asset
from style3d.mesh.diff import differences
from tests.helpers.gltf_maker import QUAD, Maker, checks, image_of, read_glb
from tests.helpers.validator import assert_valid


def invert(asset: MeshAsset) -> Any:
    """The opposite of every colour."""
    surface = asset.surface
    return [1 - t.rgb for t in surface.textures] if surface.painted == "texture" else 1 - surface.vertex_rgb


def forbidden(source: Path, path: Path) -> list[str]:
    """What changed and should not have."""
    return [found.sentence for found in differences(read_document(source), read_document(path)) if not found.allowed]


def painted(made: Maker, tmp_path: Path, **options: Any) -> tuple[MeshAsset, Path]:
    """Load what was made with its own texture size, and write it inverted; nothing else may change."""
    source = made.write(tmp_path / "source.glb")
    asset = load_asset(source, **{"texture_size": 16, **options})
    (path,) = save_asset(asset, invert(asset), tmp_path / "painted.glb")
    assert_valid(path, source)
    assert forbidden(source, path) == []
    return asset, path


def test_texture_is_replaced_in_place(tmp_path: Path) -> None:
    """One image, one texture, one material: the same numbers of each afterwards, and the inverted pixels."""
    made = Maker()
    made.show(made.quad(made.textured_material(checks(16), name="skin", extras={"keep": 1})))
    asset, path = painted(made, tmp_path)
    found, _ = read_glb(path)
    assert [len(found[kind]) for kind in ("images", "textures", "materials")] == [1, 1, 1]
    np.testing.assert_array_equal(image_of(path, 0), 255 - checks(16))
    np.testing.assert_array_equal(asset.surface.textures[0].rgb, checks(16).astype(np.float32) / 255)


def test_several_materials(tmp_path: Path) -> None:
    """Each texture goes back to its own material."""
    made = Maker()
    made.show(*(made.quad(made.textured_material(checks(16, seed))) for seed in range(3)))
    asset, path = painted(made, tmp_path)
    assert [m.texture for m in asset.surface.materials] == [0, 1, 2, None]
    for seed in range(3):
        np.testing.assert_array_equal(image_of(path, seed), 255 - checks(16, seed))


def test_image_of_another_slot_is_duplicated(tmp_path: Path) -> None:
    """The emissive map keeps its pixels when the base colour that shares them is painted."""
    made = Maker()
    material = made.textured_material(checks(16))
    made.json["materials"][material]["emissiveTexture"] = {"index": 0}
    made.show(made.quad(material))
    _, path = painted(made, tmp_path)
    item = read_glb(path)[0]["materials"][0]
    assert item["emissiveTexture"] == {"index": 0}
    assert item["pbrMetallicRoughness"]["baseColorTexture"]["index"] == 1
    np.testing.assert_array_equal(image_of(path, 0), checks(16))
    np.testing.assert_array_equal(image_of(path, 1), 255 - checks(16))


def test_texture_of_an_unshown_material_stays(tmp_path: Path) -> None:
    """A material that nothing in the scene uses keeps the image it shares with one that is painted."""
    made = Maker()
    made.show(made.quad(made.textured_material(checks(16))))
    made.add("materials", {"pbrMetallicRoughness": {"baseColorTexture": {"index": 0}}})
    _, path = painted(made, tmp_path)
    found = read_glb(path)[0]["materials"]
    assert [m["pbrMetallicRoughness"]["baseColorTexture"]["index"] for m in found] == [1, 0]
    np.testing.assert_array_equal(image_of(path, 0), checks(16))


def test_factors_move_into_the_texture(tmp_path: Path) -> None:
    """In linear light; two factors on one image make two textures; opacity stays a factor."""
    made = Maker()
    first = made.textured_material(checks(16))
    second = made.add("materials", {"pbrMetallicRoughness": {"baseColorTexture": {"index": 0}}})
    made.json["materials"][first]["pbrMetallicRoughness"]["baseColorFactor"] = [0.5, 1, 0.25, 0.75]
    made.show(made.quad(first), made.quad(second))
    asset, path = painted(made, tmp_path)
    plain = checks(16).astype(np.float32) / 255
    expected = encode_srgb(decode_srgb(plain) * np.array([0.5, 1, 0.25]))
    np.testing.assert_allclose(asset.surface.textures[0].rgb, expected, atol=1e-6)
    np.testing.assert_array_equal(asset.surface.textures[1].rgb, plain)
    assert asset.surface.materials[0].alpha == 0.75
    found = read_glb(path)[0]
    assert found["materials"][0]["pbrMetallicRoughness"]["baseColorFactor"] == [1, 1, 1, 0.75]
    assert len(found["images"]) == 2


def test_materials_share_a_texture_that_they_shared(tmp_path: Path) -> None:
    """The same image and factor under two materials stays one image."""
    made = Maker()
    first = made.textured_material(checks(16))
    second = made.add("materials", {"pbrMetallicRoughness": {"baseColorTexture": {"index": 0}, "roughnessFactor": 0.1}})
    made.show(made.quad(first), made.quad(second))
    asset, path = painted(made, tmp_path)
    assert len(asset.surface.textures) == 1
    assert len(read_glb(path)[0]["images"]) == 1


def test_wrap_and_transform(tmp_path: Path) -> None:
    """The sampler's modes, and UVs after KHR_texture_transform."""
    made = Maker()
    material = made.textured_material(checks(16), sampler={"wrapS": 33071, "wrapT": 33648})
    info = made.json["materials"][material]["pbrMetallicRoughness"]["baseColorTexture"]
    info["extensions"] = {"KHR_texture_transform": {"offset": [0.5, 0.25], "scale": [2, 3], "rotation": np.pi / 2}}
    made.json["extensionsUsed"] = ["KHR_texture_transform"]
    made.show(made.quad(material, np.array([[0, 0], [1, 0], [1, 1], [0, 1]])))
    asset, path = painted(made, tmp_path)
    assert asset.surface.textures[0].wrap == ("clamp", "mirror")
    np.testing.assert_allclose(asset.surface.uvs, [[0.5, 0.25], [0.5, -1.75], [3.5, -1.75], [3.5, 0.25]], atol=1e-12)
    written = read_glb(path)[0]["materials"][0]["pbrMetallicRoughness"]["baseColorTexture"]
    assert written == {"index": 0, "extensions": info["extensions"]}


def test_second_uv_set(tmp_path: Path) -> None:
    """A texture looked up by TEXCOORD_1."""
    made = Maker()
    material = made.textured_material(checks(16))
    made.json["materials"][material]["pbrMetallicRoughness"]["baseColorTexture"]["texCoord"] = 1
    other = np.random.default_rng(0).random((4, 2)).astype(np.float32)
    made.show(made.quad(material, TEXCOORD_1=made.accessor(other, "VEC2")))
    asset, _ = painted(made, tmp_path)
    np.testing.assert_array_equal(asset.surface.uvs, other.astype(np.float64))


def test_alpha_is_kept(tmp_path: Path) -> None:
    """A leaf card: opacity of the image, mode and cutoff; PNG even where JPEG was asked for."""
    rgba = np.dstack([checks(16), checks(16, 1)[..., 0]])
    made = Maker()
    made.show(made.quad(made.textured_material(rgba, alphaMode="MASK", alphaCutoff=0.3, doubleSided=True)))
    asset, path = painted(made, tmp_path)
    (material, _) = asset.surface.materials
    assert (material.alpha_mode, material.alpha_cutoff, material.double_sided) == ("MASK", 0.3, True)
    np.testing.assert_array_equal(image_of(path, 0)[..., 3], rgba[..., 3])
    save_asset(asset, invert(asset), path, "jpeg")
    assert read_glb(path)[0]["images"][0]["mimeType"] == "image/png"


def test_specular_glossiness(tmp_path: Path) -> None:
    """The diffuse texture of the other workflow is painted, and its factor made white."""
    made = Maker()
    made.textured_material(checks(16))
    extension = {"diffuseTexture": {"index": 0}, "diffuseFactor": [0.5, 0.5, 0.5, 1], "glossinessFactor": 0.2}
    made.json["materials"] = [{"extensions": {"KHR_materials_pbrSpecularGlossiness": extension}}]
    made.json["extensionsUsed"] = ["KHR_materials_pbrSpecularGlossiness"]
    made.show(made.quad(0))
    _, path = painted(made, tmp_path)
    written = read_glb(path)[0]["materials"][0]["extensions"]["KHR_materials_pbrSpecularGlossiness"]
    assert written == {"diffuseTexture": {"index": 0}, "diffuseFactor": [1, 1, 1, 1], "glossinessFactor": 0.2}


def test_webp_in_and_out(tmp_path: Path) -> None:
    """A WebP-only texture becomes PNG and its extension goes; and the other way round."""
    made = Maker()
    material = made.textured_material(checks(16))
    made.json["textures"][0] = {"extensions": {"EXT_texture_webp": {"source": made.image(checks(16, 1), "webp")}}}
    made.json |= {"extensionsUsed": ["EXT_texture_webp"], "extensionsRequired": ["EXT_texture_webp"]}
    made.show(made.quad(material))
    asset, path = painted(made, tmp_path)
    found = read_glb(path)[0]
    assert found["textures"] == [{"source": 1}]
    assert "extensionsUsed" not in found
    np.testing.assert_allclose(asset.surface.textures[0].rgb * 255, checks(16, 1), atol=0.01)
    (path,) = save_asset(asset, invert(asset), tmp_path / "webp.glb", "webp")
    found = read_glb(path)[0]
    assert found["textures"] == [{"extensions": {"EXT_texture_webp": {"source": 1}}}]
    assert found["extensionsRequired"] == ["EXT_texture_webp"]
    assert_valid(path)


def test_basis_textures(tmp_path: Path) -> None:
    """Beside a PNG the PNG counts."""
    made = Maker()
    material = made.textured_material(checks(16))
    made.json["textures"][0]["extensions"] = {"KHR_texture_basisu": {"source": 0}}
    made.json["extensionsUsed"] = ["KHR_texture_basisu"]
    made.show(made.quad(material))
    asset = load_asset(made.write(tmp_path / "a.glb"))
    (path,) = save_asset(asset, invert(asset), tmp_path / "b.glb")
    assert read_glb(path)[0]["textures"] == [{"source": 0}] or "extensions" not in read_glb(path)[0]["textures"][0]


def test_untextured_material_gets_a_texture(tmp_path: Path) -> None:
    """With UVs: one of its own factor's colour; the factor becomes white."""
    made = Maker()
    made.show(made.quad(made.add("materials", {"pbrMetallicRoughness": {"baseColorFactor": [1, 0.25, 0, 1]}})))
    asset, path = painted(made, tmp_path)
    np.testing.assert_allclose(asset.surface.textures[0].rgb[3, 4], encode_srgb(np.array([1, 0.25, 0])), atol=1e-6)
    written = read_glb(path)[0]["materials"][0]["pbrMetallicRoughness"]
    assert written == {"baseColorFactor": [1, 1, 1, 1], "baseColorTexture": {"index": 0}}


def test_no_material_gets_one(tmp_path: Path) -> None:
    """Two primitives without any: a material each, white and matt."""
    made = Maker()
    made.show(made.quad(), made.quad())
    asset, path = painted(made, tmp_path)
    found = read_glb(path)[0]
    assert [p["material"] for p in found["meshes"][0]["primitives"]] == [0, 1]
    assert len(asset.surface.textures) == 2


def test_vertex_colours_tint(tmp_path: Path) -> None:
    """COLOR_0 multiplies what is painted, in linear light; what is no number counts as white."""
    made = Maker()
    colors = np.array([[1, 1, 1], [0.5, 0, 0.25], [np.nan, 1, 1], [-3, 9, 1]], np.float32)
    accessor = made.accessor(np.zeros((4, 3), np.float32), "VEC3")
    view = made.json["bufferViews"][made.json["accessors"][accessor]["bufferView"]]
    made.data[view["byteOffset"] : view["byteOffset"] + 48] = colors.tobytes()
    made.show(made.quad(made.textured_material(checks(16)), COLOR_0=accessor))
    asset = load_asset(made.write(tmp_path / "a.glb"))
    expected = np.array([[1, 1, 1], [0.5, 0, 0.25], [1, 1, 1], [0, 1, 1]]) ** (1 / 2.2)
    np.testing.assert_allclose(asset.surface.tint, expected, atol=1e-6)


def bare_cube(made: Maker, **attributes: np.ndarray) -> dict[str, Any]:
    """A cube of 8 vertices without UVs."""
    corners = np.array([[x, y, z] for x in (0, 1) for y in (0, 1) for z in (0, 1)], np.float32)
    faces = [0, 1, 3, 0, 3, 2, 4, 6, 7, 4, 7, 5, 0, 4, 5, 0, 5, 1, 2, 3, 7, 2, 7, 6, 0, 2, 6, 0, 6, 4, 1, 5, 7, 1, 7, 3]
    found = {"POSITION": made.accessor(corners, "VEC3")}
    for name, values in attributes.items():
        found[name] = made.accessor(
            values, f"VEC{values.shape[1]}", normalized=values.dtype == np.uint8 and "J" not in name
        )
    return {"attributes": found, "indices": made.accessor(np.array(faces, np.uint8), "SCALAR")}


def test_unwrapping_carries_everything(tmp_path: Path) -> None:
    """Joints, weights and morph targets are split with the vertices; vertex colours go into the texture."""
    made = Maker()
    random = np.random.default_rng(0)
    weights, joints = np.zeros((8, 4), np.float32), np.zeros((8, 4), np.uint8)
    weights[:, 0], joints[:, 0] = 1, np.arange(8) % 2
    colors = random.integers(0, 256, (8, 4), dtype=np.uint8)
    item = bare_cube(made, JOINTS_0=joints, WEIGHTS_0=weights, COLOR_0=colors)
    moves = random.random((8, 3)).astype(np.float32)
    item["targets"] = [{"POSITION": made.accessor(moves, "VEC3")}]
    material = made.add("materials", {"pbrMetallicRoughness": {"metallicFactor": 0.5}})
    made.show(item | {"material": material}, skin=0)
    made.json["scenes"][0]["nodes"] += [made.add("nodes", {}), made.add("nodes", {})]
    made.add("skins", {"joints": [1, 2]})
    asset, path = painted(made, tmp_path)
    old, new = read_document(tmp_path / "source.glb"), read_document(path)
    from style3d.gltf.accessors import Accessors

    primitive = new.json["meshes"][0]["primitives"][0]
    assert sorted(primitive["attributes"]) == ["JOINTS_0", "POSITION", "TEXCOORD_0", "WEIGHTS_0"]
    reader, before = Accessors(new), Accessors(old)
    positions = reader.raw(primitive["attributes"]["POSITION"])
    origin = (before.raw(item["attributes"]["POSITION"])[None] == positions[:, None]).all(2).argmax(1)
    for name in ("JOINTS_0", "WEIGHTS_0"):
        np.testing.assert_array_equal(
            reader.raw(primitive["attributes"][name]), before.raw(item["attributes"][name])[origin]
        )
    np.testing.assert_array_equal(reader.raw(primitive["targets"][0]["POSITION"]), moves[origin])
    uvs = reader.raw(primitive["attributes"]["TEXCOORD_0"])
    assert uvs.min() >= 0
    assert uvs.max() <= 1
    shown = asset.surface.textures[0].rgb
    texel = (uvs * shown.shape[0]).astype(int).clip(0, shown.shape[0] - 1)
    near = np.abs(shown[texel[:, 1], texel[:, 0]] - encode_srgb(colors[origin, :3] / 255)).mean()
    assert near < 0.12  # a texel beside the vertex


def test_unwrapped_parts_keep_apart(tmp_path: Path) -> None:
    """One atlas for all parts without UVs, with their own factors, in which no texel has two owners."""
    made = Maker()
    for shade in (0.0, 1.0):
        material = made.add("materials", {"pbrMetallicRoughness": {"baseColorFactor": [shade, shade, shade, 1]}})
        made.show(bare_cube(made) | {"material": material})
    asset, path = painted(made, tmp_path, texture_size=128)
    assert len(asset.surface.textures) == 1
    from style3d.mesh.bake import overlap_share

    assert overlap_share(asset.surface.uvs, asset.surface.faces.astype(np.int64)) < 0.01
    image = image_of(path, 0)
    for index, wanted in ((0, 255), (1, 0)):  # inverted
        faces = asset.surface.faces[asset.surface.material == index]
        middle = (asset.surface.uvs[faces].mean(1) * 128).astype(int)
        assert (image[middle[:, 1], middle[:, 0]] == wanted).all()


def test_material_with_and_without_uvs_is_cloned(tmp_path: Path) -> None:
    """One material on a primitive with UVs and on one without: the second gets a copy for the atlas."""
    made = Maker()
    material = made.textured_material(checks(16), name="both")
    made.show(made.quad(material), bare_cube(made) | {"material": material})
    asset, path = painted(made, tmp_path)
    found = read_glb(path)[0]
    assert [p["material"] for p in found["meshes"][0]["primitives"]] == [0, 1]
    assert [m["name"] for m in found["materials"]] == ["both", "both"]
    assert len(asset.surface.textures) == 2
    np.testing.assert_array_equal(image_of(path, 0), 255 - checks(16))


def test_vertices_are_painted(tmp_path: Path) -> None:
    """COLOR_0 in linear light, no texture, white factor; corners in one place have one colour."""
    made = Maker()
    material = made.textured_material(np.full((8, 8, 3), 128, np.uint8))
    made.json["materials"][material]["pbrMetallicRoughness"]["baseColorFactor"] = [1, 0.5, 1, 1]
    made.show(made.quad(material), made.quad(material))
    asset, path = painted(made, tmp_path, paint="vertices")
    surface = asset.surface
    assert (surface.painted, surface.entries, len(surface.positions)) == ("vertices", 4, 8)
    expected = encode_srgb(decode_srgb(np.full(3, 128 / 255)) * np.array([1, 0.5, 1]))
    np.testing.assert_allclose(surface.vertex_rgb, np.tile(expected, (4, 1)), atol=1e-6)
    np.testing.assert_array_equal(surface.entry[:4], surface.entry[4:])
    found = read_glb(path)[0]
    assert found["materials"][0]["pbrMetallicRoughness"] == {"baseColorFactor": [1, 1, 1, 1]}
    again = load_asset(path, paint="vertices").surface
    np.testing.assert_allclose(again.vertex_rgb, 1 - surface.vertex_rgb, atol=1e-4)


def test_dense_meshes_without_uvs_get_vertex_colours(tmp_path: Path) -> None:
    """By default, when a texture would hold less than the vertices; and it is said."""
    made = Maker()
    made.show(bare_cube(made))
    path = made.write(tmp_path / "a.glb")
    assert load_asset(path).surface.painted == "texture"
    points = np.random.default_rng(0).random((100, 3)).astype(np.float32)
    item = {"attributes": {"POSITION": made.accessor(points, "VEC3")}}
    item["indices"] = made.accessor(np.arange(99, dtype=np.uint16), "SCALAR")
    made.show(item)
    path = made.write(tmp_path / "a.glb")
    asset = load_asset(path, texture_size=16)
    assert asset.surface.painted == "vertices"
    assert any("vertex colours" in note for note in asset.notes)
    assert load_asset(path, texture_size=16, paint="texture").surface.painted == "texture"


def test_overlaps_are_said(tmp_path: Path) -> None:
    """Two squares on the same texels."""
    made = Maker()
    material = made.textured_material(checks(16), name="shared")
    made.show(made.quad(material), made.quad(material))
    assert any("shared 100%" in note for note in load_asset(made.write(tmp_path / "a.glb")).notes)


def test_broken_image_falls_back(tmp_path: Path) -> None:
    """A texture that cannot be read is painted from the plain colour, with a remark."""
    made = Maker()
    material = made.textured_material(checks(16))
    view = made.json["bufferViews"][made.json["images"][0]["bufferView"]]
    made.data[view["byteOffset"] : view["byteOffset"] + 8] = b"notimage"
    made.show(made.quad(material))
    asset = load_asset(made.write(tmp_path / "a.glb"), texture_size=16)
    assert any("could not be read" in note for note in asset.notes)
    assert (asset.surface.textures[0].rgb == 1).all()
    (path,) = save_asset(asset, invert(asset), tmp_path / "b.glb")
    assert (image_of(path, 0) == 0).all()
    assert_valid(path)


def test_sizes(tmp_path: Path) -> None:
    """The multiple of the source nearest 1024 on the longer side; or what was asked for."""
    made = Maker()
    made.show(made.quad(made.textured_material(np.zeros((30, 60, 3), np.uint8))))
    path = made.write(tmp_path / "a.glb")
    assert load_asset(path).surface.textures[0].rgb.shape == (510, 1020, 3)
    assert load_asset(path, texture_size=100).surface.textures[0].rgb.shape == (50, 100, 3)
    with pytest.raises(Style3DError, match="texture-size"):
        load_asset(path, texture_size=3)


def test_quantized_positions(tmp_path: Path) -> None:
    """KHR_mesh_quantization: short positions that a node scales, byte normals."""
    made = Maker()
    positions = np.zeros((4, 4), np.int16)
    positions[:, :3] = QUAD * 1000
    view = made.view(positions.tobytes(), byteStride=8, target=34962)
    bounds = {"min": [0, 0, 0], "max": [1000, 1000, 0]}
    item = made.quad(made.textured_material(checks(16)))
    position = {"bufferView": view, "componentType": 5122, "count": 4, "type": "VEC3", **bounds}
    item["attributes"]["POSITION"] = made.add("accessors", position)
    made.show(item, scale=[0.001] * 3)
    made.json |= {"extensionsUsed": ["KHR_mesh_quantization"], "extensionsRequired": ["KHR_mesh_quantization"]}
    asset, _ = painted(made, tmp_path)
    np.testing.assert_allclose(asset.surface.positions, QUAD, atol=1e-9)


def test_colours_must_fit(tmp_path: Path) -> None:
    """Wrong shapes, suffixes and formats are refused before anything is written."""
    made = Maker()
    made.show(made.quad(made.textured_material(checks(16))))
    asset = load_asset(made.write(tmp_path / "a.glb"), texture_size=16)
    for colors, name, kind in (
        ([np.zeros((8, 8, 3), np.float32)], "b.glb", "png"),
        ([], "b.glb", "png"),
        (invert(asset), "b.fbx", "png"),
        (invert(asset), "b.glb", "bmp"),
    ):
        with pytest.raises(Style3DError):
            save_asset(asset, colors, tmp_path / name, kind)
        assert not (tmp_path / name).exists()
