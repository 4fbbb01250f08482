"""The loop on a small asset: it lowers the loss, repeats and resumes to the byte, and survives being stopped."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import style3d
from style3d.core.pyramid import OneSidedClamp
from style3d.errors import Style3DError
from style3d.paint.checkpoint import Checkpoint
from style3d.paint.schedule import visit
from style3d.progress import Watcher
from tests.helpers.models import write_textured_ball
from tests.helpers.nets import tiny_objective


class Stopper(Watcher):
    """Presses Ctrl-C at a step of a phase."""

    def __init__(self, name: str, step: int) -> None:
        self.name, self.step, self.current = name, step, ""

    def phase(self, name: str, total: int) -> None:
        self.current = name

    def advance(self, count: int, note: str = "") -> None:
        if self.current.startswith(self.name) and count == self.step:
            raise KeyboardInterrupt


@pytest.fixture
def job(tmp_path: Path) -> style3d.MeshJob:
    style = tmp_path / "style.png"
    blots = np.random.default_rng(0).integers(0, 255, (24, 32, 3), dtype=np.uint8)
    Image.fromarray(blots).resize((128, 96), Image.Resampling.BICUBIC).save(style)
    model = write_textured_ball(tmp_path / "ball.obj")
    return style3d.MeshJob(
        model, style=(style,), preset="draft", views=6, resolution=48, texture_size=64, steps=24, turntable="gif"
    )


def run(job: style3d.MeshJob, **options) -> style3d.Result:
    return style3d.stylize(style3d.load(job), job, tiny_objective(), **options)


def test_the_loss_falls_and_the_colours_change(job: style3d.MeshJob) -> None:
    from dataclasses import replace

    result = run(replace(job, steps=60, learning_rate=0.01))
    losses = [step["style"] for step in result.record["losses"]]
    assert len(losses) == 60
    second = result.recipe.stages[0].steps
    assert np.mean(losses[-6:]) < 0.9 * np.mean(losses[second : second + 6])  # of the last of two stages, an epoch each
    assert result.after.min() >= 0 and result.after.max() <= 1  # noqa: PT018
    assert (result.after - result.before).abs().mean() > 0.05
    assert torch.equal(result.blend(0.0), result.before)


def test_the_same_seed_gives_the_same_bytes(job: style3d.MeshJob, tmp_path: Path) -> None:
    first, second = (run(job).save(tmp_path / name / "ball.glb")[0] for name in "ab")
    assert first.read_bytes() == second.read_bytes()
    from dataclasses import replace

    other = run(replace(job, seed=1)).save(tmp_path / "c" / "ball.glb")[0]
    assert other.read_bytes() != first.read_bytes()


def test_a_killed_run_resumes_to_the_same_bytes(job: style3d.MeshJob, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr("style3d.paint.loop.CHECKPOINT_SECONDS", 0.0)
    whole = run(job).after
    store = Checkpoint(tmp_path / "ball.glb", {"job": 1})
    stopped = run(job, checkpoint=store, watcher=Stopper("painting, stage 2", 5))
    assert stopped.was_interrupted
    assert store.path.exists()
    resumed = run(job, checkpoint=Checkpoint(tmp_path / "ball.glb", {"job": 1}), resume=True)
    assert torch.equal(resumed.after, whole)
    assert len(resumed.record["losses"]) == 24
    with pytest.raises(Style3DError, match="other inputs or settings"):
        run(job, checkpoint=Checkpoint(tmp_path / "ball.glb", {"job": 2}), resume=True)


def test_a_damaged_checkpoint_is_refused(job: style3d.MeshJob, tmp_path: Path) -> None:
    store = Checkpoint(tmp_path / "ball.glb", {})
    store.path.write_bytes(b"not a checkpoint")
    with pytest.raises(Style3DError, match="damaged"):
        run(job, checkpoint=store, resume=True)


def test_stopped_runs_keep_their_best(job: style3d.MeshJob, tmp_path: Path) -> None:
    result = run(job, watcher=Stopper("painting, stage 1", 6))
    assert result.was_interrupted
    assert len(result.record["losses"]) == 6
    written = result.save(tmp_path / "ball.glb")
    assert all(path.exists() for path in written)


def test_what_is_written(job: style3d.MeshJob, tmp_path: Path) -> None:
    written = run(job).save(tmp_path / "out" / "ball.glb")
    names = {path.name for path in written}
    assert {"ball.glb", "ball.contact-sheet.png", "ball.turntable.gif", "ball.loss.png", "ball.report.json"} <= names
    report = json.loads((tmp_path / "out" / "ball.report.json").read_text())
    assert report["scene"]["coverage_of_visible"] >= 0.99
    assert report["job"]["resolution"] == 48
    assert set(report["losses"]) >= {"total", "style"}
    assert report["versions"]["torch"]
    assert not list((tmp_path / "out").glob(".*"))
    from style3d.job import job_from_report

    assert job_from_report(tmp_path / "out" / "ball.report.json") == job


def test_lbfgs(job: style3d.MeshJob) -> None:
    from dataclasses import replace

    result = run(replace(job, optimizer="lbfgs", steps=8, views=3))
    losses = [step["total"] for step in result.record["losses"]]
    second = result.recipe.stages[0].steps
    assert losses[second - 1] < losses[0]
    assert losses[-1] < losses[second]


def test_vertices(job: style3d.MeshJob, tmp_path: Path) -> None:
    from dataclasses import replace

    result = run(replace(job, paint="vertices"))
    assert result.scene.facts(result.after, result.seen, result.record["cameras"])["painted"] == "vertices"
    assert (result.after - result.before).abs().mean() > 0.03
    assert result.save(tmp_path / "ball.ply")[0].exists()


def test_every_view_once_an_epoch() -> None:
    order = [visit(0, 1, step, 7) for step in range(21)]
    assert all(sorted(order[i : i + 7]) == list(range(7)) for i in (0, 7, 14))
    assert order[:7] != order[7:14]


def test_clamp_lets_values_back_in() -> None:
    values = torch.tensor([-0.5, 0.5, 1.5, 1.5], requires_grad=True)
    OneSidedClamp.apply(values).backward(torch.tensor([1.0, 1.0, -1.0, 1.0]))
    assert values.grad.tolist() == [0.0, 1.0, 0.0, 1.0]
