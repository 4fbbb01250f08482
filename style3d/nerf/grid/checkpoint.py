"""A fit's state is kept on disk, so that a stopped fit goes on to the same bytes."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, isfinite
from pathlib import Path
from time import monotonic
from typing import Any, final

import numpy as np
from jaxtyping import Float32, Float64, Int64
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from style3d.errors import Style3DError
from style3d.files import atomic_path, check_readable, trim
from style3d.nerf.grid.engine import AdamMoments
from style3d.nerf.grid.file import GRID
from style3d.nerf.grid.kernels import WIDTH
from style3d.progress import CHECKPOINT_SECONDS

log = logging.getLogger(__name__)
PARTIAL = f".partial{GRID}"  # suffix of its files
VERSION = "1"


@final
@dataclass(frozen=True)
class FitState:
    """Where a fit is. Concretely: 900 steps into the second of three stages, 400 000 vertices, 50 photos."""

    stage: int
    step: int  # steps done within the stage
    loss: float  # running mean squared error
    vertices: Int64[np.ndarray, "n"]
    table: Float32[np.ndarray, "n numbers"]
    moments: AdamMoments
    gains: Float64[np.ndarray, "photos 3"]  # logarithms
    gain_moments: Float64[np.ndarray, "2 photos 3"]


@final
class FitFile:
    """One file, named after what is fitted; present only while the fit is unfinished. It never stops a fit."""

    def __init__(self, path: Path, limit: int) -> None:
        self.path, self._limit = path, limit  # bytes kept in its folder
        self.holds = False  # a state of this fit
        self._due = monotonic() + CHECKPOINT_SECONDS

    @property
    def due(self) -> bool:
        """Whether it is time to write."""
        return monotonic() >= self._due

    def write(self, state: FitState) -> None:
        """Replace the file, whole or not at all; where that fails it is not tried again."""
        place = json.dumps({"stage": state.stage, "step": state.step, "loss": state.loss})
        moments = state.moments
        arrays = {"vertices": state.vertices, "table": state.table, "first": moments.first, "second": moments.second,
                  "count": moments.count, "gains": state.gains, "gain_moments": state.gain_moments}  # fmt: skip
        try:
            with atomic_path(self.path) as temporary:
                save_file(arrays, temporary, {"style3d_fit": VERSION, "of": self.path.name, "place": place})
            self.holds, self._due = True, monotonic() + CHECKPOINT_SECONDS
            trim(self.path.parent, self._limit)
        except (Style3DError, SafetensorError, OSError) as error:
            self._due = inf
            log.warning("the state of the fit cannot be kept: %s", error)

    def read(self, stages: Sequence[tuple[int, int]], photos: int) -> FitState | None:
        """The state of a fit of these stages (sides and steps) and photos; None where there is none that can be used.

        A file that is damaged or not of this fit is logged, and replaced when it is time to write.
        """
        if not self.path.is_file():
            return None
        try:
            check_readable(self.path)
            state = self._read(photos)
            _check(state, stages)
        except (Style3DError, SafetensorError, OSError, ValueError, KeyError, TypeError) as error:
            log.warning("the state of an unfinished fit cannot be used, and the fit starts anew: %s", error)
            return None
        self.holds = True
        return state

    def _read(self, photos: int) -> FitState:
        with safe_open(self.path, framework="numpy") as file:
            meta = file.metadata() or {}
            if (meta.get("style3d_fit"), meta.get("of")) != (VERSION, self.path.name):
                raise ValueError("it is of another fit, or another version's")
            slices = {name: file.get_slice(name) for name in file.keys()}  # noqa: SIM118 - no mapping
            found = {name: (part.get_dtype(), list(part.get_shape())) for name, part in slices.items()}
            if found != _shapes(found["vertices"][1][0], photos):
                raise ValueError(f"its arrays are {found}")
            arrays: dict[str, Any] = {name: file.get_tensor(name) for name in found}
        moments = AdamMoments(arrays.pop("first"), arrays.pop("second"), arrays.pop("count"))
        place = json.loads(meta["place"])
        return FitState(int(place["stage"]), int(place["step"]), float(place["loss"]), moments=moments, **arrays)

    def remove(self) -> None:
        """Forget the fit."""
        self.path.unlink(missing_ok=True)
        self.holds = False


def _shapes(vertices: int, photos: int) -> dict[str, tuple[str, list[int]]]:
    """What a file must hold."""
    each = "F32", [vertices, WIDTH]
    shapes = {
        "vertices": ("I64", [vertices]),
        "table": each,
        "first": each,
        "second": each,
        "count": ("I32", [vertices]),
    }
    return {**shapes, "gains": ("F64", [photos, 3]), "gain_moments": ("F64", [2, photos, 3])}


def _check(state: FitState, stages: Sequence[tuple[int, int]]) -> None:
    """Refuse numbers that no fit of these stages can come to."""
    if not 0 <= state.stage < len(stages):
        raise ValueError(f"stage {state.stage}")
    side, steps = stages[state.stage]
    vertices, moments = state.vertices, state.moments
    if not 0 <= state.step <= steps or not isfinite(state.loss):
        raise ValueError(f"step {state.step}, loss {state.loss}")
    if not len(vertices) or vertices[0] < 0 or vertices[-1] >= side**3 or (np.diff(vertices) <= 0).any():
        raise ValueError("vertices out of order")
    numbers = state.table, moments.first, moments.second, state.gains, state.gain_moments
    squares = moments.second, moments.count, state.gain_moments[1]
    if not all(np.isfinite(part).all() for part in numbers) or any((part < 0).any() for part in squares):
        raise ValueError("numbers that are not finite or not positive")
