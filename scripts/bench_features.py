"""Compares perceptual features in 2D: style distance against content similarity, and milliseconds.

`make bench-features` prints the tables and writes out/bench-features/ (pictures, results.json). Paintings and photos
come from the shared assets (STYLE3D_ASSETS, or ../shared/assets), and so do the judges, which no method optimises
except VGG, second judge and contestant. Each method paints each photo at several content weights; where its curve
crosses a content similarity is interpolated per pair.
"""

from __future__ import annotations

import argparse
import datetime
import itertools
import json
import os
import platform
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from unittest import mock

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional as F

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "scripts")]
import judges  # noqa: E402

from style3d.losses import (  # noqa: E402
    Objective,
    affine_color_match,
    build_features,
    default_objective,
    network,
)
from style3d.losses.features import Features  # noqa: E402

ASSETS = Path(os.environ.get("STYLE3D_ASSETS", ROOT.parent / "shared" / "assets"))
VGG = ASSETS / "networks" / "vgg19_normalised_relu3_1.safetensors"
SQUEEZENET = ASSETS / "networks" / "squeezenet1_0_deepcompressed.safetensors"
COLOR = 0.3  # weight of the colours in 2D, where one picture anchors the palette
METHODS = ("color", "random", "wavelet", "network", "dictionary", "embedded", "vgg19")
PHOTOS = ("chelsea.png", "astronaut.png", "coffee.png")
STYLES = ("vangogh_starry_night_1889", "munch_scream_1893", "hokusai_great_wave_1831", "monet_water_lilies_1919",
          "kandinsky_composition_vii_1913", "delaunay_portrait_1906")  # fmt: skip


def read(path: Path, size: int) -> Tensor:
    """A picture with its longer side at ``size``, (1, 3, h, w)."""
    image = Image.open(path).convert("RGB")
    scale = size / max(image.size)
    image = image.resize((round(image.width * scale), round(image.height * scale)), Image.Resampling.LANCZOS)
    return torch.from_numpy(np.asarray(image, dtype=np.float32) / 255).permute(2, 0, 1)[None]


def write(image: Tensor, path: Path) -> None:
    """Saves (1, 3, h, w) as PNG."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray((image[0].permute(1, 2, 0).clamp(0, 1) * 255).round().to(torch.uint8).numpy()).save(path)


def match_color(photo: Tensor, style: Tensor) -> Tensor:
    """The photo with the style's mean and covariance of colour."""
    pixels = photo[0].flatten(1).T
    matrix, offset = affine_color_match(pixels, torch.ones(len(pixels)), style[0].flatten(1).T)
    return (pixels @ matrix.T + offset).clamp(0, 1).T.reshape(photo.shape)


def transfer(objective: Objective, photo: Tensor, style: Tensor, steps: int, rate: float = 0.01) -> Tensor:
    """Optimises an image pyramid from the colour-matched photo, Adam with a rate that falls to zero."""
    target = objective.prepare_style([(style, 1.0)])
    content = objective.prepare_content(photo)
    levels = [match_color(photo, style)]
    while len(levels) < 5:
        levels.append(F.avg_pool2d(levels[-1], 2, ceil_mode=True, count_include_pad=False))

    def enlarge(x: Tensor, like: Tensor) -> Tensor:
        return F.interpolate(x, size=like.shape[-2:], mode="bilinear", align_corners=False)

    details = [fine - enlarge(coarse, fine) for fine, coarse in itertools.pairwise(levels)] + [levels[-1]]
    leaves = [detail.clone().requires_grad_() for detail in details]
    optimizer = torch.optim.Adam(leaves, rate, betas=(0.9, 0.99))

    def picture() -> Tensor:
        x = leaves[-1]
        for leaf in reversed(leaves[:-1]):
            x = leaf + enlarge(x, leaf)
        return x + (x.clamp(0, 1) - x).detach()

    for step in range(steps):
        optimizer.param_groups[0]["lr"] = rate * min(1.0, 2 * (1 - step / steps))
        optimizer.zero_grad()
        torch.stack(list(objective(picture(), None, target, content).values())).sum().backward()
        optimizer.step()
    return picture().detach()


def features_of(method: str, weights: Path | None) -> Features:
    """The extractor of a method; ``weights`` replaces the embedded network's."""
    return build_features(method, VGG if method == "vgg19" else weights if method in ("network", "embedded") else None)


def curves(options: argparse.Namespace, rows: list[dict[str, object]]) -> Iterator[dict[str, object]]:
    """One row per method, pair and content weight that ``rows`` does not hold yet."""
    squeeze, vgg = judges.squeezenet(SQUEEZENET), judges.vgg(VGG)
    held = {(row["method"], row["photo"], row["style"], row["content"]) for row in rows}
    for method in options.methods:
        features = None if method == "color" else features_of(method, options.weights)
        for photo_name, style_name in itertools.product(options.photos, options.styles):
            photo = read(ASSETS / "photos" / photo_name, options.size)
            style = read(ASSETS / "styles" / f"{style_name}.jpg", options.size)
            for content in options.content if features else (0.0,):
                if (method, photo_name, style_name, content) in held:
                    continue
                if features is None:
                    image = match_color(photo, style)
                else:
                    weights = {"content_weight": content, "color_weight": COLOR, "gamut_weight": options.gamut}
                    objective = default_objective(features, **weights)
                    image = transfer(objective, photo, style, options.steps, options.rate)
                name = f"{Path(photo_name).stem}-{style_name}-{method}-{content:g}.png"
                write(image, options.output / name)
                row = {
                    "method": method, "photo": photo_name, "style": style_name, "content": content,
                    "distance": judges.style_distance(squeeze, image, style),
                    "similarity": judges.content_similarity(squeeze, image, photo, 3),
                    "vgg_distance": judges.style_distance(vgg, image, style),
                    "vgg_similarity": judges.content_similarity(vgg, image, photo, 2),
                }  # fmt: skip
                print(" ".join(f"{v:.3f}" if isinstance(v, float) else str(v) for v in row.values()), flush=True)
                yield row


def crossing(rows: list[dict[str, object]], similarity: float, prefix: str) -> float:
    """Style distance where the curve of one pair crosses a content similarity; its nearest end outside."""
    points = sorted((float(r[f"{prefix}similarity"]), float(r[f"{prefix}distance"])) for r in rows)
    return float(np.interp(similarity, [p[0] for p in points], [p[1] for p in points]))


def table(rows: list[dict[str, object]], prefix: str, levels: tuple[float, ...]) -> None:
    """Mean over pairs of the distance at each similarity, and the share of the way from colour match to VGG-19."""
    methods = list(dict.fromkeys(str(row["method"]) for row in rows))
    curve: dict[tuple[str, str, str], list[dict[str, object]]] = {}
    for row in rows:
        curve.setdefault((str(row["method"]), str(row["photo"]), str(row["style"])), []).append(row)
    pairs = sorted({key[1:] for key in curve if all((method, *key[1:]) in curve for method in methods)})
    means: dict[str, list[float]] = {}
    for method in methods:
        own = [curve[(method, *pair)] for pair in pairs]
        means[method] = [float(np.mean([crossing(points, level, prefix) for points in own])) for level in levels]
    print(f"{len(pairs)} pairs on which all of them ran")
    print(f"{'':18}" + "".join(f"  distance at {level:.1f}   share" for level in levels))
    for method in methods:
        cells = []
        for k, value in enumerate(means[method]):
            span = means["color"][k] - means["vgg19"][k] if "color" in means and "vgg19" in means else float("nan")
            share = (means["color"][k] - value) / span if "color" in means else float("nan")
            cells.append(f"{value:17.3f} {100 * share:6.0f}%")
        print(f"{method:18}" + "".join(cells))


def milliseconds(run: Callable[[], None], repeats: int = 5) -> float:
    """Shortest of several runs, after a warm-up."""
    run()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return 1000 * min(times)


def timings(weights: Path | None) -> None:
    """Forward and backward to the image, by precision, eager and compiled, on the CPU and a GPU if there is one."""
    devices = ["cpu", *(["cuda"] if torch.cuda.is_available() else [])]
    columns = list(itertools.product(devices, ("float32", "bfloat16"), ("eager", "compiled"), (256, 512)))
    print(f"\nmilliseconds, forward + backward, {torch.get_num_threads()} threads")
    print("| features | " + " | ".join(" ".join(map(str, column)) + "²" for column in columns) + " |")
    print("|---" * (len(columns) + 1) + "|")
    for name in ("wavelet", "network", "dictionary", "embedded", "vgg19 to relu5_1"):
        cells = [time_cell(name, weights, *column) for column in columns]
        print(f"| {name} | " + " | ".join(cells) + " |", flush=True)


def time_cell(name: str, weights: Path | None, device: str, precision: str, mode: str, size: int) -> str:
    """One cell; what the machine cannot compile says so."""
    half = precision == "bfloat16"
    kept = torch.bfloat16 if half else torch.float32
    with mock.patch.object(network, "fast_dtype", return_value=kept):
        net = build_features("random") if name.startswith("vgg19") else features_of(name, weights)
        net.to(device)
    torch.compiler.reset()  # or a second size is compiled for all sizes
    look = torch.compile(net.__call__, dynamic=False) if mode == "compiled" else net
    image = torch.rand(1, 3, size, size, device=device, requires_grad=True)

    def run() -> None:
        with torch.autocast(device, torch.bfloat16, enabled=half):
            total = torch.stack([value.float().square().mean() for value in look(image).values()]).sum()
        total.backward()
        if device == "cuda":
            torch.cuda.synchronize()

    try:
        return f"{milliseconds(run):.0f}"
    except Exception as error:  # a compiler that is missing or gives up; the other cells still stand
        return type(error).__name__


def main() -> None:
    """Reads the options, runs, prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--methods", nargs="*", default=METHODS)
    parser.add_argument("--photos", nargs="*", default=PHOTOS)
    parser.add_argument("--styles", nargs="*", default=STYLES)
    parser.add_argument("--content", nargs="*", type=float, default=(0.1, 0.7, 4.0, 20.0))
    parser.add_argument("--size", type=int, default=192)
    parser.add_argument("--steps", type=int, default=120)
    parser.add_argument("--rate", type=float, default=0.01)
    parser.add_argument("--gamut", type=float, default=0.0, help="weight of the gamut: features are compared without")
    parser.add_argument("--weights", type=Path, help="another file for the embedded network")
    parser.add_argument("--output", type=Path, default=ROOT / "out" / "bench-features")
    parser.add_argument("--keep", action="store_true", help="go on from an earlier run with the same options")
    parser.add_argument("--again", nargs="*", default=(), help="methods whose earlier rows are not kept")
    parser.add_argument("--no-timings", action="store_true")
    options = parser.parse_args()
    if not ASSETS.is_dir():
        sys.exit(f"no shared assets at {ASSETS}; name their folder with STYLE3D_ASSETS")
    print(f"{datetime.date.today()} {platform.processor() or platform.machine()} torch {torch.__version__}")
    if options.methods:
        options.output.mkdir(parents=True, exist_ok=True)
        results = options.output / "results.json"
        old = json.loads(results.read_text()) if results.is_file() and options.keep else []
        rows = [row for row in old if row["method"] not in options.again]
        for row in curves(options, list(rows)):
            rows.append(row)
            results.write_text(json.dumps(rows, indent=1))
        print("\njudge: SqueezeNet 1.0")
        table(rows, "", (0.5, 0.6))
        print("\njudge: VGG-19 to relu3_1, which the method vgg19 optimises")
        table(rows, "vgg_", (0.5, 0.6))
    if not options.no_timings:
        timings(options.weights)


if __name__ == "__main__":
    main()
