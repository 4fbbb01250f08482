"""What three.js shows of a glTF, in a headless Chromium: a picture, and what it found in the file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from tests.helpers import browser

PAGE = Path(__file__).with_name("mesh_browser.html")


@dataclass(frozen=True)
class Shot:
    """One picture to take.

    Concretely: fox.glb at 0.4 seconds of "Run", in its variant "oil", from (1, 0.4, 1), unlit.
    """

    file: Path
    variant: str | None = None
    animation: str | None = None
    time: float = 0.0
    direction: tuple[float, float, float] = (0.7, 0.35, 1.0)
    size: int = 128


@dataclass(frozen=True)
class Seen:
    """What came of it."""

    pixels: np.ndarray  # (h, w, 4) 8 bits; opacity 0 where nothing is
    meshes: int
    textured: int  # meshes whose colour comes from a picture or from their vertices
    skinned: int
    animations: tuple[str, ...]
    variants: tuple[str, ...]
    errors: tuple[str, ...] = field(default=())

    @property
    def share(self) -> float:
        """How much of the picture the object covers."""
        return float((self.pixels[..., 3] > 127).mean())

    @property
    def colors(self) -> np.ndarray:
        """The pixels of the object, (n, 3), in [0, 1]."""
        return self.pixels[self.pixels[..., 3] > 127][:, :3] / 255.0


def missing() -> str | None:
    """Why no picture can be taken; None if one can."""
    return browser.missing("three")


def photograph(shots: Sequence[Shot]) -> list[Seen]:
    """Take pictures, all in one launch."""
    return [_read_answer(told) for told in browser.photograph(PAGE, [asdict(shot) for shot in shots])]


def _read_answer(told: dict[str, Any]) -> Seen:
    lists = {key: tuple(told[key]) for key in ("animations", "variants", "errors")}
    return Seen(browser.pixels(told), told["meshes"], told["textured"], told["skinned"], **lists)
