"""Optional libraries: the rows agree with pyproject.toml, and nobody imports one by another way."""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path

import pytest

from style3d.errors import Style3DError
from style3d.optional.libraries import LIBRARIES, Library, is_installed, library, need

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "style3d"
OTHERS = [path for path in PACKAGE.rglob("*.py") if path.parent != PACKAGE / "optional"]


def extras() -> dict[str, set[str]]:
    """What each extra of pyproject.toml brings, by the names of the package index; without `dev`."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    table = text.partition("[project.optional-dependencies]")[2].partition("\n[")[0].partition("\ndev = ")[0]
    rows = re.findall(r"^(\w+) = \[(.*?)\]", table, re.MULTILINE)
    return {name: set(re.findall(r'"([\w-]+)', inner)) for name, inner in rows}


def test_rows_are_the_extras() -> None:
    """Every extra has rows for all that it brings, and no row names an extra that does not bring it."""
    told: dict[str, set[str]] = {}
    for row in LIBRARIES:
        if row.extra:
            told.setdefault(row.extra, set()).add(row.requirement)
    assert told == extras()


def test_only_one_room_tries_imports() -> None:
    """No file outside it catches a failed import, or looks for a library."""
    for path in OTHERS:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = {inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name)}
            if isinstance(node, ast.ExceptHandler) and node.type is not None:
                caught = {inner.id for inner in ast.walk(node.type) if isinstance(inner, ast.Name)}
                assert not caught & {"ImportError", "ModuleNotFoundError"}, f"{path}:{node.lineno}"
            assert "find_spec" not in names, path


@pytest.mark.parametrize("row", LIBRARIES, ids=lambda row: f"{row.module} for {row.extra or row.purpose}")
def test_what_is_missing_is_said_in_one_line(row: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, row.module, None)
    assert not is_installed(row.module)
    with pytest.raises(Style3DError, match=r"cow\.spz needs .* not installed; install it with: pip install ") as caught:
        need(row.module, row.extra, "cow.spz")
    assert str(caught.value).endswith(row.hint)
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith(f"cow.spz needs {library(row.module, row.extra).title}")


def test_what_is_broken_is_told_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "OpenEXR.py").write_text("from nowhere import anything")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "OpenEXR", raising=False)
    with pytest.raises(Style3DError, match="OpenEXR is installed, but does not load; got No module named 'nowhere'"):
        need("OpenEXR")
