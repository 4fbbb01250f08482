"""The command as users meet it: one line and status 2 for what cannot be done, files for what can."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from style3d.cli import main
from style3d.commands.parse import parse_job
from style3d.job import MeshJob
from style3d.nerf.splats.files import read_splats, write_splats
from tests.helpers.clouds import splat_ball
from tests.helpers.models import write_textured_ball


@pytest.fixture
def style(tmp_path: Path) -> Path:
    path = tmp_path / "style.png"
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (40, 40, 3), dtype=np.uint8)).save(path)
    return path


@pytest.fixture
def ball(tmp_path: Path) -> Path:
    return write_textured_ball(tmp_path / "ball.obj")


TINY = ["--preset", "draft", "--views", "4", "--resolution", "48", "--texture-size", "64", "--steps", "4", "--quiet"]


def refused(capsys: pytest.CaptureFixture, arguments: list[str]) -> str:
    """Status 2, one line on standard error, nothing on standard output."""
    assert main(arguments) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("style3d: ")
    assert said.err.count("\n") == 1
    assert "Traceback" not in said.err
    return said.err


def test_paints_and_replays(ball: Path, style: Path, tmp_path: Path, monkeypatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["mesh", str(ball), "--style", str(style), "--features", "wavelet", "--turntable", "none", *TINY]) == 0
    first = (tmp_path / "ball.styled.glb").read_bytes()
    said = capsys.readouterr().out
    assert "ball.styled.contact-sheet.png" in said
    assert not list(tmp_path.glob("*.checkpoint"))
    assert main(["mesh", "--config", "ball.styled.report.json", "--output", "again.glb", "--quiet"]) == 0
    assert (tmp_path / "again.glb").read_bytes() == first


def test_a_dry_run_writes_nothing(ball: Path, style: Path, tmp_path: Path, monkeypatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    options = ["mesh", str(ball), "--features", "wavelet", *TINY, "--output", "new/ball.glb", "--dry-run"]
    assert main([*options, "--style", str(style)]) == 0
    said = capsys.readouterr().out
    assert "textures: ball" in said
    assert "stage 1 of 2: 4 views of 48 pixels" in said
    assert "new/ball.glb, new/ball.contact-sheet.png" in said
    assert "new/ball.job.yaml" in said
    assert "GB of memory" in said
    refused(capsys, [*options, "--style", "absent.png"])
    assert sorted(tmp_path.rglob("*")) == before


def test_paints_in_a_given_time(ball: Path, style: Path, tmp_path: Path, monkeypatch, capsys) -> None:
    """However short it is, the asset is written, and the job's file says how long it was meant to take."""
    monkeypatch.chdir(tmp_path)
    options = ["--features", "wavelet", "--turntable", "none", "--texture-size", "64", "--views", "3"]
    assert main(["mesh", str(ball), "--style", str(style), "--time", "1", *options, "--resolution", "64"]) == 0
    said = capsys.readouterr().err
    assert "style3d: in 1 s: 3 views, 64 pixels" in said
    report = json.loads(Path("ball.styled.report.json").read_text())
    assert set(report["estimate"]) == set(report["used"]) == {"seconds", "bytes"}
    assert report["steps"] >= 2
    assert "time: 1.0" in Path("ball.styled.job.yaml").read_text()
    for more in (["--resume"], ["--accept", "content>=0.1"]):
        assert "--time does not work with" in refused(capsys, ["run", "ball.styled.job.yaml", *more])


def test_paints_splats_and_replays(style: Path, tmp_path: Path, monkeypatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    write_splats(splat_ball(300), tmp_path / "cloud.ply")
    options = ["--features", "wavelet", "--turntable", "none", *(o for o in TINY if o not in ("--texture-size", "64"))]
    assert main(["nerf", "cloud.ply", "--style", str(style), *options]) == 0
    painted = read_splats(tmp_path / "cloud.styled.ply")
    assert painted.count == 300
    assert np.abs(painted.base_colors - splat_ball(300).base_colors).mean() > 0.02
    assert (tmp_path / "cloud.styled.contact-sheet.png").exists()
    assert main(["nerf", "--config", "cloud.styled.report.json", "--output", "again.ply", "--quiet"]) == 0
    assert (tmp_path / "again.ply").read_bytes() == (tmp_path / "cloud.styled.ply").read_bytes()
    capsys.readouterr()
    bad = ["nerf", "cloud.ply", "--style", str(style), "--output", "grid.safetensors", *options]
    assert "grid.safetensors" in refused(capsys, bad)
    assert "another kind of scene" in refused(capsys, ["mesh", "--config", "cloud.styled.report.json"])


def test_bad_requests(ball: Path, style: Path, tmp_path: Path, capsys) -> None:
    good = ["mesh", str(ball), "--style", str(style)]
    assert "nope" in refused(capsys, ["nope"])
    assert "--frobnicate" in refused(capsys, [*good, "--frobnicate"])
    assert "--style" in refused(capsys, ["mesh", str(ball)])
    assert "--views" in refused(capsys, [*good, "--views", "0"])
    assert "loud" in refused(capsys, [*good, "--preset", "loud"])
    assert "--style-weights" in refused(capsys, [*good, "--style-weights", "1", "2"])
    assert ".fbx" in refused(capsys, [*good, "--output", "x.fbx"])
    assert "missing.obj" in refused(capsys, ["mesh", str(tmp_path / "missing.obj"), "--style", str(style), *TINY])
    assert "no.jpg" in refused(capsys, ["mesh", str(ball), "--style", str(tmp_path / "no.jpg"), *TINY])
    assert "report" in refused(capsys, ["mesh", "--config", str(style)])
    assert "cuda:77" in refused(capsys, [*good, *TINY, "--device", "cuda:77"])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["mesh", "a.glb", "--frobnicate"], "no option is called --frobnicate; see style3d mesh --help"),
        (["mesh", "a.glb", "--prset", "draft"], "no option is called --prset; did you mean --preset?"),
        (["mesh", "a.glb", "b.glb"], "b.glb belongs to no option, and is one argument too many; see"),
        (["mesh", "a.glb", "--paint", "air"], "--paint cannot be air; expected auto, texture or vertices; see"),
        (["mesh", "a.glb", "--views", "five"], "--views cannot be read; got five; expected a whole number; see"),
        (["mesh", "a.glb", "--style-weights", "x"], "--style-weights cannot be read; got x; expected a number; see"),
        (["batch"], "MANIFEST|FOLDER was not given; expected a manifest (.yaml), or a folder of assets; see"),
        (["run"], "JOB.yaml was not given; expected the job file; see style3d run --help"),
        (["blend", "a.glb"], "--strength was not given; expected how far the result goes from the original (0) to"),
        (["mesh", "a.glb", "--style"], "--style needs a value; see style3d mesh --help"),
        (["doctor", "please"], "please belongs to no option, and is one argument too many; see style3d doctor --help"),
    ],
)
def test_options_that_are_not_understood(arguments: list[str], said: str, capsys) -> None:
    """A line says what was got, what is expected and what to do, and not how the parser failed."""
    assert refused(capsys, arguments).startswith(f"style3d: {said}")


def test_the_input_is_never_overwritten(ball: Path, style: Path, capsys) -> None:
    before = ball.read_bytes()
    assert "overwritten" in refused(capsys, ["mesh", str(ball), "--style", str(style), "--output", str(ball), *TINY])
    assert ball.read_bytes() == before


def test_a_style_that_is_no_image_leaves_everything_as_it_was(ball: Path, tmp_path: Path, capsys) -> None:
    fake, output = tmp_path / "fake.jpg", tmp_path / "old.glb"
    fake.write_text("not an image")
    output.write_bytes(b"precious")
    refused(capsys, ["mesh", str(ball), "--style", str(fake), "--output", str(output), *TINY])
    assert output.read_bytes() == b"precious"


def test_options_reach_the_job(ball: Path, style: Path) -> None:
    arguments = [str(ball), "--style", str(style), "--style", str(style), "--style-weights", "3", "1", "--resume"]
    job, conduct = parse_job(MeshJob, arguments)
    assert conduct.resume
    assert [weight for _, weight in job.mixture] == [0.75, 0.25]
    assert job.destination.name == "ball.styled.glb"


def test_help_names_every_option(capsys) -> None:
    with pytest.raises(SystemExit):
        main(["mesh", "--help"])
    text = capsys.readouterr().out
    assert "None" not in text
    assert max(map(len, text.splitlines())) <= 80
    assert not re.search(r"[a-z,]\n +[a-z]+\n +[a-z]", text)  # no line that holds one word, with more below
    assert all(option in text for option in ("--style", "--preset", "--texture-size", "--rasterizer", "--resume"))
    assert main(["--help"]) == 0
    assert main(["--version"]) == 0
