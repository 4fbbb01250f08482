"""Frames as renderers of radiance fields leave them behind."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from style3d.evaluate.footage.read_frames import FLIP
from tests.helpers.footage import arc


def write(path: Path, picture: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray((picture * 255 + 0.5).clip(0, 255).astype(np.uint8)).save(path)


@pytest.fixture
def frames(tmp_path: Path) -> Path:
    """Four views of a sphere in the form that renderers of radiance fields leave behind."""
    listed = []
    for number, view in enumerate(arc(4, size=40).views):
        name = f"{number:04}"
        write(tmp_path / "original" / f"{name}.png", view.before)
        write(tmp_path / "styled" / f"{name}.png", 0.2 + 0.7 * view.before[..., ::-1])
        (tmp_path / "depth").mkdir(exist_ok=True)
        np.save(tmp_path / "depth" / f"{name}.npy", np.where(np.isfinite(view.depth), view.depth / 2, 0))
        pose = view.camera.camera_to_world @ FLIP
        listed.append({"file_path": f"images/{name}.png", "transform_matrix": pose.tolist()})
    camera = view.camera
    head = {"fl_x": camera.focal, "cx": camera.cx, "cy": camera.cy, "w": camera.width, "h": camera.height}
    (tmp_path / "transforms.json").write_text(json.dumps(head | {"frames": listed}))
    return tmp_path
