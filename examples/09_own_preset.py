"""Adds a preset: a glance, for a first impression of a style in less time than a draft takes."""

from pathlib import Path

import style3d
from style3d.job.preset import PRESETS, Preset

PRESETS["glance"] = Preset(  # in the package it is a row of that file, and `--preset` offers it, too
    "a first impression",
    views=6,
    resolution=160,
    closeups=0,
    zoom=1.0,
    steps=(8, 8),
    rate=0.01,
    frames=12,
    frame_size=160,
)

job = style3d.MeshJob(
    Path("data/models/koi.glb"),
    style=(Path("data/styles/watercolour.jpg"),),
    output=Path("out/09_own_preset.glb"),
    preset="glance",
    features="wavelet",
    texture_size=256,
    turntable="none",
)
scene = style3d.load(job)
style3d.stylize(scene, job).save()
print("wrote out/09_own_preset.glb by the preset", job.preset)
