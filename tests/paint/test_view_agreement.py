"""Views held together where paint may change with direction: what the term is worth, and where there is none."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import style3d
from style3d.core.camera import look_at
from style3d.errors import Style3DError
from style3d.job import FieldJob
from style3d.nerf.splats.directional_scene import LobeScene
from style3d.nerf.splats.files import write_splats
from style3d.nerf.splats.scene import SplatScene
from style3d.paint.view_agreement import Agreement, nearest
from style3d.render.cache import ViewCache
from tests.helpers.clouds import splat_ball
from tests.helpers.nets import tiny_objective


@pytest.fixture(scope="module")
def job(tmp_path_factory: pytest.TempPathFactory) -> FieldJob:
    """A ball to be painted with blots, whose harmonics are there and nothing yet."""
    folder = tmp_path_factory.mktemp("agreement")
    blots = np.random.default_rng(0).integers(0, 255, (24, 32, 3), dtype=np.uint8)
    Image.fromarray(blots).resize((128, 96), Image.Resampling.BICUBIC).save(folder / "style.png")
    ball = splat_ball(400, degree=1)
    ball.sh[:, 1:] = 0
    write_splats(ball, folder / "ball.ply")
    return FieldJob(
        folder / "ball.ply", style=(folder / "style.png",), preset="draft", views=10, resolution=48, steps=60,
        view_dependence="style", learning_rate=0.03, turntable="none",
    )  # fmt: skip


def run(job: FieldJob) -> style3d.Result:
    return style3d.stylize(style3d.load(job), job, tiny_objective())


def variation(scene: LobeScene, colors: torch.Tensor) -> float:
    """Root mean square change of new views when splats show them what they show a twelfth of a turn further on."""
    cameras, changes = scene.cameras_around(12, 48), []
    for camera, other in zip(cameras, (*cameras[1:], cameras[0]), strict=True):
        operator = scene.operator(camera, 0)
        views = [
            view.render(colors, torch.zeros(3)) for view in (operator, scene.turned_view(operator, other.position))
        ]
        changes.append((views[0] - views[1])[0, :, operator.coverage.reshape(48, 48) > 0.99])
    return float(torch.cat(changes, 1).square().mean().sqrt())


def test_views_are_held_together(job: FieldJob) -> None:
    """Painted with the term, new views differ clearly less; the style loses little by it."""
    held, free = run(replace(job, consistency_weight=2000.0)), run(replace(job, consistency_weight=0.0))
    together, apart = (variation(result.scene, result.after) for result in (held, free))
    assert together < 0.8 * apart
    losses = [np.mean([step["style"] for step in result.record["losses"][-10:]]) for result in (held, free)]
    assert losses[0] < 1.2 * losses[1]
    assert held.record["losses"][-1]["consistency"] > 0
    assert "consistency" not in held.record["losses"][0]  # coarse levels agree by themselves
    assert all("consistency" not in step for step in free.record["losses"])


def test_only_what_changes_with_direction_counts() -> None:
    """Nothing for paint that all directions share, the mean square otherwise; the gradient is that of the number."""
    scene = LobeScene(SplatScene(splat_ball(300, degree=1), "ball"))
    cache = ViewCache(scene.operator, scene.hierarchy, 10**9)
    views = [cache.get(camera, 0) for camera in scene.cameras_around(8, 24)]
    start = scene.initial()
    agreement = Agreement(scene, views, 2.0, (0,), lambda view: start[torch.from_numpy(view.operator.entries)])
    entries = torch.from_numpy(views[3].operator.entries)
    paint = torch.linspace(-0.3, 0.3, 300)[:, None].expand(-1, 3).repeat_interleave(4, 0).contiguous()
    assert float(agreement.terms(3, 0, (start + paint)[entries])["consistency"]) < 1e-10
    paint[::4] += 0.5
    shown = (start + paint)[entries].double().requires_grad_()
    assert float(agreement.terms(3, 0, shown)["consistency"].detach()) > 1e-4
    assert torch.autograd.gradcheck(lambda values: agreement.terms(3, 0, values)["consistency"], shown, fast_mode=True)


def test_neighbours_look_the_same_way_from_elsewhere() -> None:
    """The nearest first, none from behind, and no crop of the same view."""
    middle = np.zeros(3)
    stops = [(0.0, 0, 4), (1.0, 0, 4), (3.0, 0, 4), (0.0, 0, -4)]
    cameras = [look_at(np.array(stop), middle, 40.0, 32) for stop in stops]
    assert nearest(cameras, 0) == [1, 2]
    crops = [cameras[0].crop(0, 0, 8, 8), *cameras]
    assert nearest(crops, 0, least=1e-6) == [2, 3]
    assert nearest(crops, 0)[0] == 1


def test_elsewhere_there_is_no_term(job: FieldJob) -> None:
    """Where one table makes all views agree nothing is weighed; what has no directions to paint is refused."""
    assert [replace(job, view_dependence=kind).consistency for kind in ("drop", "keep", "style")] == [0, 0, 100]
    for wrong in ({"symmetry": "x"}, {"optimizer": "lbfgs"}):
        with pytest.raises(Style3DError, match="does not work with --view-dependence style"):
            replace(job, **wrong)
    with pytest.raises(Style3DError, match="no harmonics"):
        style3d.load(replace(job, model=Path("grid.safetensors"), output=Path("out.ply")))
    plain = job.model.with_name("plain.ply")
    write_splats(splat_ball(50), plain)
    with pytest.raises(Style3DError, match="no colour that changes"):
        style3d.load(replace(job, model=Path(plain)))
