"""A tiny capture that nobody photographed: a ball before a wall, its colours a function of place."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from PIL import Image

from style3d.core.camera import Camera, look_at

WIDTH, HEIGHT, FRAMES = 24, 20, 12


def cameras(count: int = FRAMES) -> list[Camera]:
    """Views on an arc in front of the ball."""
    turns = np.linspace(-0.5, 0.5, count)
    places = [np.array([1.6 * np.sin(turn), 0.2, 1.6 * np.cos(turn)]) for turn in turns]
    square = [look_at(place, np.zeros(3), 55, WIDTH) for place in places]
    return [camera.crop(0, (WIDTH - HEIGHT) / 2, WIDTH, HEIGHT) for camera in square]


def render_ball(camera: Camera) -> tuple[np.ndarray, np.ndarray]:
    """Colour (h, w, 3) and depth along z (h, w) of a ball of radius 0.5 before the plane z = -0.8."""
    rays = camera.directions()
    a, b = (rays * rays).sum(1), rays @ camera.position
    disc = b * b - a * (camera.position @ camera.position - 0.25)
    wall = (-0.8 - camera.position[2]) / rays[:, 2]
    wall = np.where(wall > 0, wall, 8.0)
    depth = np.where(disc > 0, (-b - np.sqrt(np.maximum(disc, 0))) / a, wall)
    points = camera.position + rays * depth[:, None]
    colors = 0.5 + 0.4 * np.sin(points * [6.0, 5.0, 7.0] + np.array([0.0, 1.0, 2.0]))
    shape = camera.height, camera.width
    return colors.reshape(*shape, 3).astype(np.float32), depth.reshape(shape).astype(np.float32)


def write_capture(folder: Path) -> Path:
    """The capture as nerfstudio's own parser reads it; returns the folder."""
    (folder / "images").mkdir(parents=True)
    frames = []
    for number, camera in enumerate(cameras()):
        name = f"images/{number:03}.png"
        Image.fromarray((render_ball(camera)[0] * 255).round().astype(np.uint8)).save(folder / name)
        pose = camera.camera_to_world * [1.0, -1.0, -1.0, 1.0]
        frames.append({"file_path": name, "transform_matrix": pose.tolist()})
    camera = cameras()[0]
    lens = {"fl_x": camera.focal, "fl_y": camera.focal, "cx": camera.cx, "cy": camera.cy, "w": WIDTH, "h": HEIGHT}
    text = json.dumps({"camera_model": "OPENCV", **lens, "frames": frames})
    (folder / "transforms.json").write_text(text, encoding="utf-8")
    return folder
