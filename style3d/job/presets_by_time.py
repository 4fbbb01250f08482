"""The ladder holds rows like presets, from the quickest to the finest. `--time` takes the last row that fits."""

from __future__ import annotations

from style3d.job.preset import PRESETS, Preset

LADDER = (
    Preset("the least", 6, 96, 0, 1.0, (16, 16), 0.01, frames=8, frame_size=240),
    Preset("a sketch", 8, 160, 0, 1.0, (24, 24), 0.01, frames=12, frame_size=240),
    PRESETS["draft"],
    Preset("between draft and standard", 16, 384, 12, 1.5, (40, 40), 0.01, frames=24, frame_size=400),
    PRESETS["standard"],
    Preset("between standard and fine", 32, 640, 48, 2.5, (56, 56, 56), 0.01, frames=48, frame_size=560),
    PRESETS["fine"],
)
"""From the quickest to the one that takes longest; `style3d.paint.tempo.pick_recipe` takes the last that fits."""
