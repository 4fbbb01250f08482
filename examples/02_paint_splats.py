"""Paints Gaussian splats like a watercolour; their geometry stays as it is."""

from pathlib import Path

import style3d

QUICK = {"preset": "draft", "features": "wavelet", "steps": 40, "views": 6, "resolution": 160, "turntable": "none"}

job = style3d.FieldJob(
    Path("data/scenes/mossling.spz"),
    style=(Path("data/styles/watercolour.jpg"),),
    output=Path("out/02_paint_splats.ply"),
    **QUICK,
)
scene = style3d.load(job)
for path in style3d.stylize(scene, job).save():
    print("wrote", path)
