"""A new UV set for the base colour, where a model's own UVs leave no room for paint."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from style3d.errors import Style3DError
from style3d.gltf.document import read_document
from style3d.job import MeshJob
from style3d.mesh.asset import MeshAsset, load_asset, save_asset, save_variants
from style3d.mesh.diff import Difference, diff_files
from style3d.mesh.uv_room import room_of
from style3d.mesh.variants import Variant
from style3d.render.texel_places import texel_points
from style3d.render.texels import texel_grid
from tests.helpers.gltf_maker import QUAD, QUAD_UV, Maker, checks, image_of, read_glb
from tests.helpers.validator import assert_valid

SWATCHES = np.array([(220, 30, 30), (30, 180, 40), (40, 60, 220), (230, 220, 40), (240, 240, 240), (20, 20, 20)])
SIDES = ((0, 1), (0, -1), (1, 1), (1, -1), (2, 1), (2, -1))  # axis and direction
PALETTE = np.repeat(np.repeat(SWATCHES[None].astype(np.uint8), 8, axis=1), 4, axis=0)


def cube(shift: float = 0.0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Six quads with vertices of their own, each in the middle of one swatch; positions, UVs, corners of triangles."""
    places, uvs, corners = [], [], []
    for side, (axis, way) in enumerate(SIDES):
        frame = np.roll(np.eye(3), axis, axis=1)[[1, 2, 0]] * np.array([[1.0], [way], [way]])
        places.append((QUAD - [0.5, 0.5, -0.5]) @ frame + [shift, 0, 0])
        uvs.append(np.array([(side + 0.5) / len(SIDES), 0.5]) + 0.02 * (QUAD_UV - 0.5))
        corners.append(np.array([0, 1, 2, 0, 2, 3]) + 4 * side)
    return np.concatenate(places), np.concatenate(uvs), np.concatenate(corners)


def primitive(made: Maker, material: int, uvs: np.ndarray | None = None, **more: int) -> dict[str, Any]:
    """The cube on its palette."""
    places, found, corners = cube()
    attributes = {
        "POSITION": made.accessor(places.astype(np.float32), "VEC3"),
        "TEXCOORD_0": made.accessor((found if uvs is None else uvs).astype(np.float32), "VEC2"),
    }
    indices = made.accessor(corners.astype(np.uint16), "SCALAR")
    return {"attributes": {**attributes, **more}, "indices": indices, "material": material}


def palette_cube(**texture: Any) -> Maker:
    """A cube on a palette of six colours, whose material has a factor."""
    made = Maker()
    material = made.textured_material(PALETTE, name="palette")
    surface = made.json["materials"][material]["pbrMetallicRoughness"]
    surface["baseColorFactor"] = [0.5, 1, 1, 1]
    surface["baseColorTexture"] |= texture
    made.show(primitive(made, material))
    return made


def rigged() -> Maker:
    """The cube with a normal map, a skin of one joint, a morph target and an animation of its weight."""
    made = palette_cube()
    made.json["materials"][0]["normalTexture"] = {"index": made.add("textures", {"source": made.image(checks())})}
    item, count = made.json["meshes"][0]["primitives"][0], 24
    random = np.random.default_rng(0)
    joints, weights = np.zeros((count, 4), np.uint8), np.tile(np.array([1, 0, 0, 0], np.float32), (count, 1))
    item["attributes"] |= {"JOINTS_0": made.accessor(joints, "VEC4"), "WEIGHTS_0": made.accessor(weights, "VEC4")}
    item["targets"] = [{"POSITION": made.accessor(random.normal(size=(count, 3)).astype(np.float32), "VEC3")}]
    made.json["meshes"][0]["weights"] = [0.0]
    joint = made.add("nodes", {"name": "bone"})
    made.json["scenes"][0]["nodes"].append(joint)
    made.json["nodes"][0]["skin"] = made.add("skins", {"joints": [joint]})
    times = made.accessor(np.array([0, 1], np.float32), "SCALAR", min=[0.0], max=[1.0])
    sampler = {"input": times, "output": made.accessor(np.array([0, 1], np.float32), "SCALAR")}
    channel = {"sampler": 0, "target": {"node": 0, "path": "weights"}}
    made.add("animations", {"samplers": [sampler], "channels": [channel]})
    return made


def painted(made: Maker, folder: Path, **options: Any) -> tuple[MeshAsset, Path, Path]:
    """The asset, its source, and a copy painted in inverted colours."""
    source = made.write(folder / "a.glb")
    loaded = load_asset(source, **{"texture_size": 64, "uv": "auto", **options})
    path = folder / "out.glb"
    save_asset(loaded, [1 - texture.rgb for texture in loaded.surface.textures], path)
    return loaded, source, path


def sides_shown(asset: MeshAsset) -> np.ndarray:
    """8-bit colour that each side of the cube starts as, and that it has it all over."""
    surface = asset.surface
    points, inside = texel_points(surface, texel_grid(surface.textures))
    colors = np.concatenate([texture.rgb.reshape(-1, 3) for texture in surface.textures])[inside] * 255
    found = []
    for axis, way in SIDES:
        here = colors[points[inside][:, axis] * way > 0.5 - 1e-6]
        assert len(here) > 100
        found.append(np.median(here, axis=0))
        assert (np.abs(here - found[-1]).max(1) < 3).mean() > 0.9  # texels on the cube's edges are of two sides
    return np.array(found)


def tinted(levels: np.ndarray) -> np.ndarray:
    """The swatches times the factor: half of the linear red."""
    red = levels[:, 0] / 255
    linear = np.where(red <= 0.04045, red / 12.92, ((red + 0.055) / 1.055) ** 2.4) / 2
    curved = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return np.column_stack([255 * curved, levels[:, 1:]])


def listed(differences: tuple[Difference, ...]) -> str:
    """The sentences, all of them about what is allowed."""
    assert all(difference.allowed for difference in differences), differences
    return "\n".join(difference.sentence for difference in differences)


def test_palette_gets_a_set_of_its_own(tmp_path: Path) -> None:
    """Rig, morphs and the normal map stay; the palette is in the atlas; the comparison allows it and says so."""
    asset, source, path = painted(rigged(), tmp_path)
    assert [slot.texcoord for slot in asset.slots] == [1]
    np.testing.assert_allclose(sides_shown(asset), tinted(SWATCHES), atol=1.5)
    before, after = (read_glb(file)[0] for file in (source, path))
    material = after["materials"][0]
    assert material["pbrMetallicRoughness"]["baseColorTexture"]["texCoord"] == 1
    assert material["pbrMetallicRoughness"]["baseColorFactor"] == [1, 1, 1, 1]
    assert material["normalTexture"] == before["materials"][0]["normalTexture"]
    found = after["meshes"][0]["primitives"][0]
    assert set(found["attributes"]) == {"POSITION", "TEXCOORD_0", "TEXCOORD_1", "JOINTS_0", "WEIGHTS_0"}
    assert len(found["targets"]) == 1
    said = listed(diff_files(source, path))
    assert "mesh 0, primitive 0, TEXCOORD_1 added for the base colour: 24 vertices before, 24 now" in said
    assert any("little room for paint: palette" in note for note in asset.notes)
    assert_valid(path, source)


def test_original_images_stay(tmp_path: Path) -> None:
    """The palette's own picture is in the file as it was."""
    _, source, path = painted(palette_cube(), tmp_path)
    np.testing.assert_array_equal(image_of(path, 0), image_of(source, 0))


def test_keeping_recolours_swatches_and_says_so(tmp_path: Path) -> None:
    asset, source, path = painted(palette_cube(), tmp_path, uv="keep")
    assert [slot.texcoord for slot in asset.slots] == [0]
    assert any("kept: palette; swatches change colour (--uv new paints strokes)" in note for note in asset.notes)
    assert "TEXCOORD" not in listed(diff_files(source, path))


def sheet(uvs: np.ndarray, rgb: np.ndarray) -> Maker:
    """One textured quad for each row of UVs, beside one another."""
    made = Maker()
    material = made.textured_material(rgb)
    for number, part in enumerate(uvs):
        made.show(made.quad(material, part), translation=[1.5 * number, 0, 0])
    return made


@pytest.mark.parametrize(
    ("uvs", "rgb"),
    [
        ([QUAD_UV * [0.5, 1]] * 2, checks()),  # halves of a face, mirrored on purpose
        ([QUAD_UV * [0.5, 1]] * 2, checks() * 0 + 90),
        ([QUAD_UV * 9 - 3] * 5, checks(32)),  # bricks
        ([QUAD_UV], checks()),
    ],
)
def test_layouts_made_for_paint_stay(uvs: list[np.ndarray], rgb: np.ndarray, tmp_path: Path) -> None:
    """Mirrored halves and repeated bricks are painted through their own UVs, until new ones are asked for."""
    asset, source, path = painted(sheet(np.array(uvs), rgb), tmp_path)
    assert {slot.texcoord for slot in asset.slots} == {0}
    assert not any("room" in note for note in asset.notes)
    listed(diff_files(source, path))
    asset, source, path = painted(sheet(np.array(uvs), rgb), tmp_path, uv="new")
    assert {slot.texcoord for slot in asset.slots} == {1}
    assert listed(diff_files(source, path)).count("TEXCOORD_1 added") == len(uvs)
    assert_valid(path, source)


def test_faces_over_one_another_without_a_texture(tmp_path: Path) -> None:
    """Six sides over the whole unit square: a picture would be repeated on purpose, a plain colour is not."""
    made = Maker()
    material = made.add(
        "materials", {"name": "plaster", "pbrMetallicRoughness": {"baseColorFactor": [0.2, 0.4, 0.8, 1]}}
    )
    made.show(primitive(made, material, np.tile(QUAD_UV, (6, 1))))
    asset, source, path = painted(made, tmp_path)
    assert [slot.texcoord for slot in asset.slots] == [1]
    points, inside = texel_points(asset.surface, texel_grid(asset.surface.textures))
    assert len(np.unique(np.round(points[inside], 3), axis=0)) > 0.9 * inside.sum()
    listed(diff_files(source, path))
    made = Maker()
    made.show(primitive(made, made.textured_material(checks()), np.tile(QUAD_UV, (6, 1))))
    assert [slot.texcoord for slot in painted(made, tmp_path)[0].slots] == [0]


def test_transform_of_the_old_texture_is_baked(tmp_path: Path) -> None:
    """A palette looked up upside down and shifted by one swatch; the new set needs no transform."""
    transform = {"offset": [1 / 6, 0], "scale": [1, -1]}
    made = palette_cube(extensions={"KHR_texture_transform": transform})
    made.json["extensionsUsed"] = ["KHR_texture_transform"]
    asset, source, path = painted(made, tmp_path)
    np.testing.assert_allclose(sides_shown(asset), tinted(np.roll(SWATCHES, -1, axis=0)), atol=1.5)
    after = read_glb(path)[0]
    assert "extensions" not in after["materials"][0]["pbrMetallicRoughness"]["baseColorTexture"]
    assert "extensionsUsed" not in after or "KHR_texture_transform" not in after["extensionsUsed"]
    assert "KHR_texture_transform is gone" in listed(diff_files(source, path))
    assert_valid(path, source)


def test_squares_stay_squares(tmp_path: Path) -> None:
    """Where the sampler shows texels as squares, the atlas has no blends between swatches."""
    made = palette_cube()
    made.json["images"][0] = made.json["images"][made.image(PALETTE[:, ::8])]  # a texel a swatch
    made.json["textures"][0]["sampler"] = made.add("samplers", {"magFilter": 9728})
    _, uvs, _ = cube()
    near = uvs + np.array([0.4 / 6, 0])  # at the edge of the swatch
    made.json["meshes"][0]["primitives"][0]["attributes"]["TEXCOORD_0"] = made.accessor(near.astype(np.float32), "VEC2")
    np.testing.assert_allclose(sides_shown(painted(made, tmp_path)[0]), tinted(SWATCHES), atol=1.5)


def test_vertex_colours_stay_with_their_vertices(tmp_path: Path) -> None:
    made = palette_cube()
    shades = np.random.default_rng(1).integers(0, 256, (24, 4), dtype=np.uint8)
    item = made.json["meshes"][0]["primitives"][0]["attributes"]
    item["COLOR_0"] = made.accessor(shades, "VEC4", normalized=True)
    asset, source, path = painted(made, tmp_path)
    np.testing.assert_allclose(sides_shown(asset), tinted(SWATCHES), atol=1.5)
    listed(diff_files(source, path))
    assert "COLOR_0" in read_glb(path)[0]["meshes"][0]["primitives"][0]["attributes"]
    assert asset.surface.tint.min() < 0.9


def test_material_that_others_show_is_copied(tmp_path: Path) -> None:
    """A mesh that is not shown, and a variant of another primitive, keep the material by their old UVs."""
    made = palette_cube()
    made.add("meshes", {"primitives": [primitive(made, 0)]})  # of no node
    asset, source, path = painted(made, tmp_path)
    before, after = (read_glb(file)[0] for file in (source, path))
    assert after["materials"][0] == before["materials"][0]
    assert [slot.material for slot in asset.slots] == [1]
    listed(diff_files(source, path))
    made = palette_cube()
    made.json["extensionsUsed"] = ["KHR_materials_variants"]
    made.json["extensions"] = {"KHR_materials_variants": {"variants": [{"name": "worn"}]}}
    other = made.quad(made.textured_material(checks(), name="picture"))
    mapping = {"material": 0, "variants": [0]}
    made.show({**other, "extensions": {"KHR_materials_variants": {"mappings": [mapping]}}})
    asset, source, path = painted(made, tmp_path)
    before, after = (read_glb(file)[0] for file in (source, path))
    assert after["materials"][0] == before["materials"][0]
    assert after["meshes"][0]["primitives"][0]["material"] == 2
    listed(diff_files(source, path))
    assert_valid(path, source)


def test_variants_show_the_palette_as_the_original(tmp_path: Path) -> None:
    source = palette_cube().write(tmp_path / "a.glb")
    asset = load_asset(source, texture_size=64, uv="auto")
    path = tmp_path / "out.glb"
    save_variants(asset, [Variant("oil", [1 - texture.rgb for texture in asset.surface.textures])], path)
    after = read_glb(path)[0]
    mappings = after["meshes"][0]["primitives"][0]["extensions"]["KHR_materials_variants"]["mappings"]
    shown = after["materials"][mappings[0]["material"]]["pbrMetallicRoughness"]["baseColorTexture"]
    assert shown["texCoord"] == 1
    image = image_of(path, after["textures"][shown["index"]]["source"])
    np.testing.assert_allclose(image / 255, asset.surface.textures[0].rgb, atol=0.6 / 255)
    listed(diff_files(source, path))


def test_voxels_of_an_obj(tmp_path: Path) -> None:
    """Every face on one point of the palette: its colours are in the atlas, and the OBJ written holds the new set."""
    from PIL import Image

    Image.fromarray(PALETTE[:1, ::8]).save(tmp_path / "v.png")
    (tmp_path / "v.mtl").write_text("newmtl palette\nKd 1 1 1\nmap_Kd v.png\n")
    places, _, corners = cube()
    lines = ["mtllib v.mtl", "usemtl palette", *(f"v {x} {y} {z}" for x, y, z in places)]
    lines += [f"vt {(side + 0.5) / 6} 0.5" for side in range(6)]
    lines += [f"f {' '.join(f'{c + 1}/{c // 4 + 1}' for c in face)}" for face in corners.reshape(-1, 3)]
    (tmp_path / "v.obj").write_text("\n".join(lines))
    asset = load_asset(tmp_path / "v.obj", texture_size=64, uv="auto")
    np.testing.assert_allclose(sides_shown(asset), SWATCHES, atol=1.5)
    save_asset(asset, [texture.rgb for texture in asset.surface.textures], tmp_path / "out.obj")
    again = load_asset(tmp_path / "out.obj", texture_size=64)
    np.testing.assert_allclose(sides_shown(again), SWATCHES, atol=1.5)
    assert any("an OBJ holds the new set only" in note for note in asset.notes)


def test_two_workflows_both_show_the_paint(tmp_path: Path) -> None:
    """Specular-glossiness and metallic-roughness beside each other: viewers of either see the atlas by the new set."""
    made = palette_cube()
    surface = made.json["materials"][0]["pbrMetallicRoughness"]
    specular = {"diffuseTexture": dict(surface["baseColorTexture"]), "diffuseFactor": [0.5, 1, 1, 1]}
    made.json["materials"][0]["extensions"] = {"KHR_materials_pbrSpecularGlossiness": specular}
    made.json["extensionsUsed"] = ["KHR_materials_pbrSpecularGlossiness"]
    _, source, path = painted(made, tmp_path)
    document = read_document(path)
    item = document.item("materials", 0)
    infos = [
        item["extensions"]["KHR_materials_pbrSpecularGlossiness"]["diffuseTexture"],
        item["pbrMetallicRoughness"]["baseColorTexture"],
    ]
    assert [info["texCoord"] for info in infos] == [1, 1]
    assert len({document.item("textures", info["index"])["source"] for info in infos}) == 1
    listed(diff_files(source, path))


def test_room_in_numbers() -> None:
    """A square that fills its texture, and 8 that share a hundredth of it."""
    square = np.array([[QUAD[0], QUAD[1], QUAD[2]], [QUAD[0], QUAD[2], QUAD[3]]]).astype(np.float64)
    uvs = square[..., :2]
    wrap = ("repeat", "repeat")
    room = room_of(square, uvs, None, wrap)
    assert (room.layers, room.is_cramped) == (1, False)
    assert room.own == pytest.approx(1 / 0.6)
    assert room.cover == pytest.approx(1, abs=0.01)
    many = np.concatenate([square + np.array([0, 0, k]) for k in range(8)])
    room = room_of(many, np.tile(uvs / 10, (8, 1, 1)), np.full((4, 4, 3), 0.5, np.float32), wrap)
    assert room.layers == 8
    assert room.own == pytest.approx(0.01 / 0.6, rel=0.05)
    assert room.contrast == 0
    assert room.is_cramped
    bricks = np.random.default_rng(0).random((512, 512, 3)).astype(np.float32)
    assert not room_of(many, np.tile(uvs / 10, (8, 1, 1)), bricks, wrap).is_cramped


def test_faces_of_one_colour_in_a_corner_of_a_full_texture_are_cramped() -> None:
    """A small eye fills the texture, the body shares a corner of one colour; one with a drawing in it keeps its own."""
    square = np.array([[QUAD[0], QUAD[1], QUAD[2]], [QUAD[0], QUAD[2], QUAD[3]]]).astype(np.float64)
    uvs, wrap = square[..., :2], ("repeat", "repeat")
    corners = np.concatenate([square / 10, *(square + np.array([0, 0, k]) for k in range(1, 5))])
    places = np.concatenate([uvs, np.tile(uvs / 10, (4, 1, 1))])
    plain = np.full((64, 64, 3), 0.5, np.float32)
    room = room_of(corners, places, plain, wrap)
    assert room.cover > 0.9
    assert room.is_cramped
    drawn = np.random.default_rng(0).uniform(0.4, 0.6, (512, 512, 3)).astype(np.float32)
    assert not room_of(corners, places, drawn, wrap).is_cramped


def test_pictures_over_the_textures_keep_the_layout() -> None:
    """A mask or a base colour is made for the UVs that the file brings."""
    style = (Path("s.jpg"),)
    assert MeshJob(Path("a.glb"), style).layout == "auto"
    assert MeshJob(Path("a.glb"), style, protect=(Path("m.png"),)).layout == "keep"
    assert MeshJob(Path("a.obj"), style, base_color=Path("m.png")).layout == "keep"
    assert MeshJob(Path("a.glb"), style, protect=(Path("m.png"),), uv="new").layout == "new"
    with pytest.raises(Style3DError, match="own UVs"):
        MeshJob(Path("a.obj"), style, base_color=Path("m.png"), uv="new")
