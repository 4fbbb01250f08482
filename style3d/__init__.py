"""style3d paints a 3D asset in a new style: it takes a mesh or a scene and a picture, and returns the same asset.

Examples:
    >>> import style3d
    >>> job = style3d.MeshJob("model.obj", style=("painting.jpg",), preset="draft")
    >>> scene = style3d.load(job)
    >>> result = style3d.stylize(scene, job)
    >>> result.save("model.styled.glb")
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from style3d.errors import Style3DError

if TYPE_CHECKING:
    from style3d.core.scene import Scene
    from style3d.job import FieldJob, Job, MeshJob
    from style3d.load_scene import load
    from style3d.paint.loop import stylize
    from style3d.paint.result import Result

__version__ = "0.1.0"
__all__ = ["FieldJob", "Job", "MeshJob", "Result", "Scene", "Style3DError", "__version__", "load", "stylize"]

_HOMES = {
    "FieldJob": "style3d.job",
    "Job": "style3d.job",
    "MeshJob": "style3d.job",
    "Result": "style3d.paint.result",
    "Scene": "style3d.core.scene",
    "load": "style3d.load_scene",
    "stylize": "style3d.paint.loop",
}


def __getattr__(name: str) -> Any:
    """Names are found when asked for, so that importing style3d stays quick."""
    if name not in _HOMES:
        raise AttributeError(f"module 'style3d' has no attribute '{name}'")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)
