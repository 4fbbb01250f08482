"""The warp against a loop that asks the geometry itself, and its occlusion test against a wall."""

from __future__ import annotations

import numpy as np

from style3d.core.camera import look_at
from style3d.evaluate.footage.footage import ComparedView
from style3d.render.rasterizer_embree import EmbreeRasterizer
from style3d.render.warp import DepthView, link
from tests.helpers.footage import arc
from tests.helpers.surfaces import join_surfaces, quad, sphere


def slow_warp(
    source: ComparedView, target: ComparedView, rasterizer: EmbreeRasterizer
) -> tuple[np.ndarray, np.ndarray]:
    """Pixel by pixel: shoot at the surface, walk to the source, ask Embree whether the way is free, interpolate."""
    out, seen = np.zeros(target.before.shape), np.zeros(target.depth.shape, dtype=bool)
    directions = target.camera.directions().reshape(*target.depth.shape, 3)
    for v, u in zip(*np.nonzero(target.mask >= 0.999), strict=True):
        hit = rasterizer.trace(target.camera.position[None], directions[v, u][None])
        if hit.face[0] < 0:
            continue
        point = target.camera.position + directions[v, u] * hit.depth[0]
        (at,), (depth,) = source.camera.project(point[None])
        x, y = at[0] - 0.5, at[1] - 0.5
        i, j = int(np.floor(x)), int(np.floor(y))
        if depth <= 0 or i < 0 or j < 0 or i + 1 >= source.camera.width or j + 1 >= source.camera.height:
            continue
        back = rasterizer.trace(source.camera.position[None], (point - source.camera.position)[None])
        if back.depth[0] < 0.999:
            continue
        a, b = x - i, y - j
        patch, covered = source.before[j : j + 2, i : i + 2], source.mask[j : j + 2, i : i + 2]
        seen[v, u] = covered.min() >= 0.999
        above, below = ((1 - a) * row[0] + a * row[1] for row in patch)
        out[v, u] = (1 - b) * above + b * below
    return out, seen


def test_fast_and_slow_agree() -> None:
    footage = arc(2, size=32)
    source, target = footage.views
    slow, seen = slow_warp(source, target, EmbreeRasterizer(sphere(size=12)))
    fast = link(source.depth_view, target.depth_view)
    both = fast.valid & seen
    assert both.sum() > 150
    assert (fast.valid != seen).sum() <= 0.1 * seen.sum()  # the z-test is stricter at grazing angles
    assert np.abs(fast.warp_image(source.before) - slow)[both].max() < 1e-3


def test_the_same_camera_is_the_identity() -> None:
    view = arc(2).views[0]
    same = link(view.depth_view, view.depth_view)
    assert same.valid.sum() > 0.8 * (view.mask >= 0.999).sum()  # the outermost pixels lack neighbours
    assert np.abs(same.warp_image(view.before) - view.before)[same.valid].max() < 1e-5


def test_what_is_hidden_is_not_compared() -> None:
    """A small square hovers before a large one: from the side, its shadow on the wall is hidden from the front."""
    near = quad(z=0.6)
    near = type(near)(**{**vars(near), "positions": near.positions * np.array([0.3, 0.3, 1.0])})
    surface = join_surfaces(near, quad())
    caster, views = EmbreeRasterizer(surface), []
    for x in (0.0, 1.2):
        camera = look_at(np.array([x, 0.0, 4.0]), np.zeros(3), 36.0, 64)
        hits = caster.trace(np.broadcast_to(camera.position, (64 * 64, 3)), camera.directions())
        depth = np.where(hits.face >= 0, hits.depth, np.inf).reshape(64, 64).astype(np.float32)
        views.append(DepthView(camera, depth, np.isfinite(depth).astype(np.float32)))
    there = link(views[0], views[1])
    points = views[1].camera.unproject(np.argwhere(there.valid)[:, ::-1] + 0.5, views[1].depth[there.valid])
    way = points - views[0].camera.position
    free = caster.trace(np.broadcast_to(views[0].camera.position, way.shape), way).depth
    assert (free > 0.99).all()
    hidden = np.isfinite(views[1].depth) & ~there.valid
    assert hidden.sum() > 50
    assert there.valid.sum() > 1500
