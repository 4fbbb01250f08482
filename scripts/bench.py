"""What a step costs beside the perceptual network, beside style transfer of the same pixels in 2D, and beside a job
written the usual way, which rasterises in every step; over resolutions, texels, faces and splats.

python scripts/bench.py [--resolution 256 512] [--steps 12] [--faces 10000 1000000] [--splats 150000]

Ratios within one run are what to compare; seconds depend on the machine, which is printed.
"""

from __future__ import annotations

import argparse
import datetime
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter

import bench_splats
import bench_usual
import numpy as np
import torch
import trimesh

from style3d import FieldJob, Job, MeshJob, load
from style3d.appearance import Pyramid, cascade
from style3d.losses.features import build_features
from style3d.losses.objective import default_objective
from style3d.nerf.files import write_splats
from style3d.scene import Scene
from style3d.styles import StyleLibrary, read_styles

ROOT = Path(__file__).resolve().parents[1]


def main() -> int:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--resolution", type=int, nargs="*", default=[256, 512])
    parser.add_argument("--steps", type=int, default=12)
    parser.add_argument("--faces", type=int, nargs="*", default=[10_000, 1_000_000])
    parser.add_argument("--splats", type=int, nargs="*", default=[150_000])
    parser.add_argument("--model", type=Path, nargs="*", default=[ROOT / "data/models/mossling.glb"])
    parser.add_argument("--texture-size", type=int, nargs="*", default=[1024, 2048])
    options = parser.parse_args()
    head = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    print(
        f"{datetime.date.today()}, commit {head.stdout.strip()}, {platform.machine()}, {os.cpu_count()} cores, ", end=""
    )
    print(f"{torch.get_num_threads()} threads, torch {torch.__version__}\n")
    print(
        "| asset | view | entries of θ | seen | build A_v, s | operators, ms | network, ms | operators ÷ network "
        f"| step ÷ 2D step | {bench_usual.name()} ÷ operators |"
    )
    print("|---|---|---|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for model in options.model:
            for size in options.texture_size:
                rows(f"{model.name}, {size}² texture", MeshJob(model, STYLE, texture_size=size), options)
        for faces in options.faces:
            model = ball(Path(folder) / f"{faces}.ply", faces)
            rows(f"ball of {faces:,} faces, vertex colours", MeshJob(model, STYLE, paint="vertices"), options)
        for count in options.splats:
            model = Path(folder) / f"{count}.splats.ply"
            write_splats(bench_splats.ball(count), model)
            rows(f"ball of {count:,} splats", FieldJob(model, STYLE), options)
    return 0


STYLE = (ROOT / "data/styles/oil.jpg",)


def ball(path: Path, faces: int) -> Path:
    """A sphere of about so many faces, with vertex colours."""
    rings = max(4, round((faces / 4) ** 0.5))
    mesh = trimesh.creation.uv_sphere(count=[rings, 2 * rings])
    mesh.visual.vertex_colors = np.clip((mesh.vertices + 1) * 127, 0, 255).astype(np.uint8)
    mesh.export(path)
    return path


def rows(name: str, job: Job, options: argparse.Namespace) -> None:
    """A row for each resolution."""
    scene = load(job)
    for resolution in options.resolution:
        row(name, scene, job, resolution, options.steps)


def row(name: str, scene: Scene, job: Job, resolution: int, steps: int) -> None:
    """Time steps on one overview; medians over the steps."""
    camera = scene.plan(4, resolution).overviews[1]
    hierarchy = scene.hierarchy
    start = perf_counter()
    operator = scene.operator(camera, 0)
    part = cascade(hierarchy, 0, operator.entries)
    built = perf_counter() - start
    pyramid = Pyramid(hierarchy, scene.initial())
    objective = default_objective(build_features(job.features))
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
    usual = bench_usual.seconds(scene, camera)
    cells = (
        name, f"{camera.width}×{camera.height}", f"{hierarchy.sizes[0]:,}", f"{len(operator.entries):,}",
        f"{built:.2f}", f"{1e3 * spent:.1f}", f"{1e3 * looked:.0f}", f"{spent / looked:.1%}",
        f"{(spent + looked) / flat:.2f}", f"{usual / spent:,.0f}" if usual else "",
    )  # fmt: skip
    print(f"| {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    sys.exit(main())
