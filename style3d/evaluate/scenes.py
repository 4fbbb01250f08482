"""This module opens the scenes that are compared, by what their files hold, and aligns them in one world."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from style3d.core.scene import Scene
from style3d.evaluate.request import EvaluationRequest
from style3d.progress import Watcher
from style3d.scene_kinds.kind import Opening
from style3d.scene_kinds.registry import kind_at


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
    before = kind_at(original).open(original, Opening(request.base_color, request.lighting, run, watcher))
    after = kind_at(styled).open(styled, Opening(lighting=request.lighting, watcher=watcher))
    return before.written_like(type(after)), after  # compared with what would have been written without paint
