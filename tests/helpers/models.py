"""Model files made on the spot."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import trimesh
from PIL import Image


def write_textured_ball(path: Path, size: int = 32) -> Path:
    """A ball with UVs and a chequered texture, as OBJ with MTL and PNG beside it."""
    mesh = trimesh.creation.uv_sphere(count=[10, 16])
    points = mesh.vertices
    u = np.arctan2(points[:, 0], points[:, 2]) / (2 * np.pi) + 0.5
    v = 1 - np.arccos(points[:, 1].clip(-1, 1)) / np.pi
    board = (np.indices((size, size)).sum(0) // 4 % 2)[..., None] * np.uint8([200, 150, 90]) + np.uint8([30, 60, 90])
    Image.fromarray(board.astype(np.uint8)).save(path.with_suffix(".png"))
    path.with_suffix(".mtl").write_text(f"newmtl paint\nKd 1 1 1\nmap_Kd {path.stem}.png\n")
    lines = [f"mtllib {path.stem}.mtl", "o ball"]
    lines += [f"v {x:.6f} {y:.6f} {z:.6f}" for x, y, z in points]
    lines += [f"vt {a:.6f} {b:.6f}" for a, b in zip(u, v, strict=True)]
    lines += ["usemtl paint", *(f"f {a}/{a} {b}/{b} {c}/{c}" for a, b, c in mesh.faces + 1)]
    path.write_text("\n".join(lines) + "\n")
    return path
