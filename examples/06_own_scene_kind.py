"""Adds a kind of scene: a cloud of coloured points in a text file, painted as small round splats."""

from hashlib import sha256
from pathlib import Path

import numpy as np
import torch

import style3d
from style3d.core.camera import fibonacci_directions, framed_camera, orbit_directions
from style3d.core.scene import Scene, Views
from style3d.render.pyramid import point_pyramid
from style3d.render.splats import Gaussians, splat_view
from style3d.scene_kinds import registry
from style3d.scene_kinds.kind import SceneKind


class CloudJob(style3d.Job):
    kind, outputs, regions, consistency = "cloud", (".xyz",), (), 0.0


class CloudScene(Scene):
    name, key, extent, hierarchy = "", "", 0.0, None  # a file gives them

    def __init__(self, path, spacing=0.04):
        self.table = np.loadtxt(path, dtype=np.float32, max_rows=1 << 20)  # x y z red green blue
        self.name, self.key = path.name, sha256(self.table.tobytes()).hexdigest()
        self.extent, self.hierarchy = float(np.ptp(self.table[:, :3])), point_pyramid(self.points(0), spacing)
        ones = np.ones((len(self.table), 1))
        self.dots = Gaussians(self.table[:, :3], ones * [1, 0, 0, 0], ones @ [[spacing] * 3], 0.95 * ones[:, 0])

    def initial(self):
        return torch.from_numpy(self.table[:, 3:].copy())

    def plan(self, count, resolution, closeups=None):
        return Views(self.cameras_around(count, resolution), ())

    def cameras_around(self, count, size):
        return tuple(framed_camera(way, self.points(0), size) for way in orbit_directions(count))

    def points(self, level):
        return self.hierarchy.corners(level) if level else self.table[:, :3].astype(np.float64)

    def operator(self, camera, level):
        return splat_view(self.dots, self.hierarchy, 0, camera)

    def save(self, colors, path):
        np.savetxt(path, np.hstack([self.table[:, :3], colors.numpy()]), "%.4f")
        return (path,)


ways = lambda path: path.suffix == ".xyz", lambda job, _: CloudScene(job.model), lambda path, _: CloudScene(path)
registry.KINDS += (SceneKind("clouds", CloudJob, *ways),)
Path("out").mkdir(exist_ok=True)
ball = fibonacci_directions(4000)
np.savetxt("out/06_ball.xyz", np.hstack([ball, ball / 2 + 0.5]), "%.4f")
quick = {"preset": "draft", "features": "wavelet", "turntable": "none", "steps": 40, "views": 4, "resolution": 128}
job = CloudJob(Path("out/06_ball.xyz"), style=(Path("data/styles/oil.jpg"),), **quick)
style3d.stylize(style3d.load(job), job).save(Path("out/06_own_scene_kind.xyz"))
