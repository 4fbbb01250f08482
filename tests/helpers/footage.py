"""Footage made on the spot: a textured sphere seen from an arc, its depth known."""

from __future__ import annotations

import numpy as np
import torch

from style3d.core.camera import look_at
from style3d.evaluate.footage.footage import ComparedView, Footage
from style3d.render.fragments import trace_view
from style3d.render.rasterizer_embree import EmbreeRasterizer
from tests.helpers.surfaces import sphere, view_of


def arc(count: int = 4, size: int = 48, degrees: float = 8.0) -> Footage:
    """A unit sphere of coarse random patches, turning ``degrees`` a view."""
    surface = sphere(size=12)
    rasterizer = EmbreeRasterizer(surface)
    views = []
    for number in range(count):
        turn = np.radians(degrees * number)
        camera = look_at(4 * np.array([np.sin(turn), 0.2, np.cos(turn)]), np.zeros(3), 34.0, size)
        operator = view_of(surface, camera)
        colors = torch.from_numpy(np.concatenate([t.rgb.reshape(-1, 3) for t in surface.textures]))
        image = operator.render(colors, torch.full((3,), 0.5))[0].permute(1, 2, 0).contiguous().numpy()
        fragments = trace_view(rasterizer, surface, camera, 1)
        depth = np.full(size * size, np.inf, np.float32)
        depth[fragments.pixel[::-1]] = fragments.depth[::-1]
        mask = operator.alpha.reshape(size, size)
        views.append(ComparedView(camera, image, image, depth.reshape(size, size), mask))
    return Footage("sphere", tuple(views))


def with_images(footage: Footage, images: list[np.ndarray]) -> Footage:
    """The same views with other images after."""
    pairs = zip(footage.views, images, strict=True)
    views = tuple(ComparedView(s.camera, s.before, np.float32(image), s.depth, s.mask) for s, image in pairs)
    return Footage(footage.name, views)
