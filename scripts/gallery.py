"""The pictures of the README, from assets the project made: `make gallery` writes docs/gallery/.

python scripts/gallery.py [--preset standard] [--only koi]
"""

from __future__ import annotations

import argparse
import math
import sys
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from style3d import MeshJob, load, stylize
from style3d.core.camera import Camera, fitted_camera
from style3d.images import read_style
from style3d.mesh.scene import MeshScene
from style3d.paint.prompts import swatches

ROOT = Path(__file__).resolve().parents[1]
PIECES = {  # name -> model, and a style image or a prompt
    "teapot": ("teapot.glb", "oil.jpg"),
    "mossling": ("mossling.glb", "stained-glass.jpg"),
    "koi": ("koi.glb", "woodcut.jpg"),
    "lantern": ("lantern.obj", "watercolour.jpg"),
    "prompt": ("teapot.glb", "stained glass in red and gold"),
}
EDGE = 360  # pixels of a picture's side
PAPER = 0.965


def main() -> int:
    """One row a piece: the style, the asset before, and the asset after from two sides."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--preset", default="standard")
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    out = ROOT / "docs" / "gallery"
    out.mkdir(parents=True, exist_ok=True)
    for name, (model, style) in PIECES.items():
        if options.only not in name:
            continue
        picture = ROOT / "data/styles" / style
        look = {"style": (picture,)} if picture.is_file() else {"prompt": (style,)}
        job = MeshJob(ROOT / "data/models" / model, **look, preset=options.preset)
        scene = load(job)
        result = stylize(scene, job)
        front, back = (filled(scene, angle) for angle in (40, 215))
        backdrop = torch.full((3,), PAPER)
        shots = [(front, result.before), (front, result.after), (back, result.after)]
        shown = read_style(picture) if picture.is_file() else swatches(job)[0][0][0].permute(1, 2, 0).numpy()
        row = [square(shown)]
        for camera, colors in shots:
            image = scene.operator(camera, 0).render(colors, backdrop)[0]
            row.append(image.permute(1, 2, 0).clamp(0, 1).numpy())
        strip = Image.fromarray((np.concatenate(row, 1) * 255).round().astype(np.uint8))
        strip.save(out / f"{name}.jpg", quality=90)
        print(f"docs/gallery/{name}.jpg")
    return 0


def filled(scene: MeshScene, angle: float) -> Camera:
    """A square view from ``angle`` degrees around the asset that it just fills."""
    turn = math.radians(angle)
    direction = np.array([0.93 * math.sin(turn), 0.37, 0.93 * math.cos(turn)])
    camera = fitted_camera(direction, scene.surface.positions, EDGE, margin=0.06)
    return camera.crop((camera.width - EDGE) / 2, (camera.height - EDGE) / 2, EDGE, EDGE)


def square(image: np.ndarray) -> np.ndarray:
    """The middle square of a picture, ``EDGE`` pixels wide."""
    side = min(image.shape[:2])
    top, left = (image.shape[0] - side) // 2, (image.shape[1] - side) // 2
    middle = Image.fromarray((image[top : top + side, left : left + side] * 255).round().astype(np.uint8))
    return np.asarray(middle.resize((EDGE, EDGE), Image.Resampling.LANCZOS), dtype=np.float32) / 255


if __name__ == "__main__":
    sys.exit(main())
