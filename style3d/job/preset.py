"""A preset says how much time to spend. `--preset`, its help and `recipe` come from its row."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, final


@final
@dataclass(frozen=True)
class Preset:
    """The numbers behind a word. Concretely: 12 overviews of 256 pixels, 32 coarse and 32 fine steps for a draft."""

    summary: str  # what it costs, in a few words
    views: int  # overviews, spread around the scene
    resolution: int  # longer side of a view, pixels
    closeups: int  # at most
    zoom: float  # of close-ups over the overviews, at most
    steps: tuple[int, ...]  # of each stage, coarse to fine, after patches; every stage doubles the resolution
    rate: float  # Adam's step size in the last stage
    frames: int  # of the turntable
    frame_size: int  # pixels along a side

    def without_patches(self) -> Preset:
        """The same where the optimisation starts from grain or from plain colours, which takes it longer."""
        return replace(self, steps=tuple(round(LONGER * steps) for steps in self.steps))


LONGER = 5  # times the steps, without patches

PRESETS = {
    "draft": Preset("seconds", 12, 256, 0, 1.0, (32, 32), 0.01, frames=24, frame_size=320),
    "standard": Preset("minutes", 24, 512, 24, 2.0, (48, 48, 48), 0.01, frames=36, frame_size=480),
    "fine": Preset("more views, more pixels", 40, 768, 80, 3.0, (64, 64, 72), 0.01, frames=60, frame_size=640),
}

if TYPE_CHECKING:
    PresetName = str
else:
    PresetName = Literal[tuple(PRESETS)]  # the command line and job files offer the rows


def preset_help() -> str:
    """What `--help` says of `--preset`."""
    rows = (f"{name} ({preset.summary})" for name, preset in PRESETS.items())
    return f"How much time to spend: {', '.join(rows)}."
