"""Every command and every Python block of the documents works, with the steps turned down."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from style3d.cli import main
from style3d.commands.parse import parse_job
from style3d.job import MeshJob

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
ENVIRONMENT = os.environ | {"PYTHONPATH": str(ROOT)}
SETTINGS = [
    ("--turntable", "none"),
    ("--steps", 2),
    ("--views", 3),
    ("--resolution", 64),
    ("--features", "wavelet"),
    ("--texture-size", 64),
]
QUICK = ["--steps", "2", "--views", "3", "--resolution", "64", "--texture-size", "64", "--features", "wavelet"]


def commands(kind: str = "mesh") -> list[str]:
    found = [line.strip() for page in PAGES for line in page.read_text(encoding="utf-8").splitlines()]
    return sorted({line for line in found if re.match(rf"style3d {kind} (data/|--config )", line)})


def job_files() -> list[str]:
    return [code for page in PAGES for code in re.findall(r"```yaml\n(.*?)```", page.read_text(), re.S)]


def blocks() -> list[tuple[str, str]]:
    return [(page.name, code) for page in PAGES for code in re.findall(r"```python\n(.*?)```", page.read_text(), re.S)]


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder that holds the project's data."""
    (tmp_path / "data").symlink_to(ROOT / "data")
    (tmp_path / "out").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_there_are_commands() -> None:
    assert len(commands()) >= 4
    assert len(blocks()) >= 2


@pytest.mark.parametrize("command", [c for c in commands() if "--config" not in c])
def test_options_are_understood(command: str, desk: Path) -> None:
    (desk / "look.yaml").write_text(job_files()[0])
    job, _ = parse_job(MeshJob, shlex.split(command)[2:])
    assert job.model.exists()
    assert all(file.exists() for file in (*job.pictures, *job.protect))


@pytest.mark.parametrize("text", job_files())
def test_job_files_run(text: str, desk: Path) -> None:
    (desk / "look.yaml").write_text(text + "\n" + "\n".join(f"{key[2:]}: {value}" for key, value in SETTINGS))
    assert main(["run", "look.yaml", "--quiet"]) == 0
    assert main(["run", "out/look.job.yaml", "--quiet"]) == 0


def test_blending(desk: Path) -> None:
    page = (ROOT / "docs/controls.md").read_text()
    paint, blend = re.search(r"(style3d mesh .*--output out/koi.glb)\n +(style3d blend out/koi.glb .*)", page).groups()
    assert main([*shlex.split(paint)[1:], *QUICK, "--turntable", "none", "--quiet"]) == 0
    assert main(shlex.split(blend)[1:]) == 0
    assert (desk / "out/koi-40.glb").exists()


@pytest.mark.parametrize("command", commands("nerf"))
def test_fields(command: str, desk: Path) -> None:
    quick = ["--steps", "2", "--views", "3", "--resolution", "64", "--features", "wavelet", "--turntable", "none"]
    assert main([*shlex.split(command)[1:], *quick, "--quiet"]) == 0
    assert list((desk / "out").glob("*.ply"))


def test_batches(desk: Path, capsys: pytest.CaptureFixture) -> None:
    """Both commands of the page are understood; tests/batch paints."""
    text = (ROOT / "docs/batch.md").read_text(encoding="utf-8")
    (desk / "night.yaml").write_text(re.search(r"```\n(settings:.*?)```", text, re.S)[1])
    for command in re.findall(r"^    (style3d batch .*)", text, re.M):
        assert main([*shlex.split(command)[1:], "--dry-run"]) == 0
    assert "lantern.obj as glass into out/kit/glass/lantern.obj" in capsys.readouterr().out


def test_quickstart_and_replay(desk: Path) -> None:
    first = next(c for c in commands() if "out/mossling.glb" in c)
    assert main([*shlex.split(first)[1:], *QUICK, "--turntable", "none", "--quiet"]) == 0
    again = next(c for c in commands() if "--config out/mossling.report.json" in c)
    assert main([*shlex.split(again)[1:], "--quiet"]) == 0
    assert (desk / "out/again.glb").read_bytes() == (desk / "out/mossling.glb").read_bytes()


@pytest.mark.parametrize(("page", "code"), blocks())
def test_python_blocks(page: str, code: str, desk: Path) -> None:
    quick = 'preset="draft", steps=2, views=3, resolution=64, texture_size=64, features="wavelet", turntable="none"'
    code = re.sub(r'preset="draft"[^)]*\)', quick + ")", code)
    assert "steps=2" in code
    script = desk / "documented.py"  # a process of its own: as users run it, without the tests' shape checks
    script.write_text(code, encoding="utf-8")
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, env=ENVIRONMENT, check=False)
    assert done.returncode == 0, done.stderr
    assert list((desk / "out").glob("*.glb"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), f"{page.name} points to {target}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_pages_hold_no_output_of_time(page: Path) -> None:
    """What a shell prints after a timed command is not part of a table."""
    assert not re.search(r"elapsed \d+%CPU|pagefaults \d+swaps|^real\s+\d+m", page.read_text(encoding="utf-8"), re.M)


def test_make_targets_exist() -> None:
    makefile = (ROOT / "Makefile").read_text()
    named = {name for page in PAGES for name in re.findall(r"make ([a-z-]+)\b", page.read_text(encoding="utf-8"))}
    assert {name for name in named if re.search(rf"^{name}:", makefile, re.M)} >= {"demo", "test", "bench", "gallery"}
    assert shutil.which("python3") or shutil.which("python")


@pytest.mark.parametrize("name", ["conventions", "design", "extend", "metrics"])
def test_pages_name_code_that_exists(name: str) -> None:
    """Names in backticks, such as `grid_rows_reference` and `Closeups.zoom`, are words of the sources."""
    sources = [path for room in ("style3d", "tests", "scripts") for path in (ROOT / room).rglob("*.py")]
    known = set(re.findall(r"\w+", "\n".join(path.read_text(encoding="utf-8") for path in sources)))
    text = (ROOT / "docs" / f"{name}.md").read_text(encoding="utf-8")
    names = re.findall(r"`(?:\w+\.)*([A-Z]\w*[a-z]\w*|[a-z]\w*_\w+)`", text)
    assert names
    assert not sorted(set(names) - known)
