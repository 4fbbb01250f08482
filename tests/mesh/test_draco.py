"""Draco streams: decoded to be seen, passed through untouched, and never given vertices they did not have."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from style3d.errors import Style3DError
from style3d.images import decode_srgb
from style3d.mesh.asset import load_asset, save_asset
from tests.helpers.assets import asset
from tests.helpers.gltf_maker import read_glb
from tests.helpers.validator import assert_valid
from tests.mesh.test_asset import forbidden, invert


def test_plain_colour_is_painted(tmp_path: Path) -> None:
    """Without UVs the factor takes the mean of what was painted, and the stream stays."""
    source = asset("meshes/playcanvas/heart_draco.glb")
    loaded = load_asset(source)
    assert any("plain colour" in note for note in loaded.notes)
    (path,) = save_asset(loaded, invert(loaded), tmp_path / "a.glb")
    factor = read_glb(path)[0]["materials"][0]["pbrMetallicRoughness"]["baseColorFactor"]
    np.testing.assert_allclose(factor[:3], decode_srgb(1 - loaded.surface.textures[0].rgb[0, 0]), atol=1e-6)
    assert forbidden(source, path) == []
    assert_valid(path, source)
    with pytest.raises(Style3DError, match="--paint texture"):
        load_asset(source, paint="vertices")


def test_textures_of_compressed_meshes_are_painted(tmp_path: Path) -> None:
    """With UVs all is as it is elsewhere."""
    source = asset("meshes/playcanvas/chess-board.glb")
    loaded = load_asset(source, texture_size=128)
    (path,) = save_asset(loaded, invert(loaded), tmp_path / "a.glb")
    assert forbidden(source, path) == []
    assert_valid(path, source)
