"""Makes the masks: what of a model's textures lies within a shape. python data/make_masks.py

A mask is white where a region is; `--protect` keeps what is white, `--region "mask=…"` paints only that.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from style3d.mesh.asset import load_asset
from style3d.mesh.scene import MeshScene
from style3d.regions.selector import Where

HERE = Path(__file__).resolve().parent
MASKS = {"koi-head": ("koi.glb", Where(box=(-1, -1, 0.12, 1, 1, 9)), 256)}


def main() -> None:
    """Write every mask."""
    for name, (model, where, size) in MASKS.items():
        scene = MeshScene(load_asset(HERE / "models" / model, texture_size=size))
        height, width = scene.grid.shapes[0]
        white = (scene.selected(where)[: height * width] > 0).reshape(height, width)
        (HERE / "masks").mkdir(exist_ok=True)
        Image.fromarray(np.where(white, 255, 0).astype(np.uint8)).save(HERE / "masks" / f"{name}.png", optimize=True)


if __name__ == "__main__":
    main()
