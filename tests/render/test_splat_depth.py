"""Median depth of splats: as its twin says, and on the plane where flat splats lie."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from style3d.render.splat_depth import median_depth, median_depth_reference
from style3d.render.splats import Gaussians
from tests.helpers.gaussians import blob, splat_view_of
from tests.helpers.surfaces import front


def test_twin_agrees() -> None:
    gaussians, camera = blob(), front()
    operator = splat_view_of(gaussians, camera)
    fast, slow = (depth(gaussians, camera, operator) for depth in (median_depth, median_depth_reference))
    assert np.array_equal(np.isfinite(fast), np.isfinite(slow))
    shown = np.isfinite(slow)
    assert 0.2 < shown.mean() < 1
    close = np.abs(fast[shown] - slow[shown]) <= 1e-4 * slow[shown]
    assert close.mean() > 0.999  # but where rounding decides which splat it is


def test_flat_splats_are_met_on_their_plane() -> None:
    """A leaning sheet of wide, flat splats behind a thin veil: the sheet's depth, far from the splats' centres too."""
    camera = front()
    random = np.random.default_rng(0)
    across = random.uniform(-1, 1, (600, 2))
    normal = np.array([0.3, 0.2, 1.0]) / np.linalg.norm([0.3, 0.2, 1.0])
    right = np.cross([0.0, 1.0, 0.0], normal)
    right /= np.linalg.norm(right)
    up = np.cross(normal, right)
    turn = np.stack([right, up, normal], 1)
    w = np.sqrt(1 + np.trace(turn)) / 2
    x, y, z = (turn[2, 1] - turn[1, 2], turn[0, 2] - turn[2, 0], turn[1, 0] - turn[0, 1]) / (4 * w)
    sheet = Gaussians(
        means=(across @ np.stack([right, up])).astype(np.float32),
        rotations=np.tile(np.float32([w, x, y, z]), (600, 1)),
        scales=np.tile(np.float32([0.2, 0.2, 1e-4]), (600, 1)),
        opacities=np.full(600, 0.9, np.float32),
    )
    veil = replace(sheet, means=sheet.means + np.float32([0, 0, 0.5]), opacities=np.full(600, 0.006, np.float32))
    both = Gaussians(*(np.concatenate([getattr(part, name) for part in (sheet, veil)]) for name in
                       ("means", "rotations", "scales", "opacities")))  # fmt: skip
    operator = splat_view_of(both, camera)
    depth = median_depth(both, camera, operator)
    rays = camera.directions().reshape(*depth.shape, 3)
    wanted = -(camera.position @ normal) / (rays @ normal)
    size = depth.shape[0]
    middle = slice(size * 2 // 5, size * 3 // 5)
    assert np.abs(depth - wanted)[middle, middle].max() < 0.003
