"""What is lost is told while a command works, and stands in the report and in Python; --strict refuses it."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import style3d
from style3d.cli import main
from style3d.commands.tell_remarks import MOST, tell_remarks
from style3d.errors import Style3DError
from style3d.nerf.splats.files import write_splats
from style3d.remarks import collect_remarks, remark
from tests.helpers.clouds import splat_ball

QUICK = ["--preset", "draft", "--views", "3", "--resolution", "48", "--steps", "3", "--features", "wavelet"]
QUICK += ["--turntable", "none", "--quiet"]
BARE = "mtllib m.mtl\nv 0 0 0\nv 1 0 0\nv 1 1 0\nvt 0 0\nvt 1 0\nvt 1 1\nusemtl wood\nf 1/1 2/2 3/3\n"


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with a picture, and a triangle whose picture is gone."""
    noise = np.random.default_rng(0).integers(0, 255, (40, 40, 3), dtype=np.uint8)
    Image.fromarray(noise).save(tmp_path / "oil.png")
    (tmp_path / "a.obj").write_text(BARE)
    (tmp_path / "m.mtl").write_text("newmtl wood\nmap_Kd gone.png\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_lost_picture_is_told(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Once on standard error, in the report, and as the scene's and the result's remarks."""
    paint = ["mesh", "a.obj", "--style", "oil.png", "--texture-size", "32", "--output", "o.glb", *QUICK]
    assert main(paint) == 0
    lines = capsys.readouterr().err.splitlines()
    assert len([line for line in lines if "gone.png" in line and line.startswith("style3d: ")]) == 1
    (sentence,) = json.loads((desk / "o.report.json").read_text())["remarks"]
    assert sentence in lines[0]
    job = style3d.MeshJob(Path("a.obj"), style=(desk / "oil.png",), texture_size=32)
    assert style3d.load(job).remarks == (sentence,)


def test_strict_refuses_and_writes_nothing(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Status 2 and one line, for what is not found as for what the output cannot hold."""
    before = sorted(desk.iterdir())
    assert main(["mesh", "a.obj", "--style", "oil.png", "--strict", "--output", "o.glb", *QUICK]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert "gone.png" in said.err
    (desk / "m.mtl").write_text("newmtl wood\nKd 1 0 0\n")
    options = ["--style", "oil.png", "--texture-size", "32", "--strict", *QUICK]
    assert main(["mesh", "a.obj", *options, "--output", "o.ply"]) == 2
    assert "holds no pictures" in capsys.readouterr().err
    assert sorted(desk.iterdir()) == before
    assert main(["mesh", "a.obj", *options, "--output", "o.glb"]) == 0


def test_splats_lose_harmonics_and_columns(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What a .splat file has no room for is told before the work, and refused by --strict."""
    write_splats(splat_ball(300, degree=1), desk / "ball.ply")
    paint = ["nerf", "ball.ply", "--style", "oil.png", "--output", "o.splat", *QUICK]
    assert main([*paint, "--strict"]) == 2
    assert "harmonics" in capsys.readouterr().err
    assert not (desk / "o.splat").exists()
    assert main(paint) == 0
    assert capsys.readouterr().err.count("harmonics") == 1


def test_ten_lines_and_a_count(capsys: pytest.CaptureFixture[str]) -> None:
    """Each sentence once; what follows the tenth is counted."""
    with tell_remarks(strict=False):
        for number in range(MOST + 3):
            remark(f"thing {number} is\nlost")
            remark(f"thing {number} is\nlost")
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == MOST + 1
    assert lines[0] == "style3d: thing 0 is lost"
    assert "3 more" in lines[-1]


def test_a_reader_cannot_read_on_past_a_refusal() -> None:
    """A refusal that is taken for a fault of the file comes again at the end."""
    with pytest.raises(Style3DError, match="lost"), tell_remarks(strict=True), contextlib.suppress(Style3DError):
        remark("it is lost")


def test_nobody_listens(caplog: pytest.LogCaptureFixture) -> None:
    """Remarks are logged then; whoever collects them has each once."""
    remark("a\x1b[31m b")
    assert caplog.messages == ["a [31m b"]
    with collect_remarks() as found:
        remark("a")
        remark("b")
        remark("a")
    assert found == ["a", "b"]
