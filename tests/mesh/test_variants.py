"""The original and several variants in one file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from style3d.errors import Style3DError
from style3d.gltf.extensions import VARIANTS
from style3d.mesh.asset import MeshAsset, load_asset, save_variants
from style3d.mesh.diff import diff_files
from style3d.mesh.variants import Variant
from tests.helpers.assets import asset
from tests.helpers.gltf_maker import Maker, checks, image_of, read_glb
from tests.helpers.validator import assert_valid
from tests.mesh.test_asset import bare_cube, forbidden


def looks(loaded: MeshAsset, names: Sequence[str] = ("oil", "ink")) -> list[Variant]:
    """Flat colours of different brightness."""
    textures = loaded.surface.textures
    return [Variant(name, [np.full_like(t.rgb, (i + 1) / 5) for t in textures]) for i, name in enumerate(names)]


def varied(made: Maker, tmp_path: Path, **options: Any) -> tuple[dict[str, Any], Path]:
    source = made.write(tmp_path / "a.glb")
    loaded = load_asset(source, **{"texture_size": 16, **options})
    (path,) = save_variants(loaded, looks(loaded), tmp_path / "b.glb")
    assert forbidden(source, path) == []
    assert_valid(path, source)
    return read_glb(path)[0], path


def shown(found: dict[str, Any], variant: str) -> list[int]:
    """The material of each primitive under a variant, as the extension says viewers choose it."""
    number = [item["name"] for item in found["extensions"][VARIANTS]["variants"]].index(variant)
    result = []
    for mesh in found["meshes"]:
        for primitive in mesh["primitives"]:
            mappings = primitive.get("extensions", {}).get(VARIANTS, {}).get("mappings", [])
            picked = [m["material"] for m in mappings if number in m["variants"]]
            assert len(picked) <= 1
            result.append(picked[0] if picked else primitive["material"])
    return result


def image(found: dict[str, Any], path: Path, material: int) -> np.ndarray:
    texture = found["materials"][material]["pbrMetallicRoughness"]["baseColorTexture"]["index"]
    return image_of(path, found["textures"][texture]["source"])


def test_each_variant_shows_its_look(tmp_path: Path) -> None:
    """Original pixels under ``original``; the first look by default."""
    made = Maker()
    made.show(made.quad(made.textured_material(checks(16), name="skin", alphaMode="MASK")), made.quad(0))
    found, path = varied(made, tmp_path)
    assert [item["name"] for item in found["extensions"][VARIANTS]["variants"]] == ["original", "oil", "ink"]
    assert shown(found, "original") == [0, 0]
    np.testing.assert_array_equal(image(found, path, 0), checks(16))
    for name, level in (("oil", 51), ("ink", 102)):
        (material, same) = shown(found, name)
        assert material == same
        assert (image(found, path, material) == level).all()
        assert found["materials"][material]["alphaMode"] == "MASK"
    assert [p["material"] for p in found["meshes"][0]["primitives"]] == shown(found, "oil")
    assert len(found["images"]) == 3


def test_variants_of_the_asset_stay(tmp_path: Path) -> None:
    """An asset that had some: same numbers, same materials, and new names that do not clash."""
    made = Maker()
    item = made.quad(made.textured_material(checks(16), name="day"))
    night = made.textured_material(checks(16, 1), name="night")
    item["extensions"] = {VARIANTS: {"mappings": [{"material": night, "variants": [0]}]}}
    made.show(item)
    made.json["extensions"] = {VARIANTS: {"variants": [{"name": "oil"}]}}
    made.json["extensionsUsed"] = [VARIANTS]
    found, path = varied(made, tmp_path)
    assert [v["name"] for v in found["extensions"][VARIANTS]["variants"]] == ["oil", "original", "oil 2", "ink"]
    assert shown(found, "oil") == [night]
    np.testing.assert_array_equal(image(found, path, night), checks(16, 1))


def test_vertex_colours_that_moved_are_shown_by_the_original(tmp_path: Path) -> None:
    """Unwrapping bakes them; the variant ``original`` needs a texture to show them."""
    made = Maker()
    colors = np.random.default_rng(0).integers(0, 256, (8, 4), dtype=np.uint8)
    made.show(bare_cube(made, COLOR_0=colors) | {"material": made.add("materials", {"name": "clay"})})
    made.show(bare_cube(made) | {"material": made.add("materials", {"name": "plain"})})
    found, path = varied(made, tmp_path, texture_size=64)
    first, second = shown(found, "original")
    assert first >= 2
    assert image(found, path, first).std() > 20
    assert second in (1, *range(2, len(found["materials"])))


def test_what_cannot_vary_is_refused(tmp_path: Path) -> None:
    made = Maker()
    made.show(made.quad(made.textured_material(checks(16))))
    source = made.write(tmp_path / "a.glb")
    loaded = load_asset(source, texture_size=16)
    with pytest.raises(Style3DError, match=r"glb, \.gltf or \.vrm"):
        save_variants(loaded, looks(loaded), tmp_path / "b.obj")
    painted = load_asset(source, paint="vertices")
    with pytest.raises(Style3DError, match="--paint texture"):
        save_variants(painted, [Variant("oil", [])], tmp_path / "b.glb")
    assert not list(tmp_path.glob("b*"))


@pytest.mark.parametrize("name", ["bevy/FlightHelmet/FlightHelmet.gltf", "playcanvas/heart_draco.glb"])
def test_real_assets(name: str, tmp_path: Path) -> None:
    """Many materials, shared images; a compressed stream that only its factor can colour."""
    source = asset(f"meshes/{name}")
    loaded = load_asset(source, texture_size=32)
    (path,) = save_variants(loaded, looks(loaded), tmp_path / "b.glb")
    assert all(found.allowed for found in diff_files(source, path))
    assert_valid(path, source)
