"""The plugin inside the real nerfstudio, on a tiny capture: trains, paints, saves, reloads, renders and evaluates."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from time import sleep
from typing import Any
from urllib.request import urlopen

import numpy as np
import pytest
import torch
import trimesh
from PIL import Image

from style3d.cli import main
from style3d.nerf.nerfstudio.safe_load import allow_numbers
from style3d.optional.libraries import library
from tests.helpers.capture import FRAMES, HEIGHT, WIDTH, write_capture
from tests.helpers.nerfstudio import Done, nerfstudio, start, with_nerfstudio

ROOT = Path(__file__).resolve().parents[3]
EXPORTS = find_spec("open3d") is not None and find_spec("pymeshlab") is not None
STYLE = ROOT / "data" / "styles" / "watercolour.jpg"
TINY = [
    "--machine.device-type", "cpu", "--vis", "tensorboard", "--timestamp", "run", "--steps-per-eval-image", "1000",
    "--steps-per-eval-batch", "1000", "--pipeline.datamanager.train-num-rays-per-batch", "128",
    "--pipeline.model.implementation", "torch", "--pipeline.model.num-levels", "4", "--pipeline.model.max-res", "64",
    "--pipeline.model.log2-hashmap-size", "12", "--pipeline.model.num-proposal-iterations", "1",
    "--pipeline.model.num-proposal-samples-per-ray", "16", "--pipeline.model.num-nerf-samples-per-ray", "12",
    "--pipeline.model.proposal-weights-anneal-max-num-iters", "10",
]  # fmt: skip
PAINT = [
    "--pipeline.style.image", str(STYLE), "--pipeline.style.features", "wavelet", "--pipeline.style.preset", "draft",
    "--pipeline.style.resolution", "64", "--pipeline.style.steps", "10", "--pipeline.recolor-steps", "10",
]  # fmt: skip


def opened(checkpoint: Path) -> dict[str, Any]:
    allow_numbers()
    content: dict[str, Any] = torch.load(checkpoint, map_location="cpu", weights_only=True)
    return content


def state(run: Path) -> dict[str, torch.Tensor]:
    newest = sorted((run / "nerfstudio_models").glob("*.ckpt"))[-1]
    return opened(newest)["pipeline"]


def style_mean() -> np.ndarray:
    with Image.open(STYLE) as picture:
        return np.asarray(picture.convert("RGB"), np.float64).mean((0, 1)) / 255


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the capture, a field trained on it for 60 steps, and that field painted."""
    folder = tmp_path_factory.mktemp("nerfstudio")
    write_capture(folder / "capture")
    trained = nerfstudio(
        folder, "ns-train", "style3d", *TINY, *PAINT, "--pipeline.reconstruct-steps", "60",
        "--max-num-iterations", "60", "--experiment-name", "trained", "--data", "capture",
    )  # fmt: skip
    assert trained.returncode == 0, trained.stdout[-2000:] + trained.stderr[-3000:]
    painted = nerfstudio(
        folder, "ns-train", "style3d", *TINY, *PAINT, "--pipeline.reconstruct-steps", "60", "--load-dir",
        "outputs/trained/style3d/run/nerfstudio_models", "--experiment-name", "painted", "--data", "capture",
    )  # fmt: skip
    assert painted.returncode == 0, painted.stdout[-2000:] + painted.stderr[-3000:]
    return folder


@with_nerfstudio
def test_painting_moves_colours_and_nothing_else(desk: Path) -> None:
    before, after = (state(desk / "outputs" / name / "style3d" / "run") for name in ("trained", "painted"))
    changed = {name for name in after if not torch.equal(before[name], after[name])}
    assert {name for name in changed if ".paint." not in name} == {"_model.field.painted", "painting_since"}
    copied = {name for name in after if ".paint." in name}
    drawn = {name for name in copied if not torch.equal(after[name], after[name.replace(".paint.", ".geometry.")])}
    assert [name for name in drawn if ".mlp_base" in name] == ["_model.field.paint.mlp_base.model.0.hash_table"]
    assert any(name.startswith("_model.field.paint.mlp_head") for name in drawn)
    assert "_model.field.paint.embedding_appearance.embedding.weight" in drawn
    assert not any("lpips" in name for name in after)


@with_nerfstudio
def test_it_takes_the_steps_it_needs(desk: Path) -> None:
    (checkpoint,) = (desk / "outputs/painted/style3d/run/nerfstudio_models").glob("*.ckpt")
    assert checkpoint.name == "step-000000079.ckpt"  # 60 reconstructed, 10 recoloured, 10 painted
    assert int(state(checkpoint.parents[1])["painting_since"]) == 60


@with_nerfstudio
def test_evaluates_without_network_weights(desk: Path) -> None:
    for name in ("trained", "painted"):
        arguments = ("--load-config", f"outputs/{name}/style3d/run/config.yml", "--output-path", f"{name}.json")
        done = nerfstudio(desk, "ns-eval", *arguments)
        assert done.returncode == 0, done.stderr[-3000:]
    trained, painted = (json.loads((desk / f"{name}.json").read_text())["results"] for name in ("trained", "painted"))
    assert "lpips" not in trained
    assert trained["psnr"] > 12  # it has learnt the capture
    assert painted["psnr"] < trained["psnr"] - 1  # and is no photograph any more


@with_nerfstudio
def test_renders(desk: Path) -> None:
    means = []
    for name in ("trained", "painted"):
        config = f"outputs/{name}/style3d/run/config.yml"
        done = nerfstudio(
            desk, "ns-render", "dataset", "--load-config", config, "--output-path", f"{name}-frames",
            "--split", "train", "--rendered-output-names", "rgb", "--image-format", "png",
        )  # fmt: skip
        assert done.returncode == 0, done.stderr[-3000:]
        frames = sorted((desk / f"{name}-frames").rglob("*.png"))
        assert 0 < len(frames) <= FRAMES
        with Image.open(frames[0]) as frame:
            assert frame.size == (WIDTH, HEIGHT)
            means.append(np.asarray(frame.convert("RGB"), np.float64).mean((0, 1)) / 255)
    assert np.abs(means[1] - style_mean()).sum() < np.abs(means[0] - style_mean()).sum()


@with_nerfstudio
def test_a_plain_nerfacto_is_painted_at_once(desk: Path, tmp_path: Path) -> None:
    """Under the names that nerfacto's own checkpoint has, with the AlexNet it carries along."""
    run = desk / "outputs/trained/style3d/run/nerfstudio_models"
    saved = opened(next(run.glob("*.ckpt")))
    plain = {name.replace("field.geometry.", "field."): value for name, value in saved["pipeline"].items()
             if ".field.paint" not in name and name != "painting_since"}  # fmt: skip
    plain["_model.lpips.net.net.slice1.0.weight"] = torch.zeros(1)
    optimizers = {name: value for name, value in saved["optimizers"].items() if not name.startswith("paint")}
    torch.save({**saved, "pipeline": plain, "optimizers": optimizers}, tmp_path / "step-000000059.ckpt")
    done = nerfstudio(
        desk, "ns-train", "style3d", *TINY, *PAINT, "--load-dir", str(tmp_path), "--experiment-name", "adopted",
        "--data", "capture", "--pipeline.recolor-steps", "0", "--pipeline.style.steps", "2",
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-3000:]
    after, before = state(desk / "outputs/adopted/style3d/run"), state(run.parent)
    name = "_model.field.geometry.mlp_base.model.0.hash_table"
    assert torch.equal(after[name], before[name])
    assert int(after["painting_since"]) == 60


@with_nerfstudio
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["style3d", *TINY, "--data", "capture"], "style3d: no style was given"),
        (["style3d", *TINY, "--data", "capture", "--pipeline.style.image", "absent.jpg"], "absent.jpg does not exist"),
        (
            ["style3d", *TINY[2:], *PAINT, "--data", "capture"],
            "there is no cuda device here; add --machine",
        ),
        (["style3d-splat", *TINY[:8], *PAINT, "--data", "capture"], "style3d-splat needs an NVIDIA GPU"),
    ],
)
def test_what_is_missing_is_said_in_one_line(arguments: list[str], said: str, tmp_path: Path) -> None:
    write_capture(tmp_path / "capture")
    done = nerfstudio(tmp_path, "ns-train", *arguments)
    assert done.returncode != 0
    assert said in done.stderr
    assert "Traceback" not in done.stderr


@with_nerfstudio
def test_the_documented_wrapper_starts_a_command(tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-W",
        "ignore",
        "-m",
        "style3d.nerf.nerfstudio.run_command",
        "ns-train",
        "style3d",
        "--help",
    ]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "COLUMNS": "200"}
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=environment, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    assert "--pipeline.style.image" in done.stdout


HIDE = """
import sys
class Hidden:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("nerfstudio", "torchvision", "torchmetrics"):
            raise ModuleNotFoundError(f"No module named '{name}'", name=name)
sys.meta_path.insert(0, Hidden())
"""


CONFIG = """!!python/object:nerfstudio.engine.trainer.TrainerConfig
method_name: nerfacto
data: !!python/object/apply:pathlib.PosixPath
- capture
pipeline: {}
"""


def write_run(folder: Path) -> None:
    """What of a trained nerfacto is looked at before nerfstudio is needed."""
    (folder / "capture").mkdir()
    (folder / "nerfstudio_models").mkdir()
    (folder / "nerfstudio_models" / "step-000000009.ckpt").write_bytes(b"")
    (folder / "config.yml").write_text(CONFIG)


@pytest.mark.parametrize(
    ("absent", "said"),
    [
        ("config.yml", "config.yml does not exist"),
        ("nerfstudio_models/step-000000009.ckpt", "nerfstudio_models holds no checkpoint; train the scene first"),
        ("capture", "capture does not exist; run this in the folder where ns-train was run"),
        ("style.jpg", "style.jpg does not exist"),
    ],
)
def test_what_is_not_there_is_said_before_anything_is_loaded(
    absent: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    write_run(tmp_path)
    (tmp_path / "style.jpg").write_bytes(STYLE.read_bytes())
    gone = tmp_path / absent
    gone.rmdir() if gone.is_dir() else gone.unlink()
    assert main(["nerf", "config.yml", "--style", "style.jpg"]) == 2
    err = capsys.readouterr().err
    assert said in err
    assert err.count("\n") == 1
    assert not (tmp_path / "outputs").exists()


def without_nerfstudio(code: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """A process in which nerfstudio is not there, whether it is installed or not."""
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", HIDE + code]
    return subprocess.run(command, capture_output=True, text=True, cwd=folder, env=environment, check=False)


def test_the_package_and_the_command_work_without_it(tmp_path: Path) -> None:
    done = without_nerfstudio("import style3d, style3d.cli; sys.exit(style3d.cli.main(['--help']))", tmp_path)
    assert done.returncode == 0, done.stderr
    assert "style3d mesh" in done.stdout


def test_a_run_of_nerfstudio_needs_nerfstudio(tmp_path: Path) -> None:
    write_run(tmp_path)
    code = f"import style3d.cli; sys.exit(style3d.cli.main(['nerf', 'config.yml', '--style', {str(STYLE)!r}]))"
    done = without_nerfstudio(code, tmp_path)
    assert done.returncode == 2
    assert done.stderr == f"style3d: nerfstudio is not installed; {library('nerfstudio').hint}\n"


def written(done: Done) -> Path:
    (line,) = (line for line in done.stdout.splitlines() if line.startswith("wrote outputs"))
    return Path(line.removeprefix("wrote "))


@with_nerfstudio
def test_our_command_paints_a_run(desk: Path) -> None:
    done = nerfstudio(
        desk, "style3d", "nerf", "outputs/trained/style3d/run/config.yml", "--style", str(STYLE), "--features",
        "wavelet", "--preset", "draft", "--resolution", "64", "--steps", "2",
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-3000:]
    run = written(done)
    painted = state(desk / run)
    assert bool(painted["_model.field.painted"])
    with Image.open(desk / run / "contact-sheet.png") as sheet:
        assert min(sheet.size) > 100
    assert done.stdout.splitlines()[0] == f"wrote {run}"  # and nothing of what nerfstudio says
    before = state(desk / "outputs/trained/style3d/run")
    name = "_model.field.geometry.mlp_base.model.0.hash_table"
    assert torch.equal(painted[name], before[name])


@with_nerfstudio
def test_the_viewer_shows_it(desk: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    config = "outputs/painted/style3d/run/config.yml"
    viewer = start(desk, "ns-viewer", "--load-config", config, "--viewer.websocket-port", str(port))
    try:
        page = b""
        while viewer.process.is_alive() and not page:
            with suppress(OSError), urlopen(f"http://127.0.0.1:{port}", timeout=5) as answer:
                page = answer.read()
            sleep(0.1)
    finally:
        viewer.process.terminate()
    assert b"viser" in page.lower(), viewer.wait().stderr[-3000:]


@with_nerfstudio
@pytest.mark.skipif(not EXPORTS, reason="ns-export needs open3d and pymeshlab")
def test_exports_a_point_cloud_in_painted_colours(desk: Path) -> None:
    means = []
    for name in ("trained", "painted"):
        done = nerfstudio(
            desk, "ns-export", "pointcloud", "--load-config", f"outputs/{name}/style3d/run/config.yml", "--output-dir",
            name, "--normal-method", "open3d", "--num-points", "2000", "--num-rays-per-batch", "512",
        )  # fmt: skip
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-3000:]
        colors = trimesh.load(desk / name / "point_cloud.ply").colors[:, :3] / 255
        assert len(colors) >= 1500
        means.append(colors.mean(0))
    assert np.abs(means[1] - style_mean()).sum() < np.abs(means[0] - style_mean()).sum()
