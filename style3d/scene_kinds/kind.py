"""A scene kind says which job and which files are its own, and opens them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, final

from style3d.core.scene import Scene
from style3d.job import Job
from style3d.progress import Silent, Watcher
from style3d.render.lighting import Lighting


@final
@dataclass(frozen=True)
class Opening:
    """How a file is opened to be measured, as opposed to painted."""

    base_color: Path | None = None  # a texture in the place of a mesh's own
    lighting: Lighting = "unlit"  # of a mesh
    run: Mapping[str, Any] = field(default_factory=dict)  # report of the run that painted it: a fit is repeated
    watcher: Watcher = field(default_factory=Silent)  # hears of progress


@final
@dataclass(frozen=True)
class SceneKind:
    """One kind of scene. Concretely: Gaussian splats, painted by a `FieldJob`, in .ply, .spz and other files.

    The registry asks ``holds`` of its rows in order, so that the last row takes what no other row knows. It assumes
    that ``holds`` is quick, reads no more than the head of a file, and never raises. ``load`` gets a job of the
    class ``job``, and a watcher that hears of long work, and makes the scene that is painted. ``open`` makes the
    scene of a path to measure it: as it lies there, without a job. Both raise `Style3DError` for a file that cannot
    be read. ``name`` stands in sentences and is plural.

    Examples:
        >>> from pathlib import Path
        >>> from style3d.scene_kinds.registry import kind_at
        >>> kind_at(Path("data/scenes/mossling.spz")).name
        'Gaussian splats'
        >>> kind_at(Path("data/models/koi.glb")).job.__name__
        'MeshJob'
    """

    name: str  # in the plural, as sentences want it
    job: type[Job]
    holds: Callable[[Path], bool]  # whether a path holds such a scene
    load: Callable[[Any, Watcher], Scene]  # the scene of a job of that class
    open: Callable[[Path, Opening], Scene]  # the scene of a path, to be measured
