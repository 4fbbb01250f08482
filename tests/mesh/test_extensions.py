"""Extensions and storage that real assets have: read right, painted, and everything else as it was."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from style3d.gltf.document import read_document
from style3d.gltf.extensions import MESHOPT
from style3d.mesh.asset import load_asset, save_asset
from style3d.mesh.diff import diff_files
from tests.helpers.assets import asset
from tests.helpers.gltf_maker import QUAD, Maker, checks, read_glb
from tests.helpers.validator import assert_valid
from tests.mesh.test_asset import forbidden, invert, painted


def test_unlit_stays_unlit(tmp_path: Path) -> None:
    made = Maker()
    made.json["extensionsUsed"] = ["KHR_materials_unlit"]
    made.show(made.quad(made.textured_material(checks(16), extensions={"KHR_materials_unlit": {}})))
    _, path = painted(made, tmp_path)
    assert read_glb(path)[0]["materials"][0]["extensions"] == {"KHR_materials_unlit": {}}


def test_instances_share_texels(tmp_path: Path) -> None:
    """A node drawn twice and a GPU instance drawn three times: six squares on one texture."""
    made = Maker()
    made.show(made.quad(made.textured_material(checks(16))))
    made.json["scenes"][0]["nodes"].append(made.add("nodes", {"mesh": 0, "translation": [2, 0, 0]}))
    places = made.accessor(np.float32([[0, 2, 0], [0, 4, 0], [0, 6, 0]]), "VEC3")
    instancing = {"EXT_mesh_gpu_instancing": {"attributes": {"TRANSLATION": places}}}
    made.json["scenes"][0]["nodes"].append(made.add("nodes", {"mesh": 0, "extensions": instancing}))
    made.json["extensionsUsed"] = ["EXT_mesh_gpu_instancing"]
    loaded, _ = painted(made, tmp_path)
    surface = loaded.surface
    assert (len(surface.faces), len(surface.textures), surface.entries) == (10, 1, 256)
    assert sorted({round(float(y)) for y in surface.positions[:, 1]}) == [0, 1, 2, 3, 4, 5, 6, 7]
    for corner in range(4):
        assert len(np.unique(surface.uvs[corner::4], axis=0)) == 1


def test_sparse_positions(tmp_path: Path) -> None:
    """One vertex moved by a sparse accessor is seen there, and the accessor stays sparse."""
    made = Maker()
    item = made.quad(made.textured_material(checks(16)))
    indices, values = made.view(np.uint16([2]).tobytes()), made.view(np.float32([5, 5, 0]).tobytes())
    sparse = {"count": 1, "indices": {"bufferView": indices, "componentType": 5123}, "values": {"bufferView": values}}
    accessor = made.json["accessors"][item["attributes"]["POSITION"]]
    accessor |= {"sparse": sparse, "max": [5, 5, 0]}
    made.show(item)
    loaded, path = painted(made, tmp_path)
    np.testing.assert_array_equal(loaded.surface.positions[2], [5, 5, 0])
    assert "sparse" in read_glb(path)[0]["accessors"][item["attributes"]["POSITION"]]


@pytest.mark.parametrize("kind", ["beside", "data"])
def test_buffers_beside_and_in_data_uris(kind: str, tmp_path: Path) -> None:
    """With spaces and letters of other alphabets in every name."""
    made = Maker()
    made.show(made.quad(made.textured_material(checks(16), name="Кожа и 毛")), name="лиса 1")
    made.glb()
    uri = "b%C3%BCffer%20one.bin"
    if kind == "data":
        uri = "data:application/octet-stream;base64," + base64.b64encode(bytes(made.data)).decode()
    else:
        (tmp_path / "büffer one.bin").write_bytes(bytes(made.data))
    made.json["buffers"] = [{"byteLength": len(made.data), "uri": uri}]
    source = tmp_path / "ein Fuchs é.gltf"
    source.write_text(json.dumps(made.json), encoding="utf-8")
    loaded = load_asset(source, texture_size=16)
    for target in (tmp_path / "out put.glb", tmp_path / "другой.gltf"):
        path = save_asset(loaded, invert(loaded), target)[-1]
        assert forbidden(source, path) == []
        assert_valid(path, source)
        found = read_document(path).json
        assert (found["nodes"][0]["name"], found["materials"][0]["name"]) == ("лиса 1", "Кожа и 毛")


@pytest.mark.parametrize("mode", ["MASK", "BLEND", "OPAQUE"])
def test_leaf_cards_keep_their_opacity(mode: str, tmp_path: Path) -> None:
    """Opacity of the picture, in every mode, at another size too; the colours under it are painted."""
    rgba = np.dstack([checks(16), np.where(np.indices((16, 16)).sum(0) % 16 < 8, 255, 0).astype(np.uint8)])
    made = Maker()
    made.show(made.quad(made.textured_material(rgba, alphaMode=mode, doubleSided=True)))
    loaded, path = painted(made, tmp_path)
    assert loaded.surface.materials[0].double_sided
    assert [found.sentence for found in diff_files(tmp_path / "source.glb", path)] == [
        "image 0 is repainted: 16 × 16 before, 16 × 16 now"
    ]


def test_meshopt_streams_go_through(tmp_path: Path) -> None:
    """Decoded to be seen; the compressed bytes and their filters are in the painted file too."""
    source = asset("meshes/meshoptimizer/pirate.glb")
    loaded = load_asset(source, paint="vertices")
    assert np.isfinite(loaded.surface.positions).all()
    (path,) = save_asset(loaded, invert(loaded), tmp_path / "b.glb")
    said = diff_files(source, path)
    assert all(found.allowed for found in said)
    assert any("COLOR_0" in found.sentence for found in said)
    streams = [streams_of(file) for file in (source, path)]
    assert streams[0]
    assert streams[1][: len(streams[0])] == streams[0]


def streams_of(path: Path) -> list[bytes]:
    document = read_document(path)
    packed: list[dict[str, Any]] = [
        view["extensions"][MESHOPT] for view in document.items("bufferViews") if MESHOPT in view.get("extensions", {})
    ]
    return [document.buffers[p["buffer"]][p.get("byteOffset", 0) :][: p["byteLength"]] for p in packed]


def test_vertex_paint_keeps_its_vertices(tmp_path: Path) -> None:
    """COLOR_0 comes, nothing is split or moved, and a texture that shared its image with the relief stays for it."""
    made = Maker()
    material = made.textured_material(checks(16))
    made.json["materials"][material]["normalTexture"] = {"index": 0}
    made.show(made.quad(material))
    loaded, path = painted(made, tmp_path, paint="vertices")
    assert len(loaded.surface.positions) == len(QUAD)
    assert read_glb(path)[0]["materials"][0]["normalTexture"] == {"index": 0}
