"""The scenes that are compared: opened by what their files hold, and brought into one world."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from style3d.core.scene import Scene
from style3d.evaluate.request import EvaluationRequest
from style3d.job import FieldJob
from style3d.load_scene import load
from style3d.mesh.asset import load_asset
from style3d.mesh.base_color import with_base_color
from style3d.mesh.scene import MeshScene
from style3d.nerf.capture.read import is_capture
from style3d.nerf.grid.file import GRID
from style3d.nerf.grid.scene import GridScene
from style3d.nerf.splats.formats.registry import is_splats
from style3d.nerf.splats.scene import SplatScene
from style3d.progress import Watcher
from style3d.render.lighting import Lighting

HEAD = 1 << 16  # bytes


def open_scenes(request: EvaluationRequest, run: Mapping[str, Any], watcher: Watcher) -> tuple[Scene, Scene]:
    """The original and the stylised scene.

    Args:
        request: names the files.
        run: the report of the run that painted, if there is one: a capture is fitted as it was then.
        watcher: hears of the fit of a capture.

    Raises:
        Style3DError: a file cannot be read, or has nothing to paint.
    """
    original, styled = request.models
    before = open_scene(original, request.base_color, request.lighting, run, watcher)
    after = open_scene(styled, None, request.lighting, {}, watcher)
    if isinstance(before, GridScene) and isinstance(after, SplatScene):
        before = before.as_splats()  # what was written is compared with what would have been without paint
    return before, after


def open_scene(
    path: Path, base_color: Path | None, lighting: Lighting, run: Mapping[str, Any], watcher: Watcher
) -> Scene:
    """A mesh, or a radiance field, by what the file holds."""
    if not is_field(path):
        return open_mesh(path, base_color, lighting)
    job = run.get("job")
    wanted = {name: job.get(name) for name in ("downscale", "seed")} if isinstance(job, dict) else {}
    kept: dict[str, Any] = {name: value for name, value in wanted.items() if isinstance(value, int)}
    return load(FieldJob(path, style=(path,), **kept), watcher)  # a job names a style; loading reads none


def open_mesh(path: Path, base_color: Path | None = None, lighting: Lighting = "unlit") -> MeshScene:
    """A model file as it is, at its own texture size; unlit, so that only its own colours are measured.

    Raises:
        Style3DError: the file cannot be read, or has nothing to paint.
    """
    asset = load_asset(path)
    return MeshScene(with_base_color(asset, base_color) if base_color else asset, lighting)


def is_field(path: Path) -> bool:
    """Whether a path holds a radiance field: a capture, a grid, or Gaussian splats."""
    if path.is_dir() or is_capture(path) or path.suffix.lower() == GRID:
        return True
    try:
        with path.open("rb") as stream:
            head = stream.read(HEAD)
    except OSError:  # who reads the file says what is wrong with it
        head = b""
    return is_splats(head, path)
