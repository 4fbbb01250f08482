"""The usual way to paint a mesh: a differentiable rasteriser in every step, where style3d has a sparse product.

Only its rasterisation is timed, once forward, which flatters it: shading and its backward pass come on top.
"""

from __future__ import annotations

from importlib.util import find_spec
from time import perf_counter

import numpy as np

from style3d.core.camera import Camera
from style3d.core.scene import Scene
from style3d.mesh.scene import MeshScene
from style3d.render.rasterizer import sample_rays
from style3d.render.rasterizers import build_rasterizer

PART = 256  # rays that stand for a view with the slow rasteriser, whose time is their number's


def name() -> str:
    """pytorch3d's where it is installed, else the project's own in torch, which tries every triangle."""
    return "pytorch3d's rasteriser" if find_spec("pytorch3d") else "all-pairs torch rasteriser"


def seconds(scene: Scene, camera: Camera) -> float | None:
    """To rasterise a view of a mesh once, a ray a pixel; None for other scenes."""
    if not isinstance(scene, MeshScene):
        return None
    pixels = camera.width * camera.height
    whole = bool(find_spec("pytorch3d"))
    rays = sample_rays(camera, 1) if whole else np.linspace(0, pixels - 1, PART).astype(np.int64)
    rasterizer = build_rasterizer("pytorch3d" if whole else "torch", scene.surface)
    rasterizer.cast(camera, 1, rays[:8], np.zeros(len(rays[:8])))  # what only the first call costs is not counted
    start = perf_counter()
    rasterizer.cast(camera, 1, rays, np.zeros(len(rays)))
    return (perf_counter() - start) * pixels / len(rays)
