"""Close-ups keep to their limits: no more than allowed, none closer."""

from __future__ import annotations

import numpy as np
import pytest

from style3d.core.scene import Closeups
from style3d.render.place_cameras import overview_cameras, plan_closeups, sample_surface, seen_samples
from style3d.render.rasterizer_embree import EmbreeRasterizer
from style3d.render.texels import texel_grid
from tests.helpers.surfaces import sphere


@pytest.fixture(scope="module")
def seen():
    surface = sphere(size=512)
    samples = sample_surface(surface, texel_grid(surface.textures), 2000, np.random.default_rng(0))
    return seen_samples(EmbreeRasterizer(surface), samples, overview_cameras(surface, 6, 64), 1.0)


@pytest.mark.parametrize(("most", "zoom"), [(5, 2.0), (3, 1.5), (4, 8.0), (0, 2.0), (5, 1.0), (5, 0.5)])
def test_no_more_and_none_closer(seen, most: int, zoom: float) -> None:
    closeups = plan_closeups(seen, 2000, 64, 0.95, Closeups(most, zoom), np.random.default_rng(0)).closeups
    widest = seen[0].camera.focal
    assert len(closeups) <= most
    assert all(camera.focal <= zoom * widest * (1 + 1e-9) for camera in closeups)
    assert bool(closeups) == (most > 0 and zoom > 1)
