"""Gaussian splats: seconds to build a view, and a step's share against a renderer made of gsplat's torch projection.

python scripts/bench_splats.py [--splats 20000 150000] [--size 256] [--scene scene.ply] [--repeat 5]

The reference projects with gsplat (pip install --no-deps gsplat) and composites the same splats in the same pixels with
differentiable torch operations, as gsplat's own `accumulate` does; it is told which splats meet which pixels.
Ratios within one run are what to compare; seconds depend on the machine, which is printed.
"""

from __future__ import annotations

import argparse
import importlib.util
import statistics
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from time import perf_counter

import numpy as np
import torch
from bench_process import alone, heading, line, machine
from torch import Tensor

from style3d.core.camera import Camera
from style3d.core.operator import SparseMap
from style3d.nerf.splats.files import read_splats
from style3d.nerf.splats.harmonics import C0
from style3d.nerf.splats.scene import SplatScene
from style3d.nerf.splats.splats import Splats
from style3d.render.splats import Gaussians, splat_rows


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--splats", type=int, nargs="*", default=[20_000, 150_000])
    parser.add_argument("--scene", type=Path, nargs="*", default=[])
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--repeat", type=int, default=5)
    options = parser.parse_args()
    print(f"{machine()}, views of {options.size}²\n")
    table([*options.splats, *options.scene], options.size, options.repeat)
    return 0


def table(sources: Sequence[int | Path], size: int, repeat: int) -> None:
    """A row for each ball of so many splats, and each file."""
    ours = "build, s", "A_v, MB", "weights a pixel", "A·θ, ms", "with gradients, ms"
    heading("scene", *ours, "gsplat torch, ms", "with gradients, ms", "×")
    for source in sources:
        line(alone(row, source, size, repeat))


def ball(count: int) -> Splats:
    """Flat splats all over a sphere, each wide enough to overlap its neighbours."""
    random = np.random.default_rng(0)
    normal = random.standard_normal((count, 3))
    normal /= np.linalg.norm(normal, axis=1, keepdims=True)
    width = 2 * count**-0.5
    return Splats(
        positions=normal.astype(np.float32),
        rotations=np.stack([1 + normal[:, 2], -normal[:, 1], normal[:, 0], 0 * normal[:, 0]], 1).astype(np.float32),
        log_scales=np.log(np.tile(np.float32([width, width, 0.1 * width]), (count, 1))),
        logit_opacities=random.normal(0.5, 1.5, count).astype(np.float32),
        sh=((random.random((count, 1, 3)) - 0.5) / C0).astype(np.float32),
    )


def row(source: int | Path, size: int, repeat: int) -> list[str]:
    """One line: ours, and the reference where gsplat is installed."""
    name = source.name if isinstance(source, Path) else f"ball of {source:,}"
    splats = read_splats(source) if isinstance(source, Path) else ball(source)
    scene = SplatScene(splats, name)
    camera = scene.cameras_around(4, size)[0]
    scene.operator(camera.at_scale(0.25), 0)  # compiles, and builds the pyramid
    built = clock(lambda: scene.operator(camera, 0), repeat)
    operator = scene.operator(camera, 0)
    colors = scene.initial()[torch.from_numpy(operator.entries)]
    forward = clock(lambda: operator.apply(colors), repeat)
    both = clock(lambda: step(operator.apply, colors), repeat)
    pixels = max(1, int((operator.alpha > 0).sum()))
    numbers = f"{operator.nbytes / 1e6:.1f}", f"{operator.matrix.indices.size / pixels:.0f}"
    cells = [name, f"{built:.2f}", *numbers, f"{1e3 * forward:.1f}", f"{1e3 * both:.1f}"]
    if importlib.util.find_spec("gsplat") is None:
        return [*cells, "gsplat is not installed", "", ""]
    shape = Gaussians(splats.positions, splats.unit_rotations, splats.scales, splats.opacities)
    pairs = splat_rows(shape, camera)
    reference = Reference(shape, camera, pairs)
    every = scene.initial()
    difference = (reference(every) - pairs.apply(every)).abs().max()
    assert difference < 2e-3, difference  # float32 transmittances by logarithms
    theirs = clock(lambda: reference(every), repeat), clock(lambda: step(reference, every), repeat)
    return [*cells, f"{1e3 * theirs[0]:.0f}", f"{1e3 * theirs[1]:.0f}", f"{theirs[1] / both:.0f}"]


class Reference:
    """gsplat's torch projection, then α·T over given pairs of pixel and splat."""

    def __init__(self, shape: Gaussians, camera: Camera, pairs: SparseMap) -> None:
        names = ("means", "rotations", "scales", "opacities")
        self.shape = [torch.from_numpy(np.asarray(getattr(shape, name), np.float32)) for name in names]
        self.size = camera.width, camera.height
        self.view = torch.linalg.inv(torch.from_numpy(camera.camera_to_world)).float()[None]
        lens = [[camera.focal, 0, camera.cx], [0, camera.focal, camera.cy], [0, 0, 1]]
        self.lens = torch.tensor(lens, dtype=torch.float32)[None]
        self.splat = torch.from_numpy(pairs.indices.astype(np.int64))
        self.pixel = torch.repeat_interleave(torch.from_numpy(np.diff(pairs.indptr)))
        self.first = torch.from_numpy(pairs.indptr[:-1])[self.pixel]

    def __call__(self, colors: Tensor) -> Tensor:
        """The image, (pixels, 3); differentiable to the colours."""
        from gsplat.cuda import _torch_impl as gsplat

        means, rotations, scales, opacities = self.shape
        covariances, _ = gsplat._quat_scale_to_covar_preci(rotations, scales, compute_preci=False)
        _, centers, _, conics, _ = gsplat._fully_fused_projection(means, covariances, self.view, self.lens, *self.size)
        place = torch.stack([self.pixel % self.size[0], self.pixel // self.size[0]], 1) + 0.5
        dx, dy = (place - centers[0, self.splat]).unbind(1)
        a, b, c = conics[0, self.splat].unbind(1)
        alpha = opacities[self.splat] * torch.exp(-0.5 * (a * dx * dx + c * dy * dy) - b * dx * dy)
        alpha = alpha.clamp_max(0.999)
        passed = torch.cumsum(torch.log1p(-alpha.double()), 0)
        before = passed - torch.log1p(-alpha.double())
        light = torch.exp(before - before[self.first]).float()
        image = colors.new_zeros(self.size[0] * self.size[1], 3)
        return image.index_add(0, self.pixel, colors[self.splat] * (alpha * light)[:, None])


def step(render: Callable[[Tensor], Tensor], colors: Tensor) -> None:
    """An image and the gradient of its sum of squares to the colours."""
    leaf = colors.clone().requires_grad_()
    render(leaf).square().sum().backward()


def clock(work: Callable[[], object], repeat: int) -> float:
    """Seconds, the median of ``repeat`` after one more that does not count."""
    work()
    times = []
    for _ in range(repeat):
        start = perf_counter()
        work()
        times.append(perf_counter() - start)
    return statistics.median(times)


if __name__ == "__main__":
    sys.exit(main())
