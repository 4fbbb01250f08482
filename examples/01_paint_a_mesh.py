"""Paints a mesh like an oil painting, and writes a GLB with its pictures beside it."""

from pathlib import Path

import style3d

QUICK = {"preset": "draft", "features": "wavelet", "steps": 40, "views": 6, "resolution": 160, "turntable": "none"}

job = style3d.MeshJob(
    Path("data/models/teapot.glb"),
    style=(Path("data/styles/oil.jpg"),),
    output=Path("out/01_paint_a_mesh.glb"),
    texture_size=256,
    **QUICK,  # without it the job takes minutes and looks better
)
scene = style3d.load(job)
for path in style3d.stylize(scene, job).save():
    print("wrote", path)
