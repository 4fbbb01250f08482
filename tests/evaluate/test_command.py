"""`style3d evaluate` as users meet it: models and frames in; page, JSON and CSV out; a status for pipelines."""

from __future__ import annotations

import csv
import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from style3d.cli import main
from style3d.evaluate.footage.read_frames import footage_of_frames
from style3d.evaluate.metrics.registry import figure_names
from style3d.nerf.splats.files import write_splats
from style3d.nerf.splats.harmonics import C0
from tests.evaluate.conftest import write
from tests.evaluate.metrics.test_content import heads, squeeze_tensors
from tests.helpers.clouds import splat_ball
from tests.helpers.inception import slender_inception
from tests.helpers.models import write_textured_ball

SMALL = ["--views", "5", "--resolution", "48", "--gaps", "1", "--ceiling-steps", "1", "--features", "wavelet"]


def call(folder: Path, *more: str) -> list[str]:
    paths = ["--cameras", str(folder / "transforms.json"), "--depth", str(folder / "depth"), "--depth-scale", "2"]
    output = ["--output", str(folder / "page.html"), "--gaps", "1", "--features", "wavelet", "--quiet"]
    return ["evaluate", "--frames", str(folder / "original"), str(folder / "styled"), *paths, *output, *more]


def test_frames(frames: Path, capsys: pytest.CaptureFixture) -> None:
    assert main(call(frames)) == 0
    assert "page.html" in capsys.readouterr().out
    report = json.loads((frames / "page.json").read_text())
    values = {figure["name"]: figure["value"] for figure in report["figures"]}
    assert 0 < values["consistency.1.rmse"] < values["consistency.1.rmse.floor"] * 1.3
    assert values["consistency.1.over_floor"] < 1.2
    assert values["consistency.1.rmse.flat"] == 0
    assert values["content.lpips"] is None
    rows = list(csv.DictReader((frames / "page.csv").read_text().splitlines()))
    assert [row["name"] for row in rows] == [figure["name"] for figure in report["figures"]]
    assert "<script>" in (frames / "page.html").read_text()


def test_thresholds_give_a_status(frames: Path, capsys: pytest.CaptureFixture) -> None:
    assert main(call(frames, "--fail-over", "consistency.1.relative=0.9")) == 0
    assert main(call(frames, "--fail-under", "consistency.1.ssim=1.1")) == 1
    assert "consistency.1.ssim>=1.1 is not kept" in capsys.readouterr().err
    assert main(call(frames, "--fail-over", "content.lpips=0.5")) == 1
    assert "absent" in capsys.readouterr().err
    assert main(call(frames, "--fail-under", "style.gram=0.5")) == 1
    assert "style.gram was not measured" in capsys.readouterr().err
    assert main(call(frames, "--fail-over", "beauty=0.5")) == 2
    assert main(call(frames, "--fail-under", "content.sim=0.5")) == 2
    assert "did you mean 'content.ssim'?" in capsys.readouterr().err
    assert main(call(frames, "--fail-over", "beauty")) == 2


def test_depth_in_other_forms(frames: Path) -> None:
    pictures, cameras = (frames / "original", frames / "styled"), frames / "transforms.json"
    view = footage_of_frames(pictures, cameras, frames / "depth", 2).views[0]
    known = np.isfinite(view.depth)
    folder = frames / "other"
    folder.mkdir()
    for path in sorted((frames / "depth").iterdir()):
        values = np.load(path)
        np.savez(folder / path.with_suffix(".npz").name, depth=values[..., None].astype(np.float32))
        Image.fromarray((values * 10000).astype(np.uint16)).save(frames / path.with_suffix(".png").name)
    zipped = footage_of_frames(pictures, cameras, folder, 2).views[0]
    assert np.array_equal(zipped.depth, view.depth)
    (frames / "png").mkdir()
    for path in frames.glob("*.png"):
        path.rename(frames / "png" / path.name)
    sixteen = footage_of_frames(pictures, cameras, frames / "png", 2 / 10000)
    assert np.abs(sixteen.views[0].depth[known] - view.depth[known]).max() < 1e-3
    along = np.linalg.norm(view.camera.directions(), axis=1).reshape(view.depth.shape)
    rays = footage_of_frames(pictures, cameras, frames / "depth", 2, "ray")
    assert np.allclose(rays.views[0].depth[known] * along[known], view.depth[known], rtol=1e-5)


def test_depth_as_exr(frames: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> None:
    """One channel or a picture's layer, floats or half floats; other sizes and damaged files are refused in a line."""
    openexr = pytest.importorskip("OpenEXR")
    head = {"type": openexr.scanlineimage, "compression": openexr.ZIP_COMPRESSION}
    plain = footage_of_frames((frames / "original", frames / "styled"), frames / "transforms.json", frames / "depth", 2)
    kinds = ("Z", np.float32), ("View.Depth.Z", np.float32), ("V", np.float16), ("Y", np.float32)
    for number, (name, kind) in enumerate(kinds):
        values = np.load(frames / "depth" / f"{number:04}.npy").astype(kind)
        other = {"R": 1 - values, "G": values, "B": values} if name == "View.Depth.Z" else {}
        openexr.File(dict(head), {**other, name: values}).write(str(frames / "depth" / f"{number:04}.exr"))
        (frames / "depth" / f"{number:04}.npy").unlink()
    read = footage_of_frames((frames / "original", frames / "styled"), frames / "transforms.json", frames / "depth", 2)
    for one, view in zip(plain.views, read.views, strict=True):
        known = np.isfinite(one.depth)
        assert np.array_equal(known, np.isfinite(view.depth))
        assert np.allclose(one.depth[known], view.depth[known], rtol=1e-3)

    def said() -> str:
        assert main(call(frames)) == 2
        text = capsys.readouterr().err
        assert text.count("\n") == 1
        return text

    path = frames / "depth" / "0001.exr"
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    assert "0001.exr" in said()
    openexr.File(dict(head), {"Z": np.ones((4, 4), np.float32)}).write(str(path))
    assert "4 × 4 pixels" in said()
    openexr.File(dict(head), {"Motion": np.ones((40, 40), np.float32)}).write(str(path))
    assert "no channel Z" in said()
    monkeypatch.setitem(sys.modules, "OpenEXR", None)
    assert "style3d[exr]" in said()


def test_frames_that_do_not_fit(frames: Path, capsys: pytest.CaptureFixture) -> None:
    def said(*more: str) -> str:
        assert main(call(frames, *more)) == 2
        text = capsys.readouterr().err
        assert text.count("\n") == 1
        return text

    np.save(frames / "depth" / "0001.npy", np.ones((4, 4)))
    assert "0001.npy" in said()
    np.save(frames / "depth" / "0001.npy", np.array([object()] * 1600).reshape(40, 40), allow_pickle=True)
    assert "0001.npy" in said()
    (frames / "depth" / "0001.npy").write_bytes(b"\x93NUMPY\x01\x00v\x00{'descr': '<f8', 'fortran_order': False, 'sh")
    assert "0001.npy" in said()
    (frames / "depth" / "0001.npy").unlink()
    assert "no depth of frame 0001" in said()
    (frames / "transforms.json").write_text('{"frames": []}')
    assert "cameras" in said()
    assert not (frames / "page.html").exists()


def test_models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> None:
    monkeypatch.chdir(tmp_path)
    write_textured_ball(tmp_path / "ball.obj")
    (tmp_path / "styled").mkdir()
    write_textured_ball(tmp_path / "styled" / "ball.obj")
    board = Image.open(tmp_path / "styled" / "ball.png")
    Image.fromarray(255 - np.asarray(board)).save(tmp_path / "styled" / "ball.png")
    write(tmp_path / "style.png", np.random.default_rng(0).random((40, 40, 3)))
    (tmp_path / "styled" / "ball.report.json").write_text('{"losses": {"total": [3, 2, 1]}, "job": {"seed": 5}}')
    models = ["evaluate", "ball.obj", "styled/ball.obj", "--style", "style.png", "--quiet", *SMALL]
    assert main(models) == 0
    values = {f["name"]: f["value"] for f in json.loads((tmp_path / "ball.evaluation.json").read_text())["figures"]}
    assert values["consistency.1.over_floor"] < 1.1
    assert values["consistency.1.over_independent"] is not None
    assert values["content.silhouette"] == 1
    assert set(values) <= set(figure_names([1]))
    assert values["mesh.coverage"] > 0.5
    assert values["mesh.unseen"] >= 0
    assert values["mesh.differences"] is None
    assert values["style.gram"] > 0
    page = (tmp_path / "ball.evaluation.html").read_text()
    assert "polyline" in page
    assert "Settings of the run" in page
    assert main(["evaluate", "ball.obj"]) == 2
    assert "ORIGINAL STYLED" in capsys.readouterr().err


def test_networks_of_the_user(frames: Path) -> None:
    """FID and ArtFID with the user's Inception, LPIPS with the user's files: each figure says which, by its hash."""
    files = {"inception.pth": slender_inception(), "squeeze.pth": squeeze_tensors("squeezenet1_1"),
             "heads.pth": {f"lin{k}.model.1.weight": head for k, head in enumerate(heads())}}  # fmt: skip
    for name, tensors in files.items():
        torch.save(tensors, frames / name)
    write(frames / "style.png", np.random.default_rng(0).random((40, 40, 3)))
    style = ["--style", str(frames / "style.png"), "--ceiling-steps", "0"]
    assert main(call(frames, *style)) == 0
    told = {f["name"]: f for f in json.loads((frames / "page.json").read_text())["figures"]}
    for name in ("style.fid_inception", "style.fid_views", "composite.artfid"):
        assert told[name]["value"] is None
        assert "--inception" in told[name]["note"]
    lpips = ["--lpips", str(frames / "squeeze.pth"), str(frames / "heads.pth")]
    assert main(call(frames, *style, "--inception", str(frames / "inception.pth"), *lpips)) == 0
    told = {f["name"]: f for f in json.loads((frames / "page.json").read_text())["figures"]}
    fid, content, both = (told[name] for name in ("style.fid_views", "content.lpips", "composite.artfid"))
    assert both["value"] == pytest.approx((1 + content["value"]) * (1 + fid["value"]))
    assert both["network"] == "inception-v3 (fid) and lpips squeezenet1_1"
    assert len({fid["digest"], content["digest"], both["digest"]}) == 3
    assert told["composite.artfid.before"]["value"] == pytest.approx(1 + told["style.fid_views.before"]["value"])
    assert "Both at once" in (frames / "page.html").read_text()


def test_radiance_fields(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A ball of splats and the same in other colours: depth is composited by A_v itself."""
    monkeypatch.chdir(tmp_path)
    ball, rng = splat_ball(4000), np.random.default_rng(0)
    bands = np.floor((ball.positions + 10) @ rng.standard_normal((3, 3)) * 2) % 2 - 0.5
    for name, colors in (("ball.ply", bands), ("ball.styled.ply", -bands[:, ::-1])):
        write_splats(replace(ball, sh=(colors[:, None] * 0.6 / C0).astype(np.float32)), Path(name))
    write(tmp_path / "style.png", rng.random((40, 40, 3)))
    few = ["--views", "12", "--resolution", "64", "--gaps", "1", "--ceiling-steps", "0", "--features", "wavelet"]
    assert main(["evaluate", "ball.ply", "ball.styled.ply", "--style", "style.png", "--quiet", *few]) == 0
    values = {
        f["name"]: f["value"] for f in json.loads((tmp_path / "ball.styled.evaluation.json").read_text())["figures"]
    }
    assert values["consistency.1.valid"] > 0.1
    assert 0 < values["consistency.1.relative"] < 0.7
    assert 0.7 < values["consistency.1.over_floor"] < 1.4
    assert "mesh.coverage" not in values
