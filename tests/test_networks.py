"""Networks by name, from the command line to the painted asset."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from style3d.cli import main
from style3d.losses.features import download
from tests.helpers.assets import asset
from tests.helpers.models import write_textured_ball

ROOT = Path(__file__).resolve().parents[1]
QUICK = ["--preset", "draft", "--steps", "4", "--views", "3", "--resolution", "64", "--texture-size", "32"]
REST = ["--style", str(ROOT / "data/styles/oil.jpg"), "--turntable", "none", "--quiet"]


def test_the_layers_that_a_part_of_vgg_holds_paint(tmp_path) -> None:
    weights = asset("networks/vgg19_normalised_relu3_1.safetensors")
    ball, target = write_textured_ball(tmp_path / "ball.obj"), tmp_path / "out.glb"
    network = ["--features", "vgg19", "--weights", str(weights)]
    assert main(["mesh", str(ball), *network, *QUICK, *REST, "--output", str(target)]) == 0
    report = json.loads((tmp_path / "out.report.json").read_text(encoding="utf-8"))
    assert report["features"]["name"] == "vgg19"
    assert len(report["features"]["digest"]) == 64
    style = next(term for term in report["terms"] if "name='style'" in term)
    assert all(layer in style for layer in ("relu1_1", "relu2_1", "relu3_1"))
    assert "relu4_1" not in style


@pytest.mark.parametrize(("variant", "size"), [("vgg19", 548), ("vgg16", 527)])
def test_offline_one_line_names_the_file_and_its_place(variant, size, tmp_path, monkeypatch, capsys) -> None:
    def refuse(*_args, **_options):
        raise OSError("no route to host")

    monkeypatch.setattr(download.urllib.request, "urlopen", refuse)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    ball = write_textured_ball(tmp_path / "ball.obj")
    assert main(["mesh", str(ball), "--features", variant, *QUICK, *REST, "--output", str(tmp_path / "o.glb")]) == 2
    said = capsys.readouterr().err.strip()
    url = download.SOURCES[variant].whole
    assert "\n" not in said
    assert f"{url} elsewhere ({size} MB)" in said
    assert str(tmp_path / "hub" / "checkpoints" / url.rsplit("/", 1)[-1]) in said
    assert "or use --weights" in said
    assert not (tmp_path / "o.glb").exists()
