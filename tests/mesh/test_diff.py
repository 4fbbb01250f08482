"""The contract: what painting may change is allowed, and every other change is found, in a sentence."""

from __future__ import annotations

import copy
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from style3d.errors import Style3DError
from style3d.gltf.container import write_gltf
from style3d.gltf.document import Document, parse_document, read_document
from style3d.gltf.editor import Editor
from style3d.mesh.asset import load_asset, save_asset
from style3d.mesh.diff import Difference, diff_files, differences
from style3d.mesh.xmp import Provenance, with_provenance
from tests.helpers.gltf_maker import Maker, checks
from tests.mesh.test_asset import bare_cube, invert


def scene() -> Maker:
    """A textured quad with a normal map, a rig, an animation, a camera and things that nobody knows."""
    made = Maker()
    material = made.textured_material(checks(16), name="skin", extras={"keep": 1})
    made.json["materials"][material]["normalTexture"] = {
        "index": made.add("textures", {"source": made.image(checks(4))})
    }
    weights = np.zeros((4, 4), np.float32)
    weights[:, 0] = 1
    carried = {
        "JOINTS_0": made.accessor(np.zeros((4, 4), np.uint8), "VEC4"),
        "WEIGHTS_0": made.accessor(weights, "VEC4"),
        "TEXCOORD_1": made.accessor(np.random.default_rng(0).random((4, 2)).astype(np.float32), "VEC2"),
    }
    made.show(made.quad(material, **carried), name="wörld node", skin=0)
    made.json["scenes"][0]["nodes"].append(made.add("nodes", {"camera": 0}))
    made.add("cameras", {"type": "perspective", "perspective": {"yfov": 0.8, "znear": 0.1}})
    made.add("skins", {"joints": [1]})
    times = made.accessor(np.float32([0, 1]), "SCALAR", min=[0], max=[1])
    values = made.accessor(np.zeros((2, 3), np.float32), "VEC3")
    channel = {"sampler": 0, "target": {"node": 1, "path": "translation"}}
    made.add("animations", {"samplers": [{"input": times, "output": values}], "channels": [channel]})
    made.json["extensionsUsed"] = ["VENDOR_secret"]
    made.json["extensions"] = {"VENDOR_secret": {"blob": {"bufferView": made.view(b"secret bytes")}}}
    return made


def parsed(made: Maker) -> Document:
    return parse_document(made.glb(), Path(), "a.glb")


def sentences(found: tuple[Difference, ...]) -> tuple[list[str], list[str]]:
    """Those that are allowed, and the others."""
    return [d.sentence for d in found if d.allowed], [d.sentence for d in found if not d.allowed]


def test_nothing_differs_from_itself() -> None:
    assert differences(parsed(scene()), parsed(scene())) == ()


def test_packing_is_no_difference(tmp_path: Path) -> None:
    """The same asset as one file and as a folder; other offsets, other buffers."""
    source = scene().write(tmp_path / "a.glb")
    write_gltf(read_document(source), tmp_path / "b.gltf", {0: "skin"})
    assert diff_files(source, tmp_path / "b.gltf") == ()
    assert diff_files(tmp_path / "b.gltf", source) == ()


def test_painting_is_allowed_and_told(tmp_path: Path) -> None:
    source = scene().write(tmp_path / "a.glb")
    asset = load_asset(source, texture_size=32)
    save_asset(asset, invert(asset), tmp_path / "b.glb")
    said, wrong = sentences(diff_files(source, tmp_path / "b.glb"))
    assert wrong == []
    assert said == ["image 0 is repainted: 16 × 16 before, 32 × 32 now"]


def png(pixels: np.ndarray) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, format="png")
    return stream.getvalue()


def repaint_normal(editor: Editor) -> None:
    editor.replace_view(editor.json["images"][1]["bufferView"], png(checks(4, 9)))


def share_painted(editor: Editor) -> None:
    editor.replace_view(editor.json["images"][0]["bufferView"], png(checks(16, 9)))
    editor.json["textures"][1]["source"] = 0


def new_numbers(editor: Editor) -> None:
    editor.json["meshes"][0]["primitives"][0]["attributes"]["TEXCOORD_1"] = editor.add_accessor(
        np.zeros((4, 2), np.float32), "VEC2"
    )


def moved_bytes(editor: Editor) -> None:
    accessor = editor.json["accessors"][editor.json["meshes"][0]["primitives"][0]["attributes"]["POSITION"]]
    accessor["bufferView"] = editor.add_view(bytes(48))


def secret(editor: Editor) -> None:
    editor.json["extensions"]["VENDOR_secret"]["blob"]["bufferView"] = editor.add_view(b"other bytes!")


def see_through(editor: Editor) -> None:
    pixels = np.dstack([checks(16), np.full((16, 16), 9, np.uint8)])
    editor.replace_view(editor.json["images"][0]["bufferView"], png(pixels))


def at(*path: Any) -> Callable[[Callable[[Any], None]], Callable[[Editor], None]]:
    """A change to what stands at a path of the JSON."""

    def change(act: Callable[[Any], None]) -> Callable[[Editor], None]:
        def apply(editor: Editor) -> None:
            place: Any = editor.json
            for key in path:
                place = place[key]
            act(place)

        return apply

    return change


BREAKS: dict[str, tuple[Callable[[Editor], None], str]] = {
    "node name": (at("nodes", 0)(lambda node: node.update(name="world")), "nodes/0/name: 'wörld node' became 'world'"),
    "node moved": (at("nodes", 1)(lambda node: node.update(translation=[0, 1, 0])), "nodes/1/translation is new"),
    "skin": (at("skins", 0)(lambda skin: skin.update(joints=[0])), "skins/0/joints/0: 1 became 0"),
    "camera": (at("cameras")(lambda cameras: cameras.clear()), "cameras: 1 became 0"),
    "animation": (at("animations", 0, "channels")(lambda c: c.clear()), "animations/0/channels: 1 became 0"),
    "animation values": (at("animations", 0, "samplers", 0)(lambda s: s.update(output=0)), "output: 7 became 0"),
    "extras": (at("materials", 0, "extras")(lambda extras: extras.update(keep=True)), "extras/keep: 1 became True"),
    "roughness": (at("materials", 0, "pbrMetallicRoughness")(lambda p: p.update(roughnessFactor=0.1)), "roughnessF"),
    "opacity": (
        at("materials", 0, "pbrMetallicRoughness")(lambda p: p.update(baseColorFactor=[1, 1, 1, 0.5])),
        "opacity from 1 to 0.5",
    ),
    "factor": (
        at("materials", 0, "pbrMetallicRoughness")(lambda p: p.update(baseColorFactor=[0.2, 1, 1, 1])),
        "changed its base-colour factor",
    ),
    "lookup": (
        at("materials", 0, "pbrMetallicRoughness", "baseColorTexture")(lambda info: info.update(texCoord=1)),
        "looks its base colour up in another way",
    ),
    "normal map": (repaint_normal, "image 1 changed, though it is also shown as normalTexture"),
    "painted under the normal map": (share_painted, "texture 1 shows image 0, before image 1"),
    "attribute": (new_numbers, "changed its attributes"),
    "attribute's bytes": (moved_bytes, "holds other numbers"),
    "unknown extension's bytes": (secret, "VENDOR_secret/blob/bufferView holds other bytes"),
    "extension list": (lambda editor: editor.use_extension("KHR_materials_unlit"), "KHR_materials_unlit is new"),
    "mesh gone": (at("meshes")(lambda meshes: meshes.clear()), "1 meshes became 0"),
    "material of another kind": (
        lambda editor: editor.json["meshes"][0]["primitives"][0].update(
            material=editor.append("materials", {"name": "skin", "alphaMode": "BLEND"})
        ),
        "which is no copy of 0",
    ),
    "transparency of the image": (see_through, "image 0 changed its opacity"),
    "generator": (at("asset")(lambda asset: asset.update(generator="other")), "asset/generator is new"),
}


@pytest.mark.parametrize("name", BREAKS)
def test_every_other_change_is_found(name: str) -> None:
    """One change each, made by hand."""
    change, words = BREAKS[name]
    source = parsed(scene())
    editor = Editor(source)
    change(editor)
    _, wrong = sentences(differences(source, editor.finish()))
    assert any(words in sentence for sentence in wrong), wrong


def test_image_that_an_untouched_material_shows(tmp_path: Path) -> None:
    """Altered under a material that nothing in the scene uses: found."""
    made = scene()
    made.add("materials", {"pbrMetallicRoughness": {"baseColorTexture": {"index": 0}}})
    source = parsed(made)
    editor = Editor(source)
    editor.replace_view(editor.json["images"][0]["bufferView"], png(checks(16, 9)))
    _, wrong = sentences(differences(source, editor.finish()))
    assert wrong == ["image 0 changed, though material 1 shows it too"]


def unwrapped(tmp_path: Path) -> tuple[Document, Document]:
    made = Maker()
    item = bare_cube(made, COLOR_0=np.random.default_rng(0).integers(0, 256, (8, 4), dtype=np.uint8))
    item["targets"] = [{"POSITION": made.accessor(np.random.default_rng(1).random((8, 3)).astype(np.float32), "VEC3")}]
    made.show(item | {"material": made.add("materials", {"pbrMetallicRoughness": {"metallicFactor": 0.5}})})
    source = made.write(tmp_path / "a.glb")
    asset = load_asset(source, texture_size=32)
    save_asset(asset, invert(asset), tmp_path / "b.glb")
    return read_document(source), read_document(tmp_path / "b.glb")


def test_unwrapping_is_listed(tmp_path: Path) -> None:
    """The one change of geometry, with its numbers."""
    said, wrong = sentences(differences(*unwrapped(tmp_path)))
    assert wrong == []
    (line,) = [sentence for sentence in said if "unwrapped" in sentence]
    assert "into TEXCOORD_0: 8 vertices before" in line
    assert "COLOR_0 moved into the texture" in line


@pytest.mark.parametrize(("name", "place"), [("POSITION", "attributes"), ("POSITION", "targets")])
def test_unwrapping_that_tears_is_found(name: str, place: str, tmp_path: Path) -> None:
    """A vertex that moved while it was split."""
    source, painted = unwrapped(tmp_path)
    editor = Editor(painted)
    primitive = editor.json["meshes"][0]["primitives"][0]
    holder = primitive["attributes"] if place == "attributes" else primitive["targets"][0]
    values = np.array(read_values(painted, holder[name]), copy=True)
    values[3, 0] += 1e-3
    holder[name] = editor.add_accessor(values, "VEC3", bounds=True)
    _, wrong = sentences(differences(source, editor.finish()))
    assert len(wrong) == 1
    assert "not all was carried along: POSITION" in wrong[0]


def read_values(document: Document, accessor: int) -> np.ndarray:
    from style3d.gltf.accessors import Accessors

    return Accessors(document).raw(accessor)


def test_provenance_is_allowed_and_keeps_what_was_said() -> None:
    """An asset's own packet stays, its words are repeated in the new one, and losing them is found."""
    made = scene()
    made.json["extensions"]["KHR_xmp_json_ld"] = {"packets": [{"@context": {"dc": "x"}, "dc:rights": "by Ann"}]}
    made.json["asset"]["extensions"] = {"KHR_xmp_json_ld": {"packet": 0}}
    made.json["extensionsUsed"].append("KHR_xmp_json_ld")
    source = parsed(made)
    told = with_provenance(source, Provenance("skin", ("a.glb", "0" * 64), {"oil.jpg": "1" * 64}, "style3d 0"))
    said, wrong = sentences(differences(source, told))
    assert (said, wrong) == (["the asset says where it comes from (KHR_xmp_json_ld)"], [])
    assert told.json["extensions"]["KHR_xmp_json_ld"]["packets"][1]["dc:rights"] == "by Ann"
    changed = copy.deepcopy(told.json)
    changed["extensions"]["KHR_xmp_json_ld"]["packets"][1].pop("dc:rights")
    _, wrong = sentences(differences(source, parse_document(json.dumps(bare(changed)).encode(), Path(), "a")))
    assert "the asset's metadata lost or changed dc:rights" in wrong


def bare(json_: dict[str, Any]) -> dict[str, Any]:
    """Without data, so that it can be parsed alone."""
    kept = ("asset", "extensions", "extensionsUsed")
    found = {key: json_[key] for key in kept}
    found["extensions"].pop("VENDOR_secret")
    return found


def test_only_gltf_is_compared(tmp_path: Path) -> None:
    (tmp_path / "a.obj").write_text("v 0 0 0\n")
    with pytest.raises(Style3DError, match="not glTF"):
        diff_files(tmp_path / "a.obj", tmp_path / "a.obj")
