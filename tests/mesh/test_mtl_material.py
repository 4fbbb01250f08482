"""Statements of MTL files become what glTF has for them, and where it has nothing, remarks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from style3d.mesh.asset import MeshAsset, load_asset, save_asset
from tests.helpers.gltf_maker import checks
from tests.helpers.validator import assert_valid
from tests.mesh.test_imported import SQUARE


def of(folder: Path, statements: str, **pictures: np.ndarray) -> MeshAsset:
    """A square of one material with these statements, beside pictures of these names."""
    for name, pixels in pictures.items():
        Image.fromarray(pixels).save(folder / f"{name}.png")
    (folder / "a.mtl").write_text(f"newmtl m\n{statements}\n")
    (folder / "a.obj").write_text("mtllib a.mtl\nusemtl m\n" + SQUARE + "f 1/1 2/2 3/3 4/4")
    return load_asset(folder / "a.obj", texture_size=16)


def material(asset: MeshAsset) -> dict[str, Any]:
    """Its only material."""
    (found,) = asset.document.json["materials"]
    return dict(found)


def directions(size: int = 16) -> np.ndarray:
    """A tangent-space map of a gentle wave."""
    slope = np.sin(np.linspace(0, 6, size))[None, :].repeat(size, 0) * 0.5
    length = np.sqrt(slope**2 + 1)
    return np.rint(np.stack([slope / length, 0 * slope, 1 / length], 2) * 127.5 + 127.5).astype(np.uint8)


@pytest.mark.parametrize("word", ["norm", "map_Kn", "map_Bump -bm 0.5", "bump", "map_bump", "map_norm"])
def test_normal_maps(word: str, tmp_path: Path) -> None:
    """However they are called; -bm is their scale."""
    asset = of(tmp_path, f"{word} waves.png", waves=directions())
    found = material(asset)["normalTexture"]
    assert found.get("scale", 1) == (0.5 if "-bm" in word else 1)
    assert asset.remarks == ()


def test_heights_are_remarked(tmp_path: Path) -> None:
    """A grey bump map is no map of normals."""
    asset = of(tmp_path, "map_Bump waves.png", waves=checks(16)[..., :1].repeat(3, 2))
    assert "normalTexture" not in material(asset)
    assert any("heights" in text for text in asset.remarks)


def test_opacity(tmp_path: Path) -> None:
    """A grey picture, a channel, or the colour picture's own alpha; cut-outs are masks, glass is blended."""
    square = np.zeros((16, 16), np.uint8)
    square[4:12, 4:12] = 255
    leaf = np.dstack([checks(16), square])
    for statements in ("map_Kd c.png\nmap_d s.png", "map_Kd l.png", "map_Kd l.png\nmap_d l.png", "map_d s.png"):
        asset = of(tmp_path, statements, c=checks(16), s=square, l=leaf)
        assert material(asset)["alphaMode"] == "MASK"
        (texture,) = asset.surface.textures
        assert texture.alpha is not None
        np.testing.assert_allclose(texture.alpha * 255, square, atol=1)
    glass = np.full((16, 16), 128, np.uint8)
    assert material(of(tmp_path, "map_Kd c.png\nmap_d g.png", c=checks(16), g=glass))["alphaMode"] == "BLEND"
    assert "alphaMode" not in material(of(tmp_path, "map_Kd c.png\nmap_d c.png", c=checks(16)))
    split = np.dstack([checks(16)[..., :2], square])
    asset = of(tmp_path, "map_Kd c.png\nmap_d -imfchan b x.png", c=checks(16), x=split)
    assert asset.surface.textures[0].alpha is not None


def test_placing(tmp_path: Path) -> None:
    """Scale and offset move UVs, -clamp and -blend stand in the sampler, -mm changes levels."""
    asset = of(tmp_path, "map_Kd -s 2 3 1 -o 0.5 0.25 0 -clamp on -blendu off -blendv off c.png", c=checks(16))
    order = np.lexsort(asset.surface.positions.T)
    wanted = np.array([[0, 0], [1, 0], [0, 1], [1, 1]]) * [2, 3] + [0.5, 0.25]
    np.testing.assert_allclose(asset.surface.uvs[order] * [1, -1] + [0, 1], wanted, atol=1e-6)
    assert asset.surface.textures[0].wrap == ("clamp", "clamp")
    assert asset.document.json["samplers"][0]["magFilter"] == 9728
    asset = of(tmp_path, "map_Kd -mm 0.5 0.25 c.png", c=checks(16))
    np.testing.assert_allclose(asset.surface.textures[0].rgb, 0.5 + 0.25 * checks(16) / 255, atol=1 / 255)


def test_surface_numbers_and_maps(tmp_path: Path) -> None:
    """Roughness and metalness in one picture; glow; clear coat, sheen and refraction as extensions."""
    statements = (
        "Pr 0.4\nPm 0.7\nmap_Pr r.png\nmap_Pm m.png\nKe 2 1 0\nmap_Ke c.png\nPc 0.5\nPs 0.25\nNi 1.33\nKs 1 1 1"
    )
    r, m = (np.full((16, 16), level, np.uint8) for level in (60, 200))
    asset = of(tmp_path, statements, r=r, m=m, c=checks(16))
    found = material(asset)
    surface = found["pbrMetallicRoughness"]
    assert (surface["roughnessFactor"], surface["metallicFactor"]) == (0.4, 0.7)
    assert "metallicRoughnessTexture" in surface
    assert "emissiveTexture" in found
    assert found["emissiveFactor"][0] == 1
    assert found["extensions"]["KHR_materials_emissive_strength"] == {"emissiveStrength": 2}
    assert found["extensions"]["KHR_materials_ior"] == {"ior": 1.33}
    assert found["extras"]["mtl"] == {"Ks": "1 1 1"}
    (path,) = save_asset(asset, [texture.rgb for texture in asset.surface.textures], tmp_path / "b.glb")
    assert_valid(path)


def test_ambient_maps_and_files_without_a_name(tmp_path: Path) -> None:
    """map_Ka where there is no map_Kd, and NAME.mtl where no library is named, each with a remark."""
    asset = of(tmp_path, "map_Ka c.png", c=checks(16))
    np.testing.assert_array_equal(asset.surface.textures[0].rgb * 255, checks(16))
    assert "map_Ka" in asset.remarks[0]
    (tmp_path / "a.obj").write_text((tmp_path / "a.obj").read_text().replace("mtllib a.mtl\n", ""))
    asset = load_asset(tmp_path / "a.obj", texture_size=16)
    np.testing.assert_array_equal(asset.surface.textures[0].rgb * 255, checks(16))
    assert "a.mtl" in asset.remarks[0]


@pytest.mark.parametrize("page", ["utf-8", "cp1252", "cp932"])
def test_names_of_other_code_pages(page: str, tmp_path: Path) -> None:
    """Materials and pictures, in whatever code page the exporter wrote them."""
    word = "木目" if page == "cp932" else "Größe"
    Image.fromarray(checks(16)).save(tmp_path / f"{word}.png")
    (tmp_path / "a.mtl").write_bytes(f"newmtl {word}\nmap_Kd {word}.png\n".encode(page))
    text = f"mtllib a.mtl\nusemtl {word}\n" + SQUARE + "f 1/1 2/2 3/3 4/4"
    (tmp_path / "a.obj").write_bytes(text.encode(page))
    asset = load_asset(tmp_path / "a.obj", texture_size=16)
    np.testing.assert_array_equal(asset.surface.textures[0].rgb * 255, checks(16))
    for name in ("b.glb", "b.obj"):
        save_asset(asset, [texture.rgb for texture in asset.surface.textures], tmp_path / name)
    np.testing.assert_array_equal(
        load_asset(tmp_path / "b.obj", texture_size=16).surface.textures[0].rgb * 255, checks(16)
    )


@pytest.mark.parametrize(("kd", "remarked"), [("0.1 0.4 0.1", True), ("0.8 0.8 0.8", False), ("0 0 0", False)])
def test_a_colour_beside_a_picture_is_left_out(kd: str, remarked: bool, tmp_path: Path) -> None:
    """Pictures are shown plain, as modelling programs do; where the colour is no grey, that is said."""
    asset = of(tmp_path, f"Kd {kd}\nmap_Kd c.png", c=checks(8))
    assert "baseColorFactor" not in material(asset)["pbrMetallicRoughness"]
    assert any("Kd of m" in text for text in asset.remarks) == remarked
    (tmp_path / "c.png").unlink()
    asset = load_asset(tmp_path / "a.obj", texture_size=16)
    assert "baseColorFactor" in material(asset)["pbrMetallicRoughness"]
    assert not any("Kd of m" in text for text in asset.remarks)


@pytest.mark.parametrize(
    ("kd", "rgb", "remarked"),
    [
        ("0,8 0,4 0,2", [0.8, 0.4, 0.2], False),
        ("204 102 51", [0.8, 0.4, 0.2], True),
        ("1.5 0.4 0.2", [1, 0.4, 0.2], False),
        ("spectral red.rfl 1", [0.8, 0.8, 0.8], True),
        ("xyz 0.3 0.4 0.2", [0.8, 0.8, 0.8], True),
    ],
)
def test_colours_as_programs_write_them(kd: str, rgb: list[float], remarked: bool, tmp_path: Path) -> None:
    """With decimal commas, up to 255, and as spectra, which nobody reads."""
    asset = of(tmp_path, f"Kd {kd}")
    np.testing.assert_allclose(asset.surface.textures[0].rgb[0, 0], rgb, atol=0.003)
    assert any("its colour" in text for text in asset.remarks) == remarked


def test_an_obj_with_decimal_commas(tmp_path: Path) -> None:
    """Places and UVs, as some programs write them in many languages."""
    (tmp_path / "a.obj").write_text("v 0,5 0,25 0\nv 1,5 0 0\nv 0 1,0 0\nvt 0,5 0\nvt 1 0\nvt 0 1\nf 1/1 2/2 3/3\n")
    asset = load_asset(tmp_path / "a.obj", texture_size=16)
    assert asset.remarks == ()
    assert [0.5, 0.25, 0] in asset.surface.positions.tolist()
