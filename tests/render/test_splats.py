"""Splats as rows: against the slow twin, against gsplat, and by what can be worked out on paper."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from style3d.core.camera import Camera, look_at
from style3d.core.operator import SparseMap
from style3d.render.drop_faint import SHARE, drop_small_weights
from style3d.render.splats import DILATION, Gaussians, project, splat_rows, splat_rows_reference, splat_view
from tests.helpers.gaussians import blob, pyramid_over
from tests.helpers.surfaces import front, noise

CAMERAS = {
    "in front": front(40),
    "off centre": front(40).crop(-6, 9, 37, 29),
    "inside": look_at(np.array([0.2, 0.1, 0.3]), np.array([1.0, -0.4, 0.2]), 80.0, 32),
}


@pytest.fixture(params=sorted(CAMERAS))
def camera(request: pytest.FixtureRequest) -> Camera:
    return CAMERAS[request.param]


def single(opacity: float = 0.8, scale: tuple[float, float, float] = (0.1, 0.1, 0.1)) -> Gaussians:
    """One upright splat at the origin."""
    rows = np.float32([[0, 0, 0]]), np.float32([[1, 0, 0, 0]]), np.float32([scale]), np.float32([opacity])
    return Gaussians(*rows)


def together(*parts: Gaussians) -> Gaussians:
    names = ("means", "rotations", "scales", "opacities")
    return Gaussians(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))


@pytest.mark.parametrize("antialiased", [False, True])
def test_twin_agrees(camera: Camera, antialiased: bool) -> None:
    """Same weights to 1e-6, values and gradients of an image to 1e-6."""
    gaussians = blob(150)
    gaussians = replace(gaussians, antialiased=antialiased)
    fast = splat_rows(gaussians, camera)
    slow = splat_rows_reference(gaussians, camera)
    assert np.abs(fast.scipy() - slow.scipy()).max() < 1e-6
    assert fast.indices.size > 1000
    colors, slopes = (torch.from_numpy(noise(1, n, 1)[0]).double() for n in (len(gaussians), fast.rows))
    assert (fast.apply(colors) - slow.apply(colors)).abs().max() < 1e-6
    assert (fast.adjoint(slopes) - slow.adjoint(slopes)).abs().max() < 1e-5


def test_agrees_with_gsplat(camera: Camera) -> None:
    """Values and gradients to 1e-4 of gsplat's projection, composited densely with autograd."""
    gaussians = blob(200)
    colors = torch.from_numpy(noise(1, 200)[0]).double().requires_grad_()
    image = gsplat_image(gaussians, camera, colors)
    slopes = torch.from_numpy(noise(1, len(image), 1)[0]).double()
    (image * slopes).sum().backward()
    rows = splat_rows(gaussians, camera)
    assert (rows.apply(colors.detach()) - image).abs().max() < 1e-4
    assert (rows.adjoint(slopes) - colors.grad).abs().max() < 1e-4 * colors.grad.abs().max()


def gsplat_image(gaussians: Gaussians, camera: Camera, colors: torch.Tensor) -> torch.Tensor:
    """What gsplat's own torch projection gives, composited as its rasterizer does; (pixels, 3)."""
    gsplat = pytest.importorskip("gsplat.cuda._torch_impl", reason="gsplat is not installed (pip install gsplat)")
    means, rotations, scales, opacities = (
        torch.from_numpy(getattr(gaussians, name)).double() for name in ("means", "rotations", "scales", "opacities")
    )
    covariances, _ = gsplat._quat_scale_to_covar_preci(rotations, scales, compute_preci=False)
    view = torch.linalg.inv(torch.from_numpy(camera.camera_to_world))[None]
    lens = torch.tensor([[camera.focal, 0, camera.cx], [0, camera.focal, camera.cy], [0, 0, 1]]).double()[None]
    size = camera.width, camera.height
    radii, centers, depths, conics, _ = gsplat._fully_fused_projection(means, covariances, view, lens, *size)
    y, x = torch.meshgrid(torch.arange(camera.height) + 0.5, torch.arange(camera.width) + 0.5, indexing="ij")
    pixels = torch.stack([x, y], -1).reshape(-1, 2).double()
    image, light = torch.zeros(len(pixels), 3).double(), torch.ones(len(pixels)).double()
    full = torch.zeros(len(pixels), dtype=torch.bool)
    for k in torch.argsort(depths[0], stable=True).tolist():
        if (radii[0, k] <= 0).any():
            continue
        (a, b, c), (dx, dy) = conics[0, k], (pixels - centers[0, k]).T
        sigma = 0.5 * (a * dx**2 + c * dy**2) + b * dx * dy
        alpha = (opacities[k] * torch.exp(-sigma)).clamp_max(0.999)
        alpha = torch.where(alpha < 1 / 255, 0, alpha)
        full |= light * (1 - alpha) <= 1e-4
        alpha = torch.where(full, 0, alpha)
        image, light = image + (alpha * light)[:, None] * colors[k], light * (1 - alpha)
    return image


def test_a_splat_on_paper() -> None:
    """Straight ahead: variance (focal · scale / depth)² + 0.3 square pixels, opacity at the centre."""
    camera = front(33)
    seen = project(single(), camera)
    variance = (camera.focal * 0.1 / 4.0) ** 2 + DILATION
    np.testing.assert_allclose(seen.center, [[16.5, 16.5]], atol=1e-9)
    np.testing.assert_allclose(seen.conic, [[1 / variance, 0, 1 / variance]], rtol=1e-6, atol=1e-12)
    weights = splat_rows(single(), camera).scipy().toarray().reshape(33, 33)
    assert weights[16, 16] == pytest.approx(0.8, rel=1e-6)
    assert weights[16, 17] == pytest.approx(0.8 * math.exp(-0.5 / variance), rel=1e-5)


def test_nearer_splats_hide_farther_ones() -> None:
    """α, then (1 − α) α; never more than 0.999 of what is left."""
    behind = single(0.9)
    behind.means[0, 2] = -1
    weights = splat_rows(together(behind, single(1.0)), front(33)).scipy().toarray().reshape(33, 33, 2)[16, 16]
    np.testing.assert_allclose(weights, [0.001 * 0.9, 0.999], rtol=1e-4)


def test_what_cannot_be_seen_is_left_out() -> None:
    """Behind the camera, before the near plane, beside the frame, fainter than 1/255, or not a number."""
    camera = front(16)
    for away in ([0, 0, 5], [0, 0, 3.995], [9, 0, 0], [np.nan, 0, 0], [np.inf, 0, 0]):
        lost = single()
        lost.means[0] = away
        assert splat_rows(lost, camera).indices.size == 0
    assert splat_rows(single(0.5 / 255), camera).indices.size == 0
    assert splat_rows(single(scale=(np.inf, 1, 1)), camera).indices.size == 0


def test_compensated_splats_keep_their_light() -> None:
    """A splat far smaller than a pixel covers its own area, not the dilation's."""
    camera = front(33)
    small = single(0.8, (0.02, 0.02, 0.02))
    plain, fair = (splat_rows(replace(small, antialiased=which), camera).row_sums().sum() for which in (False, True))
    variance = (camera.focal * 0.02 / 4) ** 2
    assert fair == pytest.approx(plain * variance / (variance + DILATION), rel=0.06)  # α under 1/255 is cut


def test_thinning_keeps_rows_and_hides_its_loss() -> None:
    """Row sums stay, at most 1/255 of a row is dropped, and no image changes by more than that."""
    rows = splat_rows(blob(), front())
    thin = drop_small_weights(rows)
    assert thin.indices.size < 0.9 * rows.indices.size
    np.testing.assert_allclose(thin.row_sums(), rows.row_sums(), atol=1e-6)
    colors = torch.from_numpy(noise(1, 400)[0])
    assert (thin.apply(colors) - rows.apply(colors)).abs().max() <= SHARE
    kept = (thin.scipy() != 0).multiply(rows.scipy()).sum(1)
    assert (kept >= (1 - SHARE) * rows.row_sums() - 1e-7).all()


def test_thinning_odd_rows() -> None:
    """An empty row, a single weight, equal weights and weights of zero."""
    weights = np.float32([1e-6, 1, 1, 1, 1, 0, 0])
    rows = SparseMap(np.array([0, 0, 1, 5, 7]), np.arange(7, dtype=np.int32), weights, 7)
    thin = drop_small_weights(rows)
    assert np.diff(thin.indptr).tolist() == [0, 1, 4, 2]
    np.testing.assert_array_equal(thin.row_sums(), rows.row_sums())


def test_what_is_frozen_stays() -> None:
    """b_v holds A · frozen, on every level of the table."""
    gaussians = blob()
    extra = noise(1, 400, 3)[0] - 0.5
    backdrop = torch.zeros(3)
    for level in (0, 1):
        view = splat_view(gaussians, pyramid_over(gaussians), level, front(), frozen=lambda entries: extra[entries])
        expected = drop_small_weights(splat_rows(gaussians, front())).apply(torch.from_numpy(extra))
        image = view.image(torch.zeros(view.matrix.columns, 3), backdrop)
        assert (image - view.as_image(expected)).abs().max() < 1e-5


def test_coarse_tables_paint_what_fine_ones_do() -> None:
    """A colour that changes little over a cube looks the same from the table of cubes as from that of splats."""
    gaussians = blob()
    pyramid = pyramid_over(gaussians)

    def ramp(points: np.ndarray) -> torch.Tensor:
        return torch.from_numpy(np.asarray(points, dtype=np.float64) * 0.2 + 0.5)

    places = pyramid.grids[0].coordinates * pyramid.grids[0].size + pyramid.origin
    fine, coarse = (splat_view(gaussians, pyramid, level, front()) for level in (0, 1))
    backdrop = torch.zeros(3, dtype=torch.float64)
    difference = fine.render(ramp(gaussians.means), backdrop) - coarse.render(ramp(places), backdrop)
    assert difference.abs().max() < 0.01
