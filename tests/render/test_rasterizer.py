"""Visibility: Embree against its slow twin, and clear words where an optional rasteriser is missing."""

from __future__ import annotations

import importlib.util

import numpy as np
import pytest

from style3d.core.camera import fitted_camera
from style3d.errors import Style3DError
from style3d.render.rasterizer import sample_rays
from style3d.render.rasterizer_embree import EmbreeRasterizer
from style3d.render.rasterizer_torch import TorchRasterizer
from style3d.render.rasterizers import build_rasterizer
from tests.helpers.surfaces import front, join_surfaces, quad, sphere


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
def test_embree_agrees_with_its_twin(scale: float) -> None:
    from dataclasses import replace

    surface = replace(sphere(), positions=sphere().positions * scale)
    camera = fitted_camera(np.array([0.48, 0.36, 0.8]), sphere().positions, 24)
    matrix = camera.camera_to_world.copy()
    matrix[:3, 3] *= scale
    camera = replace(camera, camera_to_world=matrix)
    rays = sample_rays(camera, 2)
    fast, slow = (
        kind(surface).cast(camera, 2, rays, np.zeros(len(rays))) for kind in (EmbreeRasterizer, TorchRasterizer)
    )
    assert (fast.face == slow.face).mean() > 0.998  # rays along an edge may fall to either side
    both = (fast.face == slow.face) & (fast.face >= 0)
    assert both.sum() > 500
    assert np.abs(fast.depth - slow.depth)[both].max() < 1e-5 * scale
    assert np.abs(fast.u - slow.u)[both].max() < 1e-3


@pytest.mark.parametrize("kind", [EmbreeRasterizer, TorchRasterizer])
def test_behind_the_first_hit(kind: type) -> None:
    surface = join_surfaces(quad(z=0.5), quad(z=-0.5))
    camera = front(8)
    rays = sample_rays(camera, 1)
    first = kind(surface).cast(camera, 1, rays, np.zeros(len(rays)))
    second = kind(surface).cast(camera, 1, rays, first.depth)
    hit = first.face >= 0
    assert set(first.face[hit]) <= {0, 1}
    assert set(second.face[hit & (second.face >= 0)]) == {2, 3}


@pytest.mark.parametrize("name", ["pytorch3d", "nvdiffrast"])
def test_a_missing_rasteriser_says_so(name: str) -> None:
    if importlib.util.find_spec(name):
        pytest.skip(f"{name} is installed")
    with pytest.raises(Style3DError, match=f"{name} is not installed.*--rasterizer embree"):
        build_rasterizer(name, quad())
