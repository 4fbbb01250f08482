"""The pictures of the README, from assets the project made: `make gallery` writes docs/gallery/.

python scripts/gallery.py [--preset standard] [--only koi]      --only wide: the moving picture alone
"""

from __future__ import annotations

import argparse
import math
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from style3d import FieldJob, MeshJob, load, stylize
from style3d.core.camera import Camera, fitted_camera
from style3d.core.scene import Scene
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
WIDE_STYLE, WIDE_EDGE, FRAMES, SECONDS = "watercolour.jpg", 260, 24, 3.2  # of the moving picture: one turn
MOTION, LASTS = "swim", 1.6  # of the rig, seconds
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
        pictured = [(front, result.before), (front, result.after), (back, result.after)]
        shown = read_style(picture) if picture.is_file() else swatches(job)[0][0][0].permute(1, 2, 0).numpy()
        row = [square(shown)]
        for camera, colors in pictured:
            image = scene.operator(camera, 0).render(colors, backdrop)[0]
            row.append(image.permute(1, 2, 0).clamp(0, 1).numpy())
        strip = Image.fromarray((np.concatenate(row, 1) * 255).round().astype(np.uint8))
        strip.save(out / f"{name}.jpg", quality=90)
        print(f"docs/gallery/{name}.jpg")
    if options.only in "wide":
        wide(out / "wide.webp", options.preset)
    return 0


def wide(path: Path, preset: str) -> None:
    """One turn of a mesh, of splats and of a rig in motion, all painted after one picture."""
    style = (ROOT / "data/styles" / WIDE_STYLE,)
    mesh = MeshJob(ROOT / "data/models/teapot.glb", style=style, preset=preset)
    splats = FieldJob(ROOT / "data/scenes/mossling.spz", style=style, preset=preset)
    rig = MeshJob(ROOT / "data/models/koi.glb", style=style, preset=preset)
    columns = [turned(mesh), turned(splats), swimming(rig)]
    frames = [Image.fromarray(np.concatenate(row, 1)) for row in zip(*columns, strict=True)]
    frames[0].save(
        path, save_all=True, append_images=frames[1:], duration=round(1000 * SECONDS / FRAMES), loop=0, quality=78
    )
    print(f"docs/gallery/{path.name}")


def turned(job: MeshJob | FieldJob) -> list[np.ndarray]:
    """Frames of one turn around what a job paints."""
    scene = load(job)
    colors = stylize(scene, job).after
    return [frame(scene, camera, colors) for camera in scene.cameras_around(FRAMES, WIDE_EDGE)]


def swimming(job: MeshJob) -> list[np.ndarray]:
    """Frames of a turn around a rig that moves, painted as it stands in the file."""
    colors = stylize(load(job), job).after
    found = []
    for number in range(FRAMES):
        posed = load(replace(job, pose=f"{MOTION}:{number * SECONDS / FRAMES % LASTS:.4f}"))
        found.append(frame(posed, posed.cameras_around(FRAMES, WIDE_EDGE)[number], colors))
    return found


def frame(scene: Scene, camera: Camera, colors: torch.Tensor) -> np.ndarray:
    """A view of a painted scene, 8 bits."""
    image = scene.operator(camera, 0).render(colors, torch.full((3,), PAPER))[0].permute(1, 2, 0)
    return (image.clamp(0, 1).numpy() * 255).round().astype(np.uint8)


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
