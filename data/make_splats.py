"""Makes `scenes/mossling.spz` from `models/mossling.ply`: the creature as Gaussian splats, flat discs on its skin.

`python data/make_splats.py`; needs style3d itself, for the file format.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import trimesh
from scipy.spatial import cKDTree
from scipy.spatial.transform import Rotation

from style3d.nerf.splats.files import write_splats
from style3d.nerf.splats.harmonics import C0
from style3d.nerf.splats.splats import Splats

FOLDER = Path(__file__).parent
COUNT = 24_000
FLATNESS = 0.15  # thickness of a disc, of its radius
FILE_AXES = np.diag([1.0, -1.0, -1.0])  # y up to y down


def make(source: Path, target: Path) -> None:
    """Scatter discs evenly over the surface, coloured as it is there."""
    mesh = trimesh.load(source, force="mesh")
    points, faces = trimesh.sample.sample_surface_even(mesh, COUNT, seed=0)
    weights = trimesh.triangles.points_to_barycentric(mesh.triangles[faces], points)
    colors = (mesh.visual.vertex_colors[mesh.faces[faces], :3] * weights[..., None]).sum(1) / 255
    spacing = cKDTree(points).query(points, k=5)[0][:, 1:].mean(1)
    scales = spacing[:, None] * np.array([0.75, 0.75, 0.75 * FLATNESS])
    turns = [Rotation.align_vectors(normal[None], [[0, 0, 1]])[0] for normal in mesh.face_normals[faces]]
    splats = Splats(
        positions=points.astype(np.float32),
        rotations=np.array([turn.as_quat()[[3, 0, 1, 2]] for turn in turns], dtype=np.float32),
        log_scales=np.log(scales).astype(np.float32),
        logit_opacities=np.full(len(points), 4.0, dtype=np.float32),
        sh=((colors - 0.5) / C0).astype(np.float32)[:, None],
    )
    write_splats(splats.rotate(FILE_AXES), target)


if __name__ == "__main__":
    make(FOLDER / "models" / "mossling.ply", FOLDER / "scenes" / "mossling.spz")
