"""The registry of glTF extensions: diff, inspect and loading heed a new row, and docs say what the rows say."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import style3d
from style3d.errors import Style3DError
from style3d.gltf import extensions
from style3d.gltf.document import Document
from style3d.gltf.extensions import Extension
from style3d.mesh.asset import load_asset
from style3d.mesh.diff import differences
from style3d.mesh.inspect import inspect_file
from tests.helpers.gltf_maker import Maker, checks

NAME = "ACME_weathering"
ROW = Extension(
    NAME,
    "how much rust there is",
    may_come=True,
    may_go=True,
    grows="layers",
    inspect=lambda json: f"rust: {len(json.get('extensions', {}).get(NAME, {}).get('layers', []))} layers",
)


@pytest.fixture
def weathering() -> Iterator[Extension]:
    """The made-up extension, known for as long as a test runs."""
    rows = list(extensions.EXTENSIONS)
    extensions.register(ROW)
    yield ROW
    extensions.EXTENSIONS[:] = rows


def rusty(folder: Path) -> Path:
    made = Maker()
    made.show(made.quad(made.textured_material(checks(16))))
    made.json |= {"extensionsUsed": [NAME], "extensionsRequired": [NAME], "extensions": {NAME: {"layers": [1, 2]}}}
    return made.write(folder / "a.glb")


def grown(layers: list[int]) -> Document:
    used = {"extensionsUsed": [NAME], "extensions": {NAME: {"layers": layers}}} if layers else {}
    return Document({"asset": {"version": "2.0"}, **used}, (), Path())


def test_a_new_extension_is_read_and_told(weathering: Extension, tmp_path: Path) -> None:
    """Nothing is missed any more, and `inspect` has a line on it."""
    path = rusty(tmp_path)
    assert not any(NAME in note for note in load_asset(path, texture_size=16).notes)
    assert "rust: 2 layers" in inspect_file(path)
    assert "not read" not in inspect_file(path)


def test_a_new_extension_may_come_and_go(weathering: Extension) -> None:
    """Its list may grow, and may not change."""
    assert all(found.allowed for found in differences(grown([]), grown([1])))
    assert all(found.allowed for found in differences(grown([1]), grown([1, 2])))
    assert not all(found.allowed for found in differences(grown([1, 2]), grown([3, 2])))
    with pytest.raises(Style3DError, match="has a row already"):
        extensions.register(weathering)


def test_without_its_row_the_extension_is_unknown(tmp_path: Path) -> None:
    """It is kept, its coming is a difference, and where it is required, loading and `inspect` say what is missed."""
    path = rusty(tmp_path)
    assert any(f"requires {NAME}, which is not read" in text for text in load_asset(path, texture_size=16).remarks)
    assert f"kept and not read: {NAME}" in inspect_file(path)
    assert "rust" not in inspect_file(path)
    assert not all(found.allowed for found in differences(grown([]), grown([1])))


def test_names_are_spelt_once() -> None:
    """Code takes the name of an extension from its constant; only docstrings spell it again."""
    package = Path(style3d.__file__).parent
    found = []
    for path in sorted(package.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        told = {
            id(node.body[0].value)
            for node in ast.walk(tree)
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
            and node.body
            and isinstance(node.body[0], ast.Expr)
        }
        for node in ast.walk(tree):
            spelt = isinstance(node, ast.Constant) and isinstance(node.value, str | bytes) and id(node) not in told
            if spelt and re.search(r"\b(KHR|EXT|MSFT)_\w+", str(node.value)) and path.name != "extensions.py":
                found.append(f"{path.relative_to(package)}:{node.lineno}")
    assert not found


def test_a_required_extension_is_named_where_reading_fails(tmp_path: Path) -> None:
    """What hides the geometry is said for what it is, with a command; and not that the file is damaged."""
    made = Maker()
    made.show(made.quad(made.textured_material(checks(16))))
    del made.json["meshes"][0]["primitives"][0]["attributes"]["POSITION"]
    made.json |= {"extensionsUsed": ["ACME_crushed"], "extensionsRequired": ["ACME_crushed"]}
    with pytest.raises(
        Style3DError, match=r"requires ACME_crushed, which style3d does not read; .*gltf-transform copy"
    ):
        load_asset(made.write(tmp_path / "a.glb"))
