"""`inspect` shows what is in a file, and where it comes from."""

from __future__ import annotations

from pathlib import Path

import pytest

from style3d.errors import Style3DError
from style3d.gltf.container import write_glb
from style3d.gltf.document import read_document
from style3d.mesh.inspect import inspect_file
from style3d.mesh.xmp import Provenance, maps_said, with_provenance
from tests.helpers.assets import asset
from tests.helpers.validator import assert_valid
from tests.mesh.test_diff import scene

TOLD = Provenance(
    "skin",
    ("a.glb", "ab" * 32),
    {"oil é.jpg": "cd" * 32, "b.png": "ef" * 32},
    "style3d 0.1.0",
    {"preset": "draft", "steps": 3, "views": None, "style_weights": [0.5, 0.5]},
    "by Ann, CC-BY 4.0",
    ("base", "normal"),
)


def test_everything_is_listed(tmp_path: Path) -> None:
    """Names, sizes, users, lengths."""
    text = inspect_file(scene().write(tmp_path / "a.glb"))
    for words in (
        "nodes, 1 scene", "meshes: 1", "1 primitive, 4 vertices, 6 corners; POSITION, JOINTS_0, WEIGHTS_0, TEXCOORD_1",
        "material 0 'skin': baseColorTexture, normalTexture", "image 0: 16 × 16, image/png", "; baseColorTexture",
        "image 1: 4 × 4, image/png", "; normalTexture", "skin 0: 1 joint", "animation 0: 1 s, 1 channel",
        "camera 0: perspective", "extensionsUsed: VENDOR_secret", "provenance: none is told",
    ):  # fmt: skip
        assert words in text


def test_provenance_is_shown(tmp_path: Path) -> None:
    """What was told comes back, valid for others."""
    source = scene().write(tmp_path / "a.glb")
    (path,) = write_glb(with_provenance(read_document(source), TOLD), tmp_path / "b.glb")
    text = inspect_file(path)
    for words in (
        "dc:title: skin", "dc:rights: by Ann, CC-BY 4.0", "xmp:CreatorTool: style3d 0.1.0", "ab" * 32,
        "name oil é.jpg, sha256 " + "cd" * 32, 'steps 3', "style3d:maps: base, normal", "preset draft",
    ):  # fmt: skip
        assert words in text
    assert maps_said(read_document(path)) == {"base", "normal"}
    assert_valid(path, source)


def test_fox(tmp_path: Path) -> None:
    text = inspect_file(asset("meshes/bevy/Fox.glb"))
    assert "animation 2 'Run': 1.16 s" in text
    assert "skin 0" in text


@pytest.mark.parametrize("content", [b"glTF", b'{"asset": {"version": "2.0"}, "meshes": [{"primitives": [{}]}]}'])
def test_damaged_files_are_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "a.gltf"
    path.write_bytes(content)
    with pytest.raises(Style3DError):
        inspect_file(path)
