"""Painting without nerfstudio: a field of our own stands in, so that every claim can be worked out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import Parameter

from style3d.core.camera import Camera
from style3d.errors import Style3DError
from style3d.job import FieldJob, Stage
from style3d.nerf.nerfstudio.canvas import Canvas, CanvasView, render_deferred
from style3d.nerf.nerfstudio.job import StyleJob, style_of
from style3d.nerf.nerfstudio.painter import Painter
from style3d.nerf.nerfstudio.schedule import Moment, Schedule
from style3d.paint.schedule import decay
from tests.helpers.capture import cameras, render_ball

STYLE = Path(__file__).resolve().parents[3] / "data" / "styles" / "watercolour.jpg"


class Still(Canvas):
    """The ball before the wall; a linear colour of place, and of the direction too when ``turns``."""

    def __init__(self, turns: float) -> None:
        generator = torch.Generator().manual_seed(0)
        self.weight = Parameter(0.2 * torch.randn(6, 3, generator=generator))
        self.turns = turns

    def trace(self, camera: Camera) -> CanvasView:
        image, depth = render_ball(camera)
        full = np.ones(depth.shape, np.float32)
        return CanvasView(torch.from_numpy(image).permute(2, 0, 1)[None], depth, full, camera, 1000)

    def render_painted(self, traced: Camera) -> torch.Tensor:
        depth = render_ball(traced)[1].reshape(-1, 1)
        rays = traced.directions()
        points = torch.from_numpy(traced.position + rays * depth).float()
        toward = torch.from_numpy(rays / np.linalg.norm(rays, axis=1, keepdims=True)).float()

        def render(start: int, end: int) -> torch.Tensor:
            inputs = torch.cat([points[start:end], self.turns * toward[start:end]], 1)
            return torch.sigmoid(inputs @ self.weight)

        return render_deferred(render, len(points), 100).T.reshape(1, 3, traced.height, traced.width)

    @property
    def paint(self) -> list[Parameter]:
        return [self.weight]

    @property
    def rates(self) -> dict[str, float]:
        return {"paint": 1.0}

    def start_painting(self, matrix: torch.Tensor, offset: torch.Tensor) -> None: ...

    def freeze_geometry(self) -> None: ...

    @property
    def recolors_exactly(self) -> bool:
        return True


def painter(canvas: Canvas, consistency: float) -> Painter:
    job = StyleJob(image=(STYLE,), features="wavelet", content_weight=0.0).validate()
    views = [camera.at_scale(64 / camera.width) for camera in cameras()]
    return Painter(canvas, views, job, consistency, torch.device("cpu"))


def apart(canvas: Still, judge: Painter) -> float:
    """Root mean square disagreement over all pairs of neighbours."""
    moment = Moment(0, 0, 1.0, 0.0)
    total = []
    with torch.no_grad():
        for index in range(len(judge.cameras)):
            prepared = judge._prepared_view(index, moment)
            image = canvas.render_painted(prepared.traced)
            others = [judge._prepared_view(other, moment) for other in judge.neighbours(index)]
            total += [float(judge.difference(image, prepared, other)) for other in others]
    return float(np.sqrt(np.mean(total)))


def test_deferred_gradients_are_the_plain_ones() -> None:
    weight = torch.randn(5, 3, generator=torch.Generator().manual_seed(1)).requires_grad_()
    inputs = torch.randn(70, 5, generator=torch.Generator().manual_seed(2))
    drawn: list[tuple[int, int]] = []

    def render(start: int, end: int) -> torch.Tensor:
        drawn.append((start, end))
        return torch.sin(inputs[start:end] @ weight)

    image = render_deferred(render, 70, 32)
    assert torch.equal(image, torch.sin(inputs @ weight))
    assert drawn == [(0, 32), (32, 64), (64, 70)]
    (image**3).sum().backward()
    assert len(drawn) == 6  # each chunk was drawn again for its gradient
    (plain,) = torch.autograd.grad((torch.sin(inputs @ weight) ** 3).sum(), weight)
    assert torch.allclose(weight.grad, plain, atol=1e-5)


def test_chunks_keep_nothing_of_the_first_render() -> None:
    """Memory is one chunk's: between the two renders autograd holds no tensor as large as a chunk's inside."""
    weight = torch.ones(2, 64).requires_grad_()
    inputs = torch.ones(4096, 2)
    held = 0

    def count(tensor: torch.Tensor) -> torch.Tensor:
        nonlocal held
        held += tensor.numel()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(count, lambda tensor: tensor):
        render_deferred(lambda start, end: torch.sin(inputs[start:end] @ weight)[:, :3], 4096, 512).sum()
    assert held < 4096 * 3 * 2


def test_painting_without_view_dependence_agrees_by_itself() -> None:
    canvas = Still(turns=0.0)
    assert apart(canvas, painter(canvas, 1.0)) < 0.01


def test_the_term_brings_view_dependent_colours_together() -> None:
    after = {}
    for weight in (0.0, 1000.0):
        canvas = Still(turns=3.0)
        one = painter(canvas, weight)
        adam = torch.optim.Adam(canvas.paint, lr=0.03)
        for step in range(30):
            adam.zero_grad()
            terms = one.losses(Moment(0, step, 1.0, 0.03))
            assert ("consistency" in terms) == bool(weight)
            torch.stack(list(terms.values())).sum().backward()
            adam.step()
        after[weight] = apart(canvas, one)
    assert after[1000.0] < 0.75 * after[0.0]


def test_neighbours_are_near_and_look_the_same_way() -> None:
    one = painter(Still(0.0), 1.0)
    assert one.neighbours(0) == [1, 2, 3, 4]
    assert set(one.neighbours(4)) == {2, 3, 5, 6}


def test_photos_are_recoloured_to_the_style() -> None:
    one = painter(Still(0.0), 0.0)
    photos = torch.from_numpy(np.concatenate([render_ball(camera)[0].reshape(-1, 3) for camera in cameras()]))
    one.recolor_from(photos)
    wanted = one.styles.palette.colors
    mapped = photos @ one.matrix.T + one.offset
    assert torch.allclose(mapped.mean(0), wanted.mean(0), atol=1e-3)
    assert torch.allclose(mapped.T.cov(), wanted.T.cov(), atol=2e-3)
    assert float(one.recolor(photos).min()) >= 0


def test_a_schedule_recolours_then_follows_the_recipe() -> None:
    schedule = Schedule(3, 0.5, (Stage(0.5, 4, False, 0.1), Stage(1.0, 2, True, 0.2)))
    assert schedule.steps == 9
    assert schedule.at(2) == Moment(-1, 2, 1.0, 0.5)
    assert schedule.at(3) == Moment(0, 0, 0.5, 0.1)
    assert schedule.at(6) == Moment(0, 3, 0.5, 0.1 * decay(0.75))
    assert schedule.at(7) == Moment(1, 0, 1.0, 0.2)
    assert schedule.at(100) == schedule.at(8)


def test_the_job_is_ours() -> None:
    job = FieldJob(
        Path("scene.ply"), style=(Path("s.jpg"),), style_scale=2.0, views=7, features="wavelet", preset="draft"
    )
    style = style_of(job).validate()
    assert style.mixture == job.mixture
    assert (style.style_scale, style.views, style.features, style.preset) == (2.0, 7, "wavelet", "draft")
    with pytest.raises(Style3DError, match="no style was given"):
        StyleJob().validate()
    with pytest.raises(Style3DError, match="--style-scale is out of range"):
        StyleJob(image=(Path("s.jpg"),), style_scale=1000.0).validate()
