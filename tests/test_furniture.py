"""What stands around the package: one version, and recipes whose files are there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

import style3d

ROOT = Path(__file__).resolve().parents[1]
GUIDE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
ROWS = [
    line for line in GUIDE.partition("## Twelve changes")[2].splitlines() if re.match(r"\| (a|an|the|colour)", line)
]


def test_the_version_has_one_source() -> None:
    """It is written in `style3d/__init__.py`, and the project's metadata take it from there."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert 'dynamic = ["version"]' in text
    assert 'version = { attr = "style3d.__version__" }' in text
    assert not re.search(r'^version = "', text, re.M)
    assert re.fullmatch(r"\d+\.\d+\.\d+\S*", style3d.__version__)
    assert "version:" not in (ROOT / "CITATION.cff").read_text(encoding="utf-8").replace("cff-version:", "")


def test_there_are_twelve_recipes() -> None:
    assert len(ROWS) == 12


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.split("|")[1].strip())
def test_recipes_name_what_is_there(row: str) -> None:
    """Each folder and file exists, and each list is in a file of the recipe."""
    cells = row.split("|")
    named = [name for name in re.findall(r"`([^`]+)`", cells[2]) if name.startswith("style3d/") and "NAME" not in name]
    assert 1 <= len(named) <= 3
    assert all((ROOT / name).exists() for name in named)
    files = [file for name in named for file in ([ROOT / name] if name.endswith(".py") else (ROOT / name).glob("*.py"))]
    lists = re.findall(r"`([A-Z]{3,})`", cells[2])
    text = "\n".join(file.read_text(encoding="utf-8") for file in files)
    assert all(re.search(rf"^{name}\b", text, re.M) for name in lists)


def test_links_of_the_guide_lead_somewhere() -> None:
    assert all((ROOT / target).exists() for target in re.findall(r"\]\(([^)#:]+)\)", GUIDE))


def test_workflows_call_the_task_runner() -> None:
    flow = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text(encoding="utf-8"))
    matrix = flow["jobs"]["test"]["strategy"]["matrix"]
    assert len(matrix["os"]) == 3
    assert matrix["python"] == ["3.10", "3.11", "3.12", "3.13"]
    assert any("make test" in step.get("run", "") for step in flow["jobs"]["test"]["steps"])
