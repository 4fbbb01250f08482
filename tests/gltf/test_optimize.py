"""`--optimize`: the tool's work where it is installed, one line where it is not."""

from __future__ import annotations

import shutil
import stat
import sys
from pathlib import Path

import pytest

from style3d.errors import Style3DError
from style3d.gltf.optimize import TOOL, check_tools, optimize, tool
from tests.helpers.gltf_maker import Maker, checks, read_glb
from tests.helpers.validator import assert_valid


@pytest.fixture
def model(tmp_path: Path) -> Path:
    made = Maker()
    made.show(made.quad(made.textured_material(checks(64))))
    return made.write(tmp_path / "a.glb")


def stand_in(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """A program of the tool's name, alone on PATH."""
    place = folder / "bin"
    place.mkdir()
    program = place / TOOL
    program.write_text(f"#!{sys.executable}\n{script}\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", str(place))
    monkeypatch.chdir(folder)


@pytest.mark.skipif(sys.platform == "win32", reason="scripts are no programs there")
def test_textures_come_before_geometry(model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each wanted step runs once, on what the one before it wrote."""
    script = "import sys; a, b = sys.argv[2:]; open(b, 'wb').write(open(a, 'rb').read() + sys.argv[1].encode())"
    stand_in(tmp_path, monkeypatch, script)
    before = model.read_bytes()
    optimize(model, ("meshopt", "webp"))
    assert model.read_bytes() == before + b"webpmeshopt"


@pytest.mark.skipif(sys.platform == "win32", reason="scripts are no programs there")
def test_failures_leave_the_file(model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(tmp_path, monkeypatch, "import sys; sys.exit('error: no such codec')")
    before = model.read_bytes()
    with pytest.raises(Style3DError, match="no such codec"):
        optimize(model, ("webp",))
    assert model.read_bytes() == before
    with pytest.raises(Style3DError, match="ktx"):
        check_tools(("ktx2",), model)


def test_what_is_missing_is_said(model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    check_tools((), model)
    with pytest.raises(Style3DError, match="npm install"):
        check_tools(("webp",), model)
    with pytest.raises(Style3DError, match=r"a \.glb file"):
        check_tools(("webp",), tmp_path / "a.gltf")


@pytest.mark.skipif(tool() is None or shutil.which("node") is None, reason=f"{TOOL} is not installed")
def test_the_real_tool(model: Path) -> None:
    """WebP inside, meshopt around, and still a valid asset."""
    optimize(model, ("webp", "meshopt"))
    used = read_glb(model)[0]["extensionsUsed"]
    assert "EXT_texture_webp" in used
    assert "EXT_meshopt_compression" in used
    assert_valid(model)
