"""Views traced once against nerfstudio's own rendering of the same field, with the real package."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from style3d.nerf.nerfstudio.canvas import render_deferred
from style3d.nerf.nerfstudio.ray_cache import LEAST, join_rows, pack_rows
from tests.helpers.capture import cameras
from tests.helpers.nerfstudio import with_nerfstudio


def test_packing_keeps_what_matters_and_the_sum() -> None:
    generator = torch.Generator().manual_seed(0)
    weights = torch.rand(40, 12, generator=generator) ** 12 / 12
    weights[0] = LEAST / 100  # a ray through air
    weights[1] = 0
    places, directions = torch.rand(40, 12, 3, generator=generator), torch.rand(40, 3, generator=generator)
    rows = pack_rows(places, weights, directions, torch.zeros(40, 3))
    assert rows.counts[:2].tolist() == [1, 1]
    assert int(rows.counts.sum()) == len(rows.weights) < 40 * 12 / 2
    owner = torch.arange(40).repeat_interleave(rows.counts)
    assert torch.allclose(torch.zeros(40).index_add(0, owner, rows.weights), weights.sum(1), atol=1e-7)
    thick = weights >= LEAST
    assert torch.isin(places[thick][:, 0], rows.places[:, 0]).all()
    halves = [
        pack_rows(places[i : i + 20], weights[i : i + 20], directions[i : i + 20], torch.zeros(20, 3)) for i in (0, 20)
    ]
    assert all(
        torch.equal(getattr(join_rows(halves), name), getattr(rows, name)) for name in ("places", "weights", "counts")
    )


def model(background: str) -> Any:
    """A small nerfacto whose density varies, so that rays end at different depths."""
    from style3d.optional.torchvision_compat import import_torchvision

    import_torchvision()
    from nerfstudio.data.scene_box import SceneBox

    from style3d.nerf.nerfstudio.nerfacto import PaintedNerfactoConfig

    torch.manual_seed(0)
    config = PaintedNerfactoConfig(
        implementation="torch", num_levels=4, max_res=64, log2_hashmap_size=12, num_proposal_iterations=1,
        num_proposal_samples_per_ray=(32,), num_nerf_samples_per_ray=24, background_color=background,
        eval_num_rays_per_chunk=200, paint_rays_per_chunk=150, appearance_embed_dim=4,
    )  # fmt: skip
    box = SceneBox(torch.tensor([[-1.0, -1, -1], [1, 1, 1]]))
    canvas = config.setup(scene_box=box, num_train_data=3, metadata={}, device=torch.device("cpu"), grad_scaler=None)
    with torch.no_grad():
        for network in (canvas.field.geometry.mlp_base.model, canvas.proposal_networks[0].mlp_base):
            network[0].hash_table.normal_(0, 3.0)
        canvas.field.geometry.mlp_head.layers[-1].weight.mul_(20)
    canvas.start_painting(torch.eye(3), torch.zeros(3))
    return canvas.eval()


@with_nerfstudio
@pytest.mark.filterwarnings("ignore")  # nerfstudio's own
@pytest.mark.parametrize("background", ["last_sample", "white", "random"])
def test_a_traced_view_is_what_nerfstudio_renders(background: str) -> None:
    from style3d.nerf.nerfstudio.cameras import to_nerfstudio

    canvas, camera = model(background), cameras()[2]
    slow = canvas.get_outputs_for_camera(to_nerfstudio(camera, "cpu"))
    view = canvas.trace(camera)
    fast = canvas.render_painted(view.traced)
    assert fast.shape == view.image.shape == (1, 3, camera.height, camera.width)
    assert torch.allclose(view.image[0].permute(1, 2, 0), slow["rgb"], atol=1e-5)  # nothing is painted yet
    assert float((fast[0].permute(1, 2, 0) - slow["rgb"]).abs().max()) < 2 / 255
    assert float(view.image.std()) > 0.05
    assert 0 < view.nbytes < camera.height * camera.width * 24 * 20
    distance = view.depth * np.linalg.norm(camera.directions(), axis=1).reshape(view.depth.shape)
    assert np.allclose(distance, slow["depth"][..., 0].numpy(), rtol=1e-4)


@with_nerfstudio
@pytest.mark.filterwarnings("ignore")  # nerfstudio's own
def test_only_paint_takes_a_gradient_and_the_original_stays() -> None:
    canvas, camera = model("last_sample"), cameras()[2]
    view = canvas.trace(camera)
    canvas.render_painted(view.traced).square().sum().backward()
    assert all(parameter.grad is not None and bool(parameter.grad.abs().sum() > 0) for parameter in canvas.paint)
    assert all(parameter.grad is None for parameter in canvas.field.geometry.parameters())
    with torch.no_grad():
        canvas.paint[0].mul_(0.5)
    assert torch.equal(canvas.trace(camera).image, view.image)
    assert not torch.allclose(canvas.render_painted(view.traced), view.image, atol=1e-2)


def test_a_picture_of_one_chunk_is_rendered_once() -> None:
    calls = []

    def render(start: int, end: int) -> torch.Tensor:
        calls.append((start, end))
        return torch.ones(end - start, 3, requires_grad=True) * 2

    render_deferred(render, 10, 10).sum().backward()
    assert calls == [(0, 10)]


@with_nerfstudio
@pytest.mark.filterwarnings("ignore")
def test_the_network_in_a_fused_vector_is_found() -> None:
    """As instant-ngp's: 32 features, 64 neurons and 16 outputs are 3072 weights."""
    from style3d.nerf.nerfstudio.field import fused_network_size

    base = SimpleNamespace(layer_width=64, num_layers=2, out_dim=16)
    assert fused_network_size(32, base) == fused_network_size(24, base) == 3072
    assert fused_network_size(32, SimpleNamespace(layer_width=64, num_layers=3, out_dim=1)) == 3072 + 64 * 64


@with_nerfstudio
def test_entries_that_places_share_take_shorter_steps() -> None:
    """Sides of 16, 25, 40 and 64 cells into 4096 entries a level: about a half fits of the finest one's surfaces."""
    field = model("black").field
    table = field.grid()[0]
    before = table.detach().clone()
    optimizer = torch.optim.Adam([table], lr=0.01)
    field.limit_shared_steps(optimizer)
    table.grad = torch.ones_like(table)
    for _ in range(2):
        optimizer.step()
    moved = (before - table.detach()).view(4, -1)
    assert torch.allclose(moved[:3], torch.full_like(moved[:3], 0.02), rtol=0.01)
    assert torch.allclose(moved[3], torch.full_like(moved[3], 0.02 * 4096 / (2 * 64**2)), rtol=0.05)
