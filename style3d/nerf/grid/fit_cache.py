"""The cache keeps the grid fitted to a capture under a hash of all that decides it."""

from __future__ import annotations

import hashlib
import logging
from dataclasses import replace
from functools import cache
from pathlib import Path

import torch

from style3d.errors import Style3DError
from style3d.files import cache_folder, trim
from style3d.files.source_digest import source_digest
from style3d.nerf.capture.read import open_capture
from style3d.nerf.grid.checkpoint import PARTIAL, FitFile
from style3d.nerf.grid.file import GRID, FittedGrid, read_grid, save_grid
from style3d.nerf.grid.fit import CPU, FitSettings, default_downscale, fit_grid
from style3d.progress import Watcher

log = logging.getLogger(__name__)
LIMIT = 4 << 30  # bytes of grids and unfinished fits kept; the oldest go
FIT = (
    "style3d.nerf.grid.fit",
    "style3d.nerf.grid.file",
    "style3d.nerf.capture.read",
)  # decide a fit, with imports
ROOMS = (
    "style3d.nerf.grid", "style3d.nerf.capture", "style3d.render", "style3d.core", "style3d.images", "style3d.files",
    "style3d.ply", "style3d.device", "style3d.types", "style3d.progress", "style3d.errors", "style3d.remarks",
)  # fmt: skip


def fitted_grid(
    path: Path, settings: FitSettings, watcher: Watcher | None = None, device: torch.device = CPU
) -> FittedGrid:
    """The grid of a capture, from the user's cache folder if photos, poses, settings and code are what they were.

    What it was fitted on counts for nothing: engines differ by rounding alone. A fit that was stopped goes on.

    Raises:
        Style3DError: the capture cannot be read (`open_capture`) or fitted (`fit_grid`).
    """
    capture = open_capture(path)
    settings = replace(settings, downscale=settings.downscale or default_downscale(capture))
    key = hashlib.sha256(f"{capture.key} {settings!r} {_code()}".encode()).hexdigest()
    folder = cache_folder("grids")
    kept = folder / f"{key}{GRID}" if folder else None
    if kept is not None and kept.is_file():
        try:
            fitted = read_grid(kept)
            kept.touch()
            return replace(fitted, names=capture.names, photos=capture.photos)
        except (Style3DError, OSError) as error:
            log.warning("a kept grid cannot be read and is fitted again: %s", error)
    unfinished = FitFile(folder / f"{key}{PARTIAL}", LIMIT) if folder else None
    try:
        fit = fit_grid(capture, settings, watcher, device, unfinished)
    except KeyboardInterrupt as stop:
        if unfinished is None or not unfinished.holds:
            raise
        raise KeyboardInterrupt("the fit is kept as far as it came, and the same command goes on with it") from stop
    cameras = tuple(photo.camera.at_scale(1 / (settings.downscale or 1)) for photo in capture.photos)
    fitted = FittedGrid(fit.grid, cameras, fit.psnr, capture.names, capture.photos)
    if kept is not None and unfinished is not None:
        _keep(fitted, kept, unfinished)
    return fitted


def _keep(fitted: FittedGrid, path: Path, unfinished: FitFile) -> None:
    """Write a grid, and remove the oldest while there are too many; what cannot be kept is fitted again next time."""
    try:
        save_grid(fitted, path)
        unfinished.remove()
        trim(path.parent, LIMIT)
    except (Style3DError, OSError) as error:
        log.warning("the fitted grid is not kept: %s", error)


@cache
def _code() -> str:
    """The sources that decide a fit: other code, other grids."""
    return source_digest(FIT, ROOMS)
