"""`style3d batch` as people call it, with real runs of a few steps."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from style3d.cli import main
from tests.helpers.models import write_textured_ball

TINY = [
    "--set",
    "preset=draft",
    "--set",
    "views=3",
    "--set",
    "resolution=48",
    "--set",
    "texture-size=32",
    "--set",
    "steps=2",
]
TINY += ["--set", "features=wavelet", "--set", "turntable=none", "--workers", "1", "--quiet"]


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "kit").mkdir()
    write_textured_ball(tmp_path / "kit/ball.obj")
    (tmp_path / "kit/broken.glb").write_bytes(b"glTF but no more than that")
    for number, name in enumerate(("oil", "ink")):
        noise = np.random.default_rng(number).integers(0, 255, (40, 40, 3), dtype=np.uint8)
        Image.fromarray(noise).save(tmp_path / f"{name}.png")
    return tmp_path


def test_a_folder_in_two_looks(desk: Path, capsys: pytest.CaptureFixture) -> None:
    command = ["batch", "kit", "--style", "oil.png", "--style", "ink.png", "--output", "out", *TINY]
    assert main([*command, "--dry-run"]) == 0
    assert "would paint ball.obj as ink into out/ink/ball.glb" in capsys.readouterr().out
    assert not (desk / "out").exists()
    assert main(command) == 1  # one asset is broken, and the other is painted
    said = capsys.readouterr()
    assert "2 done, 2 failed" in said.out
    assert "--again failed" in said.err
    painted = (desk / "out/oil/ball.glb").read_bytes()
    assert painted != (desk / "out/ink/ball.glb").read_bytes()
    assert (desk / "out/oil/ball.contact-sheet.png").exists()
    assert not list((desk / "out").rglob("*.checkpoint"))
    stamp = (desk / "out/oil/ball.glb").stat().st_mtime_ns
    assert main(command) == 1
    assert (desk / "out/oil/ball.glb").stat().st_mtime_ns == stamp
    assert main(["run", "out/oil/ball.job.yaml", "--quiet"]) == 0  # the same job, the same bytes
    assert (desk / "out/oil/ball.glb").read_bytes() == painted
    (desk / "out/ink/ball.glb").unlink()
    assert main(command) == 1
    assert (desk / "out/ink/ball.glb").exists()
    events = [json.loads(line) for line in (desk / "out/_batch/log.jsonl").read_text().splitlines()]
    assert [event["event"] for event in events].count("done") == 3
    done = next(event for event in events if event["event"] == "done")
    assert done["memory"] > 0
    assert done["figures"]["style.gram"] is not None
    assert [event["likeness"] for event in events if event["event"] == "ended"] == [{}] * 3  # of one result a look
    page = (desk / "out/report.html").read_text()
    assert page.count('class="compare"') == 2
    assert 'href="oil/ball.glb"' in page


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["absent", "--style", "oil.png"], "absent does not exist"),
        (["oil.png", "--style", "oil.png"], "oil.png is no folder"),
        (["kit"], "the batch has no look"),
        (["kit", "--style", "absent.png"], "absent.png"),
        (["kit", "--style", "oil.png", "--set", "stepps=3"], "did you mean 'steps'"),
        (["kit", "--style", "oil.png", "--set", "steps"], "NAME=VALUE"),
        (
            ["kit", "--style", "oil.png", "--accept", "beauty>=1"],
            "--accept has no metric called 'beauty'",
        ),
        (["kit", "--style", "oil.png", "--workers", "0"], "--workers is out of range"),
        (["absent.yaml"], "absent.yaml"),
    ],
)
def test_what_cannot_be_done_is_refused_in_one_line(options: list[str], said: str, desk: Path, capsys) -> None:
    assert main(["batch", *options, "--output", "out"]) == 2
    told = capsys.readouterr().err
    assert said in told
    assert told.count("\n") == 1
    assert not (desk / "out").exists()
