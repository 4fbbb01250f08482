"""What stands around the package: one version, and recipes whose files are there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

import style3d
from scripts.published_readme import absolute_links

ROOT = Path(__file__).resolve().parents[1]
GUIDE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
README = (ROOT / "README.md").read_text(encoding="utf-8")
ROWS = [
    line
    for line in GUIDE.partition("## Thirteen changes")[2].splitlines()
    if re.match(r"\| (a|an|the|what|colour)", line)
]


def test_the_version_has_one_source() -> None:
    """It is written in `style3d/__init__.py`, and the project's metadata take it from there."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert 'dynamic = ["version"]' in text
    assert 'version = { attr = "style3d.__version__" }' in text
    assert not re.search(r'^version = "', text, re.M)
    assert re.fullmatch(r"\d+\.\d+\.\d+\S*", style3d.__version__)
    assert "version:" not in (ROOT / "CITATION.cff").read_text(encoding="utf-8").replace("cff-version:", "")


def test_there_are_thirteen_recipes() -> None:
    assert len(ROWS) == 13


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


def test_six_changes_are_done_as_examples() -> None:
    """Each is a file that runs; see `tests/test_examples.py`."""
    assert len({found[1] for row in ROWS if (found := re.search(r"\(examples/(\w+)\.py\)", row))}) >= 6


def test_links_of_the_guide_lead_somewhere() -> None:
    assert all((ROOT / target).exists() for target in re.findall(r"\]\(([^)#:]+)\)", GUIDE))


def test_workflows_call_the_task_runner() -> None:
    flow = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text(encoding="utf-8"))
    matrix = flow["jobs"]["test"]["strategy"]["matrix"]
    assert len(matrix["os"]) == 3
    assert matrix["python"] == ["3.10", "3.11", "3.12", "3.13"]
    assert any("make test" in step.get("run", "") for step in flow["jobs"]["test"]["steps"])


def test_readme_begins_with_a_sentence_a_picture_and_two_commands() -> None:
    """One moving picture, and nothing else, stands between the first sentence and the installation."""
    start, _, rest = README.partition("## Install, and paint")
    title, sentence, picture = start.split("\n\n")[:3]
    assert (title, sentence.count("."), start.count("![")) == ("# style3d", 1, 1)
    assert re.fullmatch(r"!\[[^]]+\]\(docs/gallery/wide\.webp\)", picture)
    assert (ROOT / "docs/gallery/wide.webp").stat().st_size < 3_000_000
    assert len(re.findall(r"^    style3d ", rest.partition("##")[0], re.M)) == 2


def test_a_published_readme_has_absolute_addresses() -> None:
    """A package index has none of the repository's files."""
    text = absolute_links(README, "https://example.org/a/style3d/", "v1.2")
    assert "](https://example.org/a/style3d/raw/v1.2/docs/gallery/wide.webp)" in text
    assert "[Quickstart](https://example.org/a/style3d/blob/v1.2/docs/quickstart.md)" in text
    assert all(target.startswith("https://") for target in re.findall(r"\]\(([^)]+)\)", text))
    assert absolute_links(text, "https://example.org/other", "v9") == text
    steps = (ROOT / ".github/workflows/release.yml").read_text(encoding="utf-8")
    assert steps.index("scripts/published_readme.py") < steps.index("python -m build")
