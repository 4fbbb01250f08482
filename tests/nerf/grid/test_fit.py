"""The fit: its gradients against a slow twin, its parts, and a small scene fitted from photos made on the spot."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from style3d.core.camera import fibonacci_directions, look_at
from style3d.errors import Style3DError
from style3d.nerf.capture.capture import FLIP, Z_UP, Capture
from style3d.nerf.capture.photos import load_photo
from style3d.nerf.capture.read import open_capture
from style3d.nerf.grid import kernels
from style3d.nerf.grid.fit import FitSettings, Level, fit_grid
from style3d.nerf.grid.kernels_torch import Lattice, RayTargets, loss_reference
from style3d.nerf.grid.refine import empty_table, finer_vertices, kept_entries
from style3d.nerf.grid.score import psnr
from style3d.render.grid_field import cell_gaps, lattice
from style3d.render.grid_image import render_image
from style3d.render.grid_march import GridSteps
from tests.helpers.fields import ball, matte

SIDE, MOST = 9, 64


def small_fog(seed: int = 0) -> tuple[np.ndarray, Lattice]:
    random = np.random.default_rng(seed)
    table = random.standard_normal((SIDE**3, kernels.WIDTH)).astype(np.float32)
    table[:, 0] -= 2
    table[:, 4:] *= 0.1
    index = lattice(np.arange(SIDE**3, dtype=np.int64), SIDE)
    return table, Lattice(np.array([0.0, 0, 0, 1, 0.5]), SIDE, index, cell_gaps(index, SIDE))


def rays(count: int) -> tuple[np.ndarray, ...]:
    random = np.random.default_rng(1)
    eyes = (fibonacci_directions(count) * 2).astype(np.float32)
    toward = (random.standard_normal((count, 3)) * 0.3 - eyes).astype(np.float32)
    return eyes, toward, random.random(count, np.float32)


def wanted(count: int) -> RayTargets:
    random = np.random.default_rng(2)
    parts = random.random((3, count, 3), np.float32)
    return RayTargets(parts[0], random.random(count, np.float32), parts[1], 0.8 + 0.4 * parts[2])


@pytest.mark.parametrize("distortion", [0.0, 0.5])
def test_slopes_agree_with_the_slow_twin(distortion: float) -> None:
    count = 24
    table, field = small_fog()
    (origin, direction, offset), want = rays(count), wanted(count)
    samples = kernels.RaySamples(
        np.empty((count, MOST), np.int32), np.empty((count, MOST, 3), np.float32),
        np.empty((count, MOST, 4), np.float32), np.zeros(count, np.int32),
    )  # fmt: skip
    image, lost = np.empty((2, count, 3), np.float32), np.zeros(count)
    kernels.render_rays(
        kernels.RayArrays(origin, direction, offset), GridSteps(0.1, 1.0, field.space, SIDE, field.gaps),
        kernels.VertexTable(field.index, table),
        kernels.WantedArrays(want.rgb, want.alpha, want.backdrop, want.gain),
        kernels.LossWeights(np.full(count, 1 / count, np.float32), distortion / count, 0.0),
        samples, kernels.RayResults(image[0], image[1], lost),
    )  # fmt: skip
    gradient, touched = np.zeros_like(table), np.zeros(len(table), np.uint8)
    kernels.scatter(direction, samples, field.index, SIDE, gradient, touched)
    twin = torch.from_numpy(table).double().requires_grad_()
    loss = loss_reference(twin, field, origin, direction, offset, 0.1, 1.0, want, distortion)
    loss.backward()
    exact = twin.grad.numpy()
    assert samples.count.max() < MOST
    if not distortion:
        assert lost.sum() == pytest.approx(loss.item(), rel=2e-3)
    scale = np.abs(exact).max(0) + 1e-12
    assert (np.abs(gradient - exact) / scale).max() < 5e-3  # rays stop when a thousandth of the light is left
    assert (touched > 0).sum() == (np.abs(exact).sum(1) > 0).sum()


def test_the_twin_passes_a_gradient_check() -> None:
    table, field = small_fog()
    start = torch.from_numpy(table).double().requires_grad_()
    origin, direction, offset = rays(2)
    want = wanted(2)
    check = torch.autograd.gradcheck(
        lambda t: loss_reference(t, field, origin, direction, offset, 0.1, 1.0, want, 0.3), start, fast_mode=True
    )
    assert check


def test_total_variation_pulls_neighbours_together() -> None:
    table = np.zeros((8, kernels.WIDTH), np.float32)
    table[0] = [0.5, 3.0, 0, 0, 0, 0, 0, 0]
    index = lattice(np.arange(8, dtype=np.int64), 2)
    neighbors = kernels.neighbor_rows(np.arange(8), index, 2)
    gradient = np.zeros_like(table)
    kernels.smooth(table, neighbors, gradient, np.ones(8, np.uint8), np.full(8, 0.1, np.float32))
    assert gradient[0, 0] == pytest.approx(3 * 0.1 * 0.5)
    assert gradient[0, 1] == pytest.approx(3 * 0.1 * 1.0)  # a jump counts for at most one
    assert gradient[1, 0] == pytest.approx(-0.1 * 0.5)
    assert np.abs(gradient.sum(0)).max() < 1e-6


def test_refining_keeps_the_scene() -> None:
    """A lattice of twice the cells shows the same image."""
    grid = matte(ball(20))
    table = empty_table(len(grid.vertices))
    table[:, 0], table[:, 1:4] = grid.density, grid.colors
    vertices, finer = finer_vertices(grid.side, grid.index, table, 39)
    parts = finer[:, 0].copy(), finer[:, 1:4].copy(), finer[:, 4:7].copy()
    dense = type(grid)(grid.space, 39, vertices, *parts)
    camera = look_at(np.array([0.0, 0.5, 4.0]), np.zeros(3), 30.0, 24)
    (one, alpha, _), (two, again, _) = render_image(grid, camera), render_image(dense, camera)
    assert np.abs(alpha - again).mean() < 0.02
    assert np.abs(one - two).mean() < 0.02


def test_pruning_keeps_what_is_seen_and_its_rim() -> None:
    index = lattice(np.arange(SIDE**3, dtype=np.int64), SIDE)
    seen = np.zeros(SIDE**3, np.uint8)
    seen[(4 * SIDE + 4) * SIDE + 4] = 1
    assert len(kept_entries(SIDE, index, seen)) == 4**3


def pictures_of_a_ball(folder: Path, count: int = 18, size: int = 24) -> Capture:
    """Photos of a coloured ball, cut out, all around."""
    grid = matte(ball(20))
    colors = (grid.places * 0.7 + 0.5).clip(0, 1).astype(np.float32)
    smooth = type(grid)(grid.space, grid.side, grid.vertices, grid.density + 4, colors, grid.shift)
    frames = []
    folder.mkdir(parents=True, exist_ok=True)
    for number, direction in enumerate(fibonacci_directions(count)):
        camera = look_at(direction * 4, np.zeros(3), 30.0, size)
        image, alpha, _ = render_image(smooth, camera)
        pixels = np.concatenate([image / np.maximum(alpha, 1e-6)[..., None], alpha[..., None]], 2)
        Image.fromarray(np.uint8(np.rint(pixels.clip(0, 1) * 255))).save(folder / f"{number}.png")
        pose = np.linalg.inv(Z_UP) @ camera.camera_to_world @ FLIP
        frames.append({"file_path": f"{number}.png", "transform_matrix": pose.tolist()})
    text = json.dumps({"fl_x": camera.focal, "frames": frames})
    (folder / "transforms.json").write_text(text)
    return open_capture(folder)


QUICK = FitSettings(levels=(Level(12, 60), Level(20, 140)), rays=512)


def test_a_ball_is_found_from_its_photos(tmp_path: Path) -> None:
    capture = pictures_of_a_ball(tmp_path)
    pictures = [load_photo(capture.photos[index]) for index in capture.held_out]
    nothing = np.mean([psnr(np.zeros_like(p.rgb), p.rgb * p.alpha[..., None]) for p in pictures])
    fit = fit_grid(capture, QUICK)
    assert fit.psnr is not None
    assert fit.psnr > nothing + 9
    assert fit.grid.space.tail == 0  # cut-out photos: nothing lies beyond
    assert fit.grid.colors.min() >= 0
    assert fit.grid.colors.max() <= 1


def test_the_same_seed_gives_the_same_grid(tmp_path: Path) -> None:
    capture = pictures_of_a_ball(tmp_path, 9, 12)
    settings = FitSettings(levels=(Level(8, 40), Level(12, 20)), rays=128)
    one, two = (fit_grid(capture, settings).grid for _ in range(2))
    other = fit_grid(capture, FitSettings(levels=settings.levels, rays=128, seed=1)).grid
    assert one.key == two.key != other.key


def test_masked_photos_are_refused(tmp_path: Path) -> None:
    capture = pictures_of_a_ball(tmp_path, 3, 12)
    Image.fromarray(np.zeros((12, 12), np.uint8)).save(tmp_path / "mask.png")
    values = json.loads((tmp_path / "transforms.json").read_text())
    (tmp_path / "transforms.json").write_text(json.dumps({**values, "mask_path": "mask.png"}))
    assert len(capture.photos) == 3
    with pytest.raises(Style3DError, match="masked"):
        fit_grid(open_capture(tmp_path), QUICK)
