"""The commands of docs/serve.md, against a service that really paints, in a process of its own."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest
import yaml

pytest.importorskip("starlette", reason="no starlette: pip install 'style3d[serve]'")
pytest.importorskip("uvicorn", reason="no uvicorn: pip install 'style3d[serve]'")

from style3d.cli import main
from tests.serve.server import Client, free_port

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs/serve.md").read_text(encoding="utf-8")
TINY = "views: 3, resolution: 48, texture-size: 32, steps: 2, features: wavelet, turntable: none, preset: draft}"
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="SIGTERM is POSIX's")


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "data").mkdir()
    for name in ("models", "styles"):
        (tmp_path / "data" / name).symlink_to(ROOT / "data" / name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def start(port: int) -> subprocess.Popen:
    command = [sys.executable, "-m", "style3d", "serve", "serve.yaml", "--port", str(port), "--workers", "1"]
    return subprocess.Popen(command, env=os.environ | {"PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE, text=True)


def wait_until_ready(port: int) -> None:
    for _ in range(600):
        with suppress(OSError):
            if Client(port).ask("", "GET", "/ready")[0] == 200:
                return
        time.sleep(0.1)
    raise AssertionError("the service is not ready")


def answers_of(port: int, token: str) -> list[str]:
    """What the page's commands print, one after the other, of a job that one of them begins."""
    answers, job = [], ""
    for line in re.findall(r"^    (curl .*)", TEXT, re.M):
        command = line.replace("8707", str(port)).replace("$TOKEN", token).replace("$JOB", job)
        done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=True)
        answers.append(done.stdout)
        if command.endswith("/jobs"):
            job = json.loads(done.stdout)["id"]
    return answers


@pytest.mark.skipif(not shutil.which("curl"), reason="no curl")
def test_the_commands_of_the_page(desk: Path, capsys: pytest.CaptureFixture) -> None:
    assert main(["serve", "--new-token", "anna"]) == 0
    said = capsys.readouterr().out
    token, line = re.search(r"this once: (\S+)", said)[1], re.search(r"^ +anna: .*", said, re.M)[0]
    block = re.search(r"```\n(people:.*?)```", TEXT, re.S)[1]
    text = re.sub(r"^  anna: .*", line, block, flags=re.M).replace("preset: draft}", TINY)
    assert set(yaml.safe_load(text)) == {"people", "looks", "assets", "limits"}
    (desk / "serve.yaml").write_text(text)
    port = free_port()
    with start(port) as service:
        try:
            assert "serving 2 looks" in service.stdout.readline()
            wait_until_ready(port)
            answers = answers_of(port, token)
        finally:
            service.send_signal(signal.SIGTERM)
        assert "go on when it is started again" in service.stdout.read()
    assert service.returncode == 0
    assert [look["licence"] for look in json.loads(answers[0])] == ["CC0-1.0"] * 2
    assert '"state": "done"' in answers[3]
    assert "event: preview\ndata: " in answers[3]
    assert json.loads(answers[4])["koi.glb"] == (desk / "koi.glb").stat().st_size > 1000
    assert "done already" in answers[6]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "the file of settings is not named"),
        (["absent.yaml"], "absent.yaml does not exist"),
        (["serve.yaml", "--host", "everywhere"], "--host is no address"),
        (["serve.yaml", "--port", "0"], "--port is out of range"),
        (["--new-token", "../anna"], "cannot have this name"),
    ],
)
def test_what_cannot_be_served_is_refused(desk: Path, arguments: list[str], said: str, capsys) -> None:
    assert main(["serve", *arguments]) == 2
    told = capsys.readouterr().err
    assert said in told
    assert told.count("\n") == 1
