"""This module chooses the machine's compositor, once."""

from __future__ import annotations

import logging
from functools import cache
from threading import Lock
from typing import final

from style3d.core.operator import SparseMap
from style3d.device import device_for
from style3d.errors import reason
from style3d.optional.libraries import library
from style3d.render.compositor import Compositor, Footprints
from style3d.render.compositor_compiled import CompiledCompositor

log = logging.getLogger(__name__)


@final
class GuardedCompositor(Compositor):
    """One that is fast until it fails; then the compiled loops, and a warning that says why."""

    def __init__(self, fast: Compositor) -> None:
        self._now = fast

    def rows(self, seen: Footprints, width: int, height: int, splats: int) -> SparseMap:
        """See `Compositor.rows`."""
        now = self._now
        try:
            return now.rows(seen, width, height, splats)
        except Exception as error:  # a driver, an extension or the card's memory: nothing that ends a run
            if isinstance(now, CompiledCompositor):
                raise
            if self._now is now:
                self._now = CompiledCompositor()
                log.warning("splats are composited on the CPU from here on: %s", reason(error))
            return self.rows(seen, width, height, splats)


def compositor() -> Compositor:
    """gsplat where it works and a device has its kernels, else the compiled loops; found out once."""
    with _FINDING:
        return _find_compositor()


_FINDING = Lock()  # an extension may compile, for which one thread is enough


@cache
def _find_compositor() -> Compositor:
    if device_for("gsplat") is None:
        return CompiledCompositor()
    if not (row := library("gsplat")).is_installed:
        log.info("splats are composited on the CPU; for the GPU there is gsplat: %s", row.hint)
        return CompiledCompositor()
    try:
        from style3d.render.compositor_gsplat import gsplat_compositor

        return GuardedCompositor(gsplat_compositor())
    except Exception as error:  # whatever compiling and loading an extension may raise
        log.warning("splats are composited on the CPU, for gsplat does not work here: %s", reason(error))
    return CompiledCompositor()
