"""docs/quality.md: pairs of assets and paintings that nobody tuned for, painted in four ways and measured.

python scripts/quality.py --assets FOLDER [--weights VGG16] [--before CHECKOUT] [--capture GRID] [--only fox]

FOLDER holds meshes/, splats/ and styles/. Every way is a command of its own; what is in out/quality is not painted
again, so the script goes on where it was stopped.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageDraw

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT)]

from style3d.core.scene import Scene  # noqa: E402
from style3d.evaluate.footage.render import render_footage  # noqa: E402
from style3d.evaluate.metrics.needs import NEEDS  # noqa: E402
from style3d.evaluate.metrics.painted_views import PaintedViews  # noqa: E402
from style3d.evaluate.metrics.registry import IMAGE_METRICS  # noqa: E402
from style3d.evaluate.request import EvaluationRequest  # noqa: E402
from style3d.evaluate.run_request import request_yardstick, run_report  # noqa: E402
from style3d.evaluate.scenes import open_scenes  # noqa: E402
from style3d.progress import Silent  # noqa: E402
from style3d.scene_kinds.kind import Opening  # noqa: E402
from style3d.scene_kinds.registry import kind_at  # noqa: E402

OUT, DOCS = ROOT / "out" / "quality", ROOT / "docs" / "quality"
EDGE, PAPER = 320, 0.965
SHOWN = ("content.tone_order", "content.parts_apart", "content.form", "style.calm", "style.found")


HEAD = """# Quality

Assets and paintings that nobody tuned for, each painted at the draft preset: by the default features, by VGG-16 (where
its weights are given), and by an older version. `python scripts/quality.py --assets FOLDER` makes this page;
the assets and paintings themselves are not part of the project. Each picture shows the original and every way from two
sides. [metrics.md](metrics.md) says what the figures mean; `found` is the rank of the painting among all paintings of
the folder, by a network that no run optimises. Found first: {first}.
"""


@dataclass(frozen=True)
class Pair:
    """An asset and a painting. Concretely: a fox after Munch."""

    name: str
    kind: str  # plain, palette atlas, textured, splats, capture
    model: str
    style: str


PAIRS = (
    Pair("bunny", "plain", "meshes/common/stanford-bunny.obj", "hokusai_great_wave_1831"),
    Pair("suzanne", "plain", "meshes/common/suzanne.obj", "gauguin_tahiti"),
    Pair("homer", "plain", "meshes/common/homer.obj", "vangogh_starry_night_1889"),
    Pair("woody", "plain", "meshes/common/woody.obj", "kandinsky_composition_vii_1913"),
    Pair("barbarian", "palette atlas", "meshes/kaykit/Barbarian.glb", "gauguin_tahiti"),
    Pair("mage", "palette atlas", "meshes/kaykit/Mage.glb", "vangogh_night_cafe_1888"),
    Pair("building", "palette atlas", "meshes/kenney/building-small-c.glb", "monet_water_lilies_1919"),
    Pair("helmet", "textured", "meshes/bevy/FlightHelmet/FlightHelmet.gltf", "turner_minotaur_shipwreck_1805"),
    Pair("fox", "textured", "meshes/bevy/Fox.glb", "munch_scream_1893"),
    Pair("spot", "textured", "meshes/common/spot/spot_triangulated.obj", "matisse_woman_with_a_hat_1905"),
    Pair("biker", "splats", "splats/biker.spz", "vangogh_starry_night_1889"),
    Pair("capture", "capture", "", "kandinsky_composition_vii_1913"),
)


def main() -> int:
    """Paint, show and measure all pairs; write the page."""
    options = _options()
    rows = []
    for pair in PAIRS:
        if options.only not in pair.name:
            continue
        model = options.capture if pair.kind == "capture" else options.assets / pair.model
        if model is None or not model.exists():
            print(f"left out {pair.name}: there is no {model}")
            continue
        style = next(options.assets.glob(f"styles/{pair.style}.*"))
        targets = {way: _target(way, pair, model) for way, _, _ in _ways(options)}
        if not options.show_only:
            for way, more, tree in _ways(options):
                _paint(targets[way], model, style, more, tree)
        if options.paint_only:
            continue
        painted = {way: path for way, path in targets.items() if path.exists()}
        _picture(pair, model, painted)
        rows += [
            (pair, way, _figures(model, after, style, options.assets / "styles")) for way, after in painted.items()
        ]
    if not options.paint_only:
        (ROOT / "docs" / "quality.md").write_text(_page(rows), encoding="utf-8")
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--assets", type=Path, required=True)
    parser.add_argument("--weights", type=Path, help="of VGG-16")
    parser.add_argument("--before", type=Path, help="a checkout of an older version")
    parser.add_argument("--capture", type=Path, help="a grid fitted to a capture")
    parser.add_argument("--only", default="")
    parser.add_argument("--ways", default="default,vgg16,before")
    parser.add_argument("--paint-only", action="store_true", help="make no page")
    parser.add_argument("--show-only", action="store_true", help="make the page of what was painted before")
    return parser.parse_args()


def _ways(options: argparse.Namespace) -> Iterator[tuple[str, list[str], Path]]:
    """What each way is called, what it adds to the command, and whose code it runs."""
    if "default" in options.ways:
        yield "default", [], ROOT
    if options.weights and "vgg16" in options.ways:
        yield "vgg16", ["--features", "vgg16", "--weights", str(options.weights)], ROOT
    if options.before and "before" in options.ways:
        yield "before", [], options.before


def _target(way: str, pair: Pair, model: Path) -> Path:
    return OUT / pair.name / f"{way}{'.glb' if 'meshes' in str(model) else model.suffix}"


def _paint(target: Path, model: Path, style: Path, more: list[str], tree: Path) -> None:
    """Paints one pair in one way by the command, unless that was done before."""
    if target.exists():
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    command = "mesh" if target.suffix == ".glb" else "nerf"
    run = [sys.executable, "-m", "style3d", command, str(model), "--style", str(style), "--preset", "draft"]
    run += ["--turntable", "none", "--quiet", "--output", str(target), *more]
    print(f"{target.parent.name}, {target.stem}", flush=True)
    subprocess.run(run, check=True, cwd=tree, env=os.environ | {"PYTHONPATH": str(tree)}, stdout=subprocess.DEVNULL)


def _picture(pair: Pair, model: Path, painted: dict[str, Path]) -> None:
    """One row: the original and every way, from two sides each."""
    original = _open_scene(model)
    cameras = [original.cameras_around(8, EDGE)[k] for k in (0, 1)]
    columns = []
    for name, scene in [("original", original), *((way, _open_scene(path)) for way, path in painted.items())]:
        views = []
        for camera in cameras:
            image = scene.operator(camera, 0).render(scene.initial(), torch.full((3,), PAPER))[0]
            views.append(image.permute(1, 2, 0).clamp(0, 1).numpy())
        column = Image.fromarray((np.concatenate(views, 0) * 255).round().astype(np.uint8))
        ImageDraw.Draw(column).text((6, 4), name, fill=(90, 90, 90))
        columns.append(np.asarray(column))
    DOCS.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.concatenate(columns, 1)).save(DOCS / f"{pair.name}.webp", quality=82)


def _open_scene(path: Path) -> Scene:
    return kind_at(path).open(path, Opening(lighting="studio"))


def _figures(model: Path, after: Path, style: Path, gallery: Path) -> dict[str, float | None]:
    """What the metrics of `SHOWN` say of eight views; nothing where one could not measure."""
    request = EvaluationRequest((model, after), style=style, gallery=gallery, views=8)
    scenes = open_scenes(request, run_report(after), Silent())
    footage = render_footage(*scenes, request.views, request.resolution, request.gaps, lambda count: None).footage
    views = PaintedViews(footage, tuple(footage.after), request_yardstick(request), scenes[0])
    rows = [
        row for row in IMAGE_METRICS if row.name in SHOWN and not any(NEEDS[need].lacking(views) for need in row.needs)
    ]
    return {row.name: row.measure(views).value for row in rows}


def _page(rows: list[tuple[Pair, str, dict[str, float | None]]]) -> str:
    """The page in Markdown: a picture and the figures of every way, pair by pair."""
    lines = [HEAD.format(first=_found_first(rows))]
    for pair in dict.fromkeys(pair for pair, _, _ in rows):
        title = pair.style.replace("_", " ")
        lines += [f"## {pair.name} ({pair.kind}), after {title}", "", f"![{pair.name}](quality/{pair.name}.webp)", ""]
        lines += ["| way | " + " | ".join(name.split(".")[1] for name in SHOWN) + " |", "|---" * (len(SHOWN) + 1) + "|"]
        for _, way, figures in (row for row in rows if row[0] is pair):
            values = (figures.get(name) for name in SHOWN)
            lines.append(f"| {way} | " + " | ".join("–" if v is None else f"{v:.2f}" for v in values) + " |")
        lines.append("")
    return "\n".join(lines)


def _found_first(rows: list[tuple[Pair, str, dict[str, float | None]]]) -> str:
    """In how many pairs the judge finds the painting first, by way."""
    told = []
    for way in dict.fromkeys(way for _, way, _ in rows):
        ranks = [figures.get("style.found") for _, name, figures in rows if name == way]
        known = [rank for rank in ranks if rank is not None]
        told.append(f"{way}: {sum(rank == 1 for rank in known)} of {len(known)}")
    return "; ".join(told)


if __name__ == "__main__":
    sys.exit(main())
