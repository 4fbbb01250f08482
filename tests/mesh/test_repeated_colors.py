"""Colours that a file tells a second time follow the paint, or are named: avatars, variants, animations, levels."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from style3d.mesh.asset import load_asset, save_asset
from style3d.mesh.diff import diff_files
from tests.helpers.gltf_maker import Maker, checks, image_of, pack_glb, read_glb


def avatar(**textures: int) -> Maker:
    """Two materials with one picture and other tints, as avatars of VRM 0.x have them."""
    made = Maker()
    first = made.textured_material(checks(16), name="skin")
    second = made.add("materials", {"name": "cloth", "pbrMetallicRoughness": {"baseColorTexture": {"index": 0}}})
    made.json["materials"][first]["pbrMetallicRoughness"]["baseColorFactor"] = [0.9, 0.5, 0.5, 1]
    made.show(made.quad(first), made.quad(second))
    told = [
        {
            "name": name,
            "shader": "VRM/MToon",
            "textureProperties": {"_MainTex": 0, "_ShadeTexture": 0, **textures},
            "vectorProperties": {"_Color": [0.95, 0.73, 0.73, 0.5], "_ShadeColor": [0.9, 0.8, 0.8, 1]},
        }
        for name in ("skin", "cloth")
    ]
    made.json |= {"extensionsUsed": ["VRM"], "extensions": {"VRM": {"materialProperties": told}}}
    return made


def inverted(made: Maker, folder: Path) -> tuple[Path, Path, tuple[str, ...]]:
    """The source, its copy in opposite colours, and what was remarked; only paint may differ."""
    source = made.write(folder / "a.glb")
    loaded = load_asset(source, texture_size=16)
    (path,) = save_asset(loaded, [1 - t.rgb for t in loaded.surface.textures], folder / "b.glb")
    assert [found.sentence for found in diff_files(source, path) if not found.allowed] == []
    return source, path, loaded.remarks


def test_avatars_of_vrm_0_show_the_paint(tmp_path: Path) -> None:
    """Light, shade and tint of each entry follow its material; opacity and the shade's own tint stay."""
    source, path, _ = inverted(avatar(), tmp_path)
    found, content = read_glb(path)
    for item, told in zip(found["materials"], found["extensions"]["VRM"]["materialProperties"], strict=True):
        painted = item["pbrMetallicRoughness"]["baseColorTexture"]["index"]
        assert told["textureProperties"] == {"_MainTex": painted, "_ShadeTexture": painted}
        assert told["vectorProperties"] == {"_Color": [1, 1, 1, 0.5], "_ShadeColor": [0.9, 0.8, 0.8, 1]}
    assert any("VRM 0.x" in found.sentence for found in diff_files(source, path))
    found["extensions"]["VRM"]["materialProperties"][0]["vectorProperties"]["_ShadeColor"] = [0, 0, 0, 1]
    (tmp_path / "c.glb").write_bytes(pack_glb(found, content))
    assert any("_ShadeColor" in found.sentence for found in diff_files(source, tmp_path / "c.glb") if not found.allowed)


def test_other_pictures_of_vrm_0_stay(tmp_path: Path) -> None:
    """What shines keeps the picture that it shared."""
    _, path, _ = inverted(avatar(_EmissionMap=0), tmp_path)
    assert read_glb(path)[0]["extensions"]["VRM"]["materialProperties"][0]["textureProperties"]["_EmissionMap"] == 0
    np.testing.assert_array_equal(image_of(path, 0), checks(16))


@pytest.mark.parametrize(
    ("extension", "key"),
    [
        ("VRMC_materials_mtoon", "shadeMultiplyTexture"),
        ("KHR_materials_sheen", "sheenColorTexture"),
        ("KHR_materials_specular", "specularColorTexture"),
        ("KHR_materials_diffuse_transmission", "diffuseTransmissionColorTexture"),
    ],
)
@pytest.mark.parametrize("way", [{}, {"texCoord": 1}])
def test_the_same_picture_in_an_extension_follows(
    extension: str, key: str, way: dict[str, Any], tmp_path: Path
) -> None:
    """Where it is looked up in the same way; otherwise it stays, and is named."""
    made = Maker()
    material = made.textured_material(checks(16), extensions={extension: {key: {"index": 0, **way}}})
    made.json["extensionsUsed"] = [extension]
    item = made.quad(material)
    item["attributes"]["TEXCOORD_1"] = item["attributes"]["TEXCOORD_0"]
    made.show(item)
    _, path, remarks = inverted(made, tmp_path)
    found = read_glb(path)[0]["materials"][0]
    base = found["pbrMetallicRoughness"]["baseColorTexture"]["index"]
    assert (found["extensions"][extension][key]["index"] == base) == (not way)
    assert any(key in text for text in remarks) == bool(way)


def test_other_variants_are_named(tmp_path: Path) -> None:
    """The look that is not shown stays, and a line says so."""
    made = Maker()
    looks = [made.textured_material(checks(16, seed), name=name) for seed, name in enumerate(("red", "blue"))]
    item = made.quad(looks[0])
    mappings = [{"material": material, "variants": [material]} for material in looks]
    item["extensions"] = {"KHR_materials_variants": {"mappings": mappings}}
    made.show(item)
    named = {"variants": [{"name": "Red"}, {"name": "Blue"}]}
    made.json |= {"extensionsUsed": ["KHR_materials_variants"], "extensions": {"KHR_materials_variants": named}}
    _, path, remarks = inverted(made, tmp_path)
    assert [text for text in remarks if text.endswith("stay as they were: Blue")]
    np.testing.assert_array_equal(image_of(path, 1), checks(16, 1))


def test_animated_colours_are_named(tmp_path: Path) -> None:
    """Of painted materials alone."""
    made = Maker()
    made.show(made.quad(made.textured_material(checks(16), name="lamp")))
    times = made.accessor(np.float32([0, 1]), "SCALAR", min=[0], max=[1])
    values = made.accessor(np.float32([[1, 1, 1, 1], [1, 0, 0, 1]]), "VEC4")
    pointer = {"pointer": "/materials/0/pbrMetallicRoughness/baseColorFactor"}
    target = {"path": "pointer", "extensions": {"KHR_animation_pointer": pointer}}
    channels = [{"sampler": 0, "target": target}]
    made.add("animations", {"samplers": [{"input": times, "output": values}], "channels": channels})
    made.json["extensionsUsed"] = ["KHR_animation_pointer"]
    assert any("animations still change" in text and "lamp" in text for text in inverted(made, tmp_path)[2])


@pytest.mark.parametrize("number", ["0", "{which}"])
def test_behaviours_that_set_colours_are_named(number: str, tmp_path: Path) -> None:
    """Of the material that they point to, or of any."""
    made = Maker()
    made.show(made.quad(made.textured_material(checks(16), name="lamp")))
    pointer = f"/materials/{number}/pbrMetallicRoughness/baseColorTexture/extensions/KHR_texture_transform/offset"
    node = {"declaration": 0, "configuration": {"pointer": {"value": [pointer]}}}
    graph = {"declarations": [{"op": "pointer/set"}], "nodes": [node]}
    made.json |= {"extensionsUsed": ["KHR_interactivity"], "extensions": {"KHR_interactivity": {"graphs": [graph]}}}
    assert any("behaviours still set" in text and "lamp" in text for text in inverted(made, tmp_path)[2])


def test_coarser_levels_are_named(tmp_path: Path) -> None:
    """With the materials that only they show."""
    made = Maker()
    node = made.show(made.quad(made.textured_material(checks(16), name="near")))
    mesh = made.add("meshes", {"primitives": [made.quad(made.textured_material(checks(16, 1), name="far"))]})
    made.json["nodes"][node]["extensions"] = {"MSFT_lod": {"ids": [made.add("nodes", {"mesh": mesh})]}}
    made.json["extensionsUsed"] = ["MSFT_lod"]
    assert any(text.endswith("levels of detail stay as they were: far") for text in inverted(made, tmp_path)[2])


def test_expressions_are_named(tmp_path: Path) -> None:
    """Of VRM 1.0 and of VRM 0.x."""
    made = Maker()
    made.show(made.quad(made.textured_material(checks(16), name="face")))
    binds = [{"material": 0, "type": "color", "targetValue": [1, 0.5, 0.5, 1]}]
    values = [{"materialName": "face", "propertyName": "_Color", "targetValue": [1, 0.5, 0.5, 1]}]
    made.json |= {
        "extensionsUsed": ["VRMC_vrm", "VRM"],
        "extensions": {
            "VRMC_vrm": {"expressions": {"preset": {"happy": {"materialColorBinds": binds}}}},
            "VRM": {"blendShapeMaster": {"blendShapeGroups": [{"materialValues": values}]}},
        },
    }
    remarks = inverted(made, tmp_path)[2]
    assert any("expressions still tint" in text and "face" in text for text in remarks)
    assert any("blend shapes still tint" in text and "face" in text for text in remarks)


def test_avatars_keep_their_suffix(tmp_path: Path) -> None:
    """VRM is GLB by another name, on the way in and out."""
    source = avatar().write(tmp_path / "a.vrm")
    loaded = load_asset(source, texture_size=16)
    (path,) = save_asset(loaded, [1 - t.rgb for t in loaded.surface.textures], tmp_path / "b.vrm")
    assert path.read_bytes()[:4] == b"glTF"
    assert all(found.allowed for found in diff_files(source, path))
