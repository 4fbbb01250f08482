"""The pictures of the README and of docs/gallery.md, from assets the project made: `make gallery` writes docs/gallery/.

python scripts/gallery.py [--preset standard] [--only koi] [--steps N --resolution N --frames N] [--output FOLDER]
--only wide: the moving picture alone
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

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
PHOTOGRAPHED, PHOTOS, PHOTO_EDGE = "lantern.obj", 36, 200  # what the capture shows, and its photos
PAPER = 0.965


def main() -> int:
    """Paint each piece and the moving picture, or those that --only names."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--preset", default="standard")
    parser.add_argument("--only", default="", help="a part of a picture's name")
    parser.add_argument("--steps", type=int, help="of each resolution, in the place of the preset's")
    parser.add_argument("--resolution", type=int, help="of the views, in the place of the preset's")
    parser.add_argument("--frames", type=int, default=FRAMES, help="of the moving picture")
    parser.add_argument("--output", type=Path, default=ROOT / "docs" / "gallery", help="where the pictures are written")
    options = parser.parse_args()
    given = {"steps": options.steps, "resolution": options.resolution, "preset": options.preset}
    settings = {name: value for name, value in given.items() if value is not None}
    options.output.mkdir(parents=True, exist_ok=True)
    for name in PIECES:
        if options.only in name:
            still(name, settings, options.output / f"{name}.jpg")
    if options.only in "wide":
        wide(settings, options.frames, options.output / "wide.webp")
    return 0


def still(name: str, settings: Mapping[str, Any], path: Path) -> None:
    """A row of a piece: the style, the asset before, and the asset after from two sides."""
    model, style = PIECES[name]
    picture = ROOT / "data/styles" / style
    after = {"style": (picture,)} if picture.is_file() else {"prompt": (style,)}
    job = MeshJob(ROOT / "data/models" / model, **after, **settings)
    scene = load(job)
    result = stylize(scene, job)
    front, back = (close_camera(scene, angle) for angle in (40, 215))
    backdrop = torch.full((3,), PAPER)
    shown = read_style(picture) if picture.is_file() else swatches(job)[0][0][0].permute(1, 2, 0).numpy()
    row = [square(shown)]
    for camera, colors in [(front, result.before), (front, result.after), (back, result.after)]:
        image = scene.operator(camera, 0).render(colors, backdrop)[0]
        row.append(image.permute(1, 2, 0).clamp(0, 1).numpy())
    Image.fromarray((np.concatenate(row, 1) * 255).round().astype(np.uint8)).save(path, quality=90)
    print(path)


def wide(settings: Mapping[str, Any], frames: int, path: Path) -> None:
    """One turn of a mesh, of splats, of a capture and of a rig in motion, all painted after one picture."""
    style = (ROOT / "data/styles" / WIDE_STYLE,)
    mesh = MeshJob(ROOT / "data/models/teapot.glb", style=style, **settings)
    splats = FieldJob(ROOT / "data/scenes/mossling.spz", style=style, **settings)
    rig = MeshJob(ROOT / "data/models/koi.glb", style=style, **settings)
    with tempfile.TemporaryDirectory() as folder:
        capture = FieldJob(photograph(Path(folder)), style=style, **settings)
        columns = [turn(mesh, frames), turn(splats, frames), turn(capture, frames), swim(rig, frames)]
    images = [Image.fromarray(np.concatenate(row, 1)) for row in zip(*columns, strict=True)]
    pause = round(1000 * SECONDS / frames)
    images[0].save(path, save_all=True, append_images=images[1:], duration=pause, loop=0, quality=78)
    print(path)


def photograph(folder: Path) -> Path:
    """A capture: photos of a model of data/ from all sides, cut out, with a camera for each; the folder."""
    model = ROOT / "data/models" / PHOTOGRAPHED
    scene = load(MeshJob(model, style=(model,)))  # a job names a style; nothing is painted here
    colors, frames = scene.initial(), []
    for number, camera in enumerate(scene.plan(PHOTOS, PHOTO_EDGE).overviews):
        operator = scene.operator(camera, 0)
        cover = operator.coverage.reshape(camera.height, camera.width, 1)
        over_black = operator.render(colors, torch.zeros(3))[0].permute(1, 2, 0).numpy()
        photo = np.concatenate([over_black / np.maximum(cover, 1 / 255), cover], 2).clip(0, 1)
        Image.fromarray((photo * 255).round().astype(np.uint8)).save(folder / f"{number:03}.png")
        frames.append({
            "file_path": f"{number:03}.png", "transform_matrix": (camera.camera_to_world * [1, -1, -1, 1]).tolist(),
            "fl_x": camera.focal, "fl_y": camera.focal, "cx": camera.cx, "cy": camera.cy,
            "w": camera.width, "h": camera.height,
        })  # fmt: skip
    told = json.dumps({"camera_model": "OPENCV", "frames": frames})
    (folder / "transforms.json").write_text(told, encoding="utf-8")
    return folder


def turn(job: MeshJob | FieldJob, frames: int) -> list[np.ndarray]:
    """Frames of one turn around what a job paints."""
    scene = load(job)
    colors = stylize(scene, job).after
    return [frame(scene, camera, colors) for camera in scene.cameras_around(frames, WIDE_EDGE)]


def swim(job: MeshJob, frames: int) -> list[np.ndarray]:
    """Frames of a turn around a rig that moves, painted as it stands in the file."""
    colors = stylize(load(job), job).after
    found = []
    for number in range(frames):
        posed = load(replace(job, pose=f"{MOTION}:{number * SECONDS / frames % LASTS:.4f}"))
        found.append(frame(posed, posed.cameras_around(frames, WIDE_EDGE)[number], colors))
    return found


def frame(scene: Scene, camera: Camera, colors: torch.Tensor) -> np.ndarray:
    """A view of a painted scene, 8 bits."""
    image = scene.operator(camera, 0).render(colors, torch.full((3,), PAPER))[0].permute(1, 2, 0)
    return (image.clamp(0, 1).numpy() * 255).round().astype(np.uint8)


def close_camera(scene: MeshScene, angle: float) -> Camera:
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
