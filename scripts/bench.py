"""What a step costs beside the perceptual network, beside style transfer of the same pixels in 2D, and beside a job
written the usual way, which rasterises in every step; over resolutions, texels, faces and splats. Then whole jobs over
numbers of views, and splats beside gsplat's torch path. Markdown on standard output.

python scripts/bench.py [--quick] [--resolution 256 512] [--steps 12] [--faces 10000 1000000] [--views 4 8 16 32]

Ratios within one run are what to compare; seconds depend on the machine, which is printed.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from pathlib import Path
from time import perf_counter

import bench_jobs
import bench_splats
import bench_usual
import numpy as np
import torch
import trimesh
from bench_process import ROOT, above, alone, heading, line, machine

from style3d import FieldJob, Job, MeshJob, load
from style3d.core.pyramid import Pyramid, cascade
from style3d.losses.features import build_features
from style3d.losses.objective import default_objective
from style3d.nerf.splats.files import write_splats
from style3d.paint.memory import peak_memory
from style3d.paint.style_library import StyleLibrary, read_styles

STYLE = (ROOT / "data/styles/oil.jpg",)
COLUMNS = (
    "asset", "view", "entries of θ", "seen", "build A_v, s", "operators, ms", "network, ms", "operators ÷ network",
    "step ÷ 2D step", f"{bench_usual.name()} ÷ operators", "peak, MB",
)  # fmt: skip
QUICK = ["--resolution", "256", "--texture-size", "1024", "--faces", "10000", "100000", "--splats", "20000",
         "--views", "4", "8", "--steps", "6", "--job-steps", "24"]  # fmt: skip


def main() -> int:
    """Print the tables."""
    options = read_options(sys.argv[1:])
    print(f"{machine()}\n\n## Steps\n")
    with tempfile.TemporaryDirectory() as folder:
        heading(*COLUMNS)
        for name, job in assets(options, Path(folder)):
            for resolution in options.resolution:
                line(alone(row, name, job, resolution, options.steps))
        print("\n## Whole jobs\n")
        heading(*bench_jobs.COLUMNS)
        for views in options.views:
            for model in options.model:
                job = MeshJob(model, STYLE, preset="draft", views=views, steps=options.job_steps)
                line(alone(bench_jobs.row, model.name, job))
    print("\n## Splats\n")
    bench_splats.table(options.splats, 256, 5)
    return 0


def read_options(arguments: list[str]) -> argparse.Namespace:
    """The options; --quick stands for smaller ones, before what else is said."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a few minutes of one core")
    parser.add_argument("--resolution", type=int, nargs="*", default=[128, 256, 512])
    parser.add_argument("--steps", type=int, default=12)
    parser.add_argument("--faces", type=int, nargs="*", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--splats", type=int, nargs="*", default=[20_000, 150_000])
    parser.add_argument("--model", type=Path, nargs="*", default=[ROOT / "data/models/mossling.glb"])
    parser.add_argument("--texture-size", type=int, nargs="*", default=[1024, 2048])
    parser.add_argument("--views", type=int, nargs="*", default=[4, 8, 16, 32])
    parser.add_argument("--job-steps", type=int, default=96)
    return parser.parse_args([*(QUICK if "--quick" in arguments else []), *arguments])


def assets(options: argparse.Namespace, folder: Path) -> list[tuple[str, Job]]:
    """What is stepped on, by name."""
    found: list[tuple[str, Job]] = []
    for model in options.model:
        found += [(f"{model.name}, {size}² texture", MeshJob(model, STYLE, texture_size=size))
                  for size in options.texture_size]  # fmt: skip
    for faces in options.faces:
        model = ball(folder / f"{faces}.ply", faces)
        found.append((f"ball of {faces:,} faces, vertex colours", MeshJob(model, STYLE, paint="vertices")))
    for count in options.splats:
        model = folder / f"{count}.splats.ply"
        write_splats(bench_splats.ball(count), model)
        found.append((f"ball of {count:,} splats", FieldJob(model, STYLE)))
    return found


def ball(path: Path, faces: int) -> Path:
    """A sphere of about so many faces, with vertex colours."""
    rings = max(4, round((faces / 4) ** 0.5))
    mesh = trimesh.creation.uv_sphere(count=[rings, 2 * rings])
    mesh.visual.vertex_colors = np.clip((mesh.vertices + 1) * 127, 0, 255).astype(np.uint8)
    mesh.export(path)
    return path


def row(name: str, job: Job, resolution: int, steps: int) -> list[str]:
    """Time steps on one overview; medians over the steps."""
    objective = default_objective(build_features(job.features))
    before = peak_memory()
    scene = load(job)
    camera = scene.plan(4, resolution).overviews[1]
    scene.operator(camera.at_scale(0.25), 0)  # compiles, and builds what serves all views
    hierarchy = scene.hierarchy
    start = perf_counter()
    operator = scene.operator(camera, 0)
    part = cascade(hierarchy, 0, operator.entries)
    built = perf_counter() - start
    pyramid = Pyramid(hierarchy, scene.initial())
    styles = StyleLibrary(objective, read_styles(job.mixture), 1.0, torch.device("cpu"))
    style = styles.at(scene.pixel_extent(camera))
    with torch.no_grad():
        image = operator.image(part.decode(part.gather(pyramid.parameters)), styles.backdrop)
        content = objective.prepare_content(image, operator.mask(image))
    canvas = image.clone().requires_grad_()  # what 2D style transfer paints on: the pixels themselves
    brush = torch.optim.Adam([canvas], 0.01)
    ours, network, plane = [], [], []
    for _ in range(steps + 2):
        a = perf_counter()
        leaves = pyramid.gather(part)
        image = operator.image(part.decode(leaves).clamp(0, 1), styles.backdrop)
        b = perf_counter()
        seen = image.detach().requires_grad_()
        torch.stack(list(objective(seen, operator.mask(seen), style, content).values())).sum().backward()
        c = perf_counter()
        image.backward(seen.grad)
        pyramid.step(part, leaves, 0.01)
        ours.append(b - a + perf_counter() - c)
        network.append(c - b)
        d = perf_counter()
        brush.zero_grad()
        torch.stack(list(objective(canvas, operator.mask(canvas), style, content).values())).sum().backward()
        brush.step()
        plane.append(perf_counter() - d)
    spent, looked, flat = (statistics.median(times[2:]) for times in (ours, network, plane))
    memory = above(before)
    usual = bench_usual.seconds(scene, camera)
    return [
        name, f"{camera.width}×{camera.height}", f"{hierarchy.sizes[0]:,}", f"{len(operator.entries):,}",
        f"{built:.2f}", f"{1e3 * spent:.1f}", f"{1e3 * looked:.0f}", f"{spent / looked:.1%}",
        f"{(spent + looked) / flat:.2f}", f"{usual / spent:,.0f}" if usual else "", memory,
    ]  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
