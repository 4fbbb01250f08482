"""Paints once, then bakes three strengths between the original and the style; each takes a moment."""

from pathlib import Path

import torch
from PIL import Image

import style3d

QUICK = {"preset": "draft", "features": "wavelet", "steps": 40, "views": 6, "resolution": 160, "turntable": "none"}

job = style3d.MeshJob(
    Path("data/models/teapot.glb"), style=(Path("data/styles/stained-glass.jpg"),), texture_size=256, **QUICK
)
scene = style3d.load(job)
result = style3d.stylize(scene, job)

Path("out").mkdir(exist_ok=True)
view = scene.operator(scene.cameras_around(8, 240)[0], 0)
strip = Image.new("RGB", (720, 240))
for number, strength in enumerate((0.0, 0.5, 1.0)):
    colors = result.blend(strength)
    scene.save(colors, Path(f"out/03_blend_strengths_{strength * 100:.0f}.glb"))
    image = view.render(colors, torch.ones(3))[0].permute(1, 2, 0).clamp(0, 1)
    strip.paste(Image.fromarray((image.numpy() * 255).astype("uint8")), (240 * number, 0))
strip.save("out/03_blend_strengths.png")
print("wrote out/03_blend_strengths.png")
