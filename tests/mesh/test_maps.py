"""Maps that follow the strokes: worked out by hand, whole elsewhere, and allowed only where the asset tells of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from style3d.gltf.accessors import Accessors
from style3d.gltf.document import read_document
from style3d.mesh.asset import load_asset, save_asset
from style3d.mesh.diff import diff_files
from style3d.mesh.relief import glow_of_paint, relief_normals, reorient, roughness_of_strokes, stroke_height
from style3d.mesh.xmp import Provenance
from tests.helpers.gltf_maker import QUAD_UV, Maker, checks, image_of, read_glb
from tests.helpers.validator import assert_valid

WRAP = ("repeat", "repeat")
ALL = ("base", "emissive", "roughness", "normal")


def unit(vectors: np.ndarray) -> np.ndarray:
    return (vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)).astype(np.float32)


def test_reoriented_normals_keep_either_alone() -> None:
    """A flat base gives the detail; a flat detail gives the base; the detail turns with a tilted base."""
    random = np.random.default_rng(0)
    bumps = unit(random.normal(size=(5, 5, 3)) * [0.3, 0.3, 0.1] + [0, 0, 1])
    flat = np.broadcast_to(np.float32([0, 0, 1]), bumps.shape).copy()
    np.testing.assert_allclose(reorient(flat, bumps), bumps, atol=1e-6)
    np.testing.assert_allclose(reorient(bumps, flat), bumps, atol=1e-6)
    tilt = np.broadcast_to(unit(np.float32([0.5, 0, 1])), bumps.shape).copy()
    angles = (reorient(tilt, bumps) * tilt).sum(2), bumps[..., 2]
    np.testing.assert_allclose(*angles, atol=1e-5)


def test_relief_leans_away_from_what_is_higher() -> None:
    """Rising along u: x is negative. Rising up the picture, towards v = 0: y is negative, as glTF wants it."""
    ramp = np.tile(np.linspace(-1, 1, 9, dtype=np.float32), (9, 1))
    assert (relief_normals(ramp, ("clamp", "clamp"))[:, 1:-1, 0] < -0.05).all()
    up = relief_normals(np.ascontiguousarray(ramp.T[::-1]), ("clamp", "clamp"))
    assert (up[1:-1, :, 1] < -0.05).all()
    np.testing.assert_allclose(np.linalg.norm(up, axis=2), 1, atol=1e-6)


def test_strokes_are_high_and_shapes_are_not() -> None:
    """Flat paint and a slow ramp have no relief; stripes have their own, centred."""
    flat = np.full((64, 64, 3), 0.4, np.float32)
    assert np.abs(stroke_height(flat, WRAP)).max() < 1e-3
    stripes = flat + np.float32(0.2) * np.sign(np.sin(np.arange(64) * np.pi / 4 + 0.1))[None, :, None].astype(
        np.float32
    )
    height = stroke_height(stripes, WRAP)
    assert np.corrcoef(height.ravel(), stripes[..., 0].ravel())[0, 1] > 0.8
    assert abs(height.mean()) < 0.05


def test_roughness_and_glow_keep_their_middle() -> None:
    own = np.full((4, 4), 0.5, np.float32)
    np.testing.assert_array_equal(roughness_of_strokes(own, np.zeros((4, 4), np.float32)), own)
    assert roughness_of_strokes(own, np.ones((4, 4), np.float32)).max() < 0.5
    random = np.random.default_rng(0)
    before, lamp = (random.random((32, 32, 3), np.float32) for _ in range(2))
    lamp[:, :16] = 0
    level = np.zeros((32, 32), np.float32)
    same = glow_of_paint(lamp, before, before, level)
    assert np.abs(same - lamp).mean() < 0.02
    assert (glow_of_paint(lamp, before, 1 - before, level)[:, :16] == 0).all()


def lit() -> Maker:
    """A quad with all maps; occlusion, roughness and metalness share one image."""
    made = Maker()
    item = made.json.setdefault("materials", [{}])[0]
    textures = {name: made.add("textures", {"source": made.image(checks(16, seed), name=name)})
                for seed, name in enumerate(("skin", "orm", "bumps", "lamp"))}  # fmt: skip
    item["pbrMetallicRoughness"] = {
        "baseColorTexture": {"index": textures["skin"]},
        "metallicRoughnessTexture": {"index": textures["orm"]},
        "roughnessFactor": 0.5,
    }
    item |= {
        "occlusionTexture": {"index": textures["orm"]},
        "normalTexture": {"index": textures["bumps"], "scale": 0.5},
    }
    item |= {"emissiveTexture": {"index": textures["lamp"]}, "emissiveFactor": [1, 1, 1]}
    made.show(made.quad(0))
    return made


def painted(made: Maker, tmp_path: Path, maps: Any = ALL, told: Any = ALL) -> tuple[Path, list[str]]:
    """Written with some maps; and what the comparison does not allow."""
    source = made.write(tmp_path / "a.glb")
    provenance = Provenance("a", ("a.glb", "0"), {}, "style3d", maps=tuple(told))
    asset = replace(load_asset(source, texture_size=16), maps=tuple(maps), provenance=provenance)
    (path,) = save_asset(asset, [1 - t.rgb for t in asset.surface.textures], tmp_path / "b.glb")
    assert_valid(path, source)
    return path, [found.sentence for found in diff_files(source, path) if not found.allowed]


def test_maps_are_written(tmp_path: Path) -> None:
    """G of the shared image changes in a copy; R and B, and the occlusion that uses it, do not."""
    path, wrong = painted(lit(), tmp_path)
    assert wrong == []
    found = read_glb(path)[0]
    item = found["materials"][0]
    assert item["occlusionTexture"] == {"index": 1}
    np.testing.assert_array_equal(image_of(path, 1), checks(16, 1))
    surface = item["pbrMetallicRoughness"]
    assert "roughnessFactor" not in surface
    rough = image_of(path, found["textures"][surface["metallicRoughnessTexture"]["index"]]["source"])
    np.testing.assert_array_equal(rough[..., [0, 2]], checks(16, 1)[..., [0, 2]])
    np.testing.assert_allclose(rough[..., 1].mean(), checks(16, 1)[..., 1].mean() / 2, rtol=0.15)
    assert item["normalTexture"] == {"index": 2, "scale": 0.5}
    assert not np.array_equal(image_of(path, 2), checks(16, 2))
    assert not np.array_equal(image_of(path, 3), checks(16, 3))
    assert len(found["images"]) == 5


def test_maps_that_are_not_told_are_found(tmp_path: Path) -> None:
    """The same file without the word in its provenance."""
    _, wrong = painted(lit(), tmp_path, told=("base", "roughness"))
    assert any("emissiveTexture" in sentence for sentence in wrong)
    assert any("normalTexture" in sentence for sentence in wrong)
    _, wrong = painted(lit(), tmp_path, told=("base", "normal", "emissive"))
    assert any("roughnessFactor is gone" in sentence for sentence in wrong)


def test_materials_without_maps_get_them(tmp_path: Path) -> None:
    """Roughness and relief where there were none, no glow where nothing shone, nothing for unlit ones."""
    made = Maker()
    made.show(made.quad(made.textured_material(checks(16))))
    made.show(made.quad(made.textured_material(checks(16, 1), extensions={"KHR_materials_unlit": {}})))
    made.json["extensionsUsed"] = ["KHR_materials_unlit"]
    made.json["materials"][0]["pbrMetallicRoughness"]["roughnessFactor"] = 0.6
    made.json["materials"][0]["pbrMetallicRoughness"]["metallicFactor"] = 0.2
    source = made.write(tmp_path / "a.glb")
    asset = replace(load_asset(source, texture_size=16), maps=ALL)
    (path,) = save_asset(asset, [1 - t.rgb for t in asset.surface.textures], tmp_path / "b.glb")
    assert_valid(path, source)
    first, second = read_glb(path)[0]["materials"]
    assert set(first) == {"pbrMetallicRoughness"}  # no normals, so no tangents, so no normal map
    assert first["pbrMetallicRoughness"]["metallicFactor"] == 0.2
    rough = image_of(path, 2)
    np.testing.assert_allclose(rough[..., 1].mean() / 255, 0.6, atol=0.06)
    assert (rough[..., [0, 2]] == 255).all()
    assert set(second) == {"pbrMetallicRoughness", "extensions"}


def test_new_normal_maps_bring_tangents(tmp_path: Path) -> None:
    """A quad facing +z, u along x and v down: tangent +x, bitangent +y; mirrored u turns the side."""
    made = Maker()
    normals = np.tile(np.float32([0, 0, 1]), (4, 1))
    shown = [(QUAD_UV, 1.0), (QUAD_UV * [-1, 1], -1.0)]
    for uvs, _ in shown:
        made.show(made.quad(made.textured_material(checks(16)), uvs, NORMAL=made.accessor(normals, "VEC3")))
    path, wrong = painted(made, tmp_path, ("base", "normal"), ("base", "normal"))
    assert wrong == []
    document = read_document(path)
    for mesh, (_, side) in zip(document.items("meshes"), shown, strict=True):
        found = Accessors(document).raw(mesh["primitives"][0]["attributes"]["TANGENT"])
        np.testing.assert_allclose(found, np.tile([side, 0, 0, side], (4, 1)), atol=1e-6)
    assert "normalTexture" in document.items("materials")[1]


@pytest.mark.parametrize("maps", [("normal",), ("base", "roughness")])
def test_only_what_is_asked_for(maps: tuple[str, ...], tmp_path: Path) -> None:
    """The base colour too stays where it was left out."""
    path, wrong = painted(lit(), tmp_path, maps, maps)
    assert wrong == []
    assert np.array_equal(image_of(path, 0), checks(16)) == ("base" not in maps)
    assert np.array_equal(image_of(path, 2), checks(16, 2)) == ("normal" not in maps)
    np.testing.assert_array_equal(image_of(path, 3), checks(16, 3))
