"""This is the row of radiance grids: captures, fitted or kept from an earlier run, and files of grids."""

from __future__ import annotations

from pathlib import Path

from style3d.core.scene import Scene
from style3d.device import pick_device
from style3d.errors import Style3DError
from style3d.job import FieldJob
from style3d.progress import Watcher
from style3d.scene_kinds.kind import SceneKind
from style3d.scene_kinds.splats import check_cameras, open_field


def holds_grid(path: Path) -> bool:
    """Whether a path is a capture or a grid's file."""
    from style3d.nerf.capture.read import is_capture
    from style3d.nerf.grid.file import GRID

    return is_capture(path) or path.suffix.lower() == GRID


def load_grid(job: FieldJob, watcher: Watcher) -> Scene:
    """The grid as the job wants it painted; of a capture it is fitted first.

    Raises:
        Style3DError: it cannot be read or fitted, or the job asks for what only splats have.
    """
    from style3d.nerf.capture.read import is_capture
    from style3d.nerf.grid.file import GRID, read_grid
    from style3d.nerf.grid.fit import FitSettings
    from style3d.nerf.grid.fit_cache import fitted_grid
    from style3d.nerf.grid.scene import GridScene
    from style3d.nerf.splats.files import check_splat_suffix

    capture = is_capture(job.model)
    if job.destination.suffix.lower() != GRID:
        check_splat_suffix(job.destination)
    if job.geometry == "finetune":
        raise Style3DError("--geometry finetune works on splats only", hint="leave out --geometry")
    if job.up != "auto":
        raise Style3DError("--up works on splats only: a capture's cameras say what is up", hint="leave out --up")
    if job.view_dependence == "style":
        raise Style3DError("a radiance grid has no harmonics to paint", hint="--view-dependence keep or drop")
    settings = FitSettings(downscale=job.downscale, seed=job.seed)
    fitted = fitted_grid(job.model, settings, watcher, pick_device(job.device)) if capture else read_grid(job.model)
    check_cameras(job, fitted.cameras)
    return GridScene(fitted, job.model.name, job.view_dependence, "orbit" if job.path == "orbit" else "capture")


GRIDS = SceneKind("radiance grids", FieldJob, holds_grid, load_grid, open_field(load_grid))
