"""Give a 3D asset a new look: a mesh and a picture in, the same asset in that style out.

>>> import style3d
>>> job = style3d.Job("model.obj", style=("painting.jpg",), preset="draft")
>>> scene = style3d.load(job)
>>> result = style3d.stylize(scene, job)
>>> result.save("model.styled.glb")
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from style3d.errors import Style3DError

if TYPE_CHECKING:
    from style3d.job import Job
    from style3d.loop import stylize
    from style3d.result import Result
    from style3d.scene import Scene

__version__ = "0.1.0"
__all__ = ["Job", "Result", "Scene", "Style3DError", "__version__", "load", "stylize"]

_HOMES = {"Job": "style3d.job", "Result": "style3d.result", "Scene": "style3d.scene", "stylize": "style3d.loop"}


def load(job: Job) -> Scene:
    """The scene that a job's model file holds, ready for `stylize`.

    Raises:
        Style3DError: the file is missing, damaged, of another kind, or has nothing to paint.
    """
    from style3d.mesh.asset import load_asset
    from style3d.mesh.base_color import with_base_color
    from style3d.mesh.scene import MeshScene

    paint = None if job.paint == "auto" else job.paint
    asset = load_asset(job.model, paint=paint, texture_size=job.texture_size)
    if job.base_color is not None:
        asset = with_base_color(asset, job.base_color)
    return MeshScene(asset, job.lighting, job.rasterizer)


def __getattr__(name: str) -> Any:
    """Names are found when asked for, so that importing style3d stays quick."""
    if name not in _HOMES:
        raise AttributeError(f"module 'style3d' has no attribute '{name}'")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)
