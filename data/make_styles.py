"""Draws the four pictures in `styles/`: `python data/make_styles.py`, or `--check` to compare without writing."""

from __future__ import annotations

import argparse
import importlib
import sys
import time
from pathlib import Path

import numpy as np
from PIL import Image

FOLDER = Path(__file__).parent / "styles"
RECIPES = {"oil": "oil", "woodcut": "woodcut", "watercolour": "watercolour", "stained-glass": "glass"}
TOLERANCE = 6.0  # mean difference in 8-bit levels: JPEG encoders and floating point differ a little between machines


def draw(name: str) -> Image.Image:
    """The picture `name`, drawn afresh."""
    picture = importlib.import_module(f"recipes.{RECIPES[name]}").draw()
    return Image.fromarray((picture * 255 + 0.5).astype(np.uint8))


def difference(fresh: Image.Image, path: Path) -> float:
    """Mean absolute difference from the picture on disk in 8-bit levels; infinite if sizes differ."""
    with Image.open(path) as stored:
        kept = np.asarray(stored.convert("RGB"), float)
    return float(np.abs(np.asarray(fresh, float) - kept).mean()) if kept.shape[:2] == fresh.size[::-1] else float("inf")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help=f"which of {', '.join(RECIPES)} (all)")
    parser.add_argument("--check", action="store_true", help="write nothing; fail if the files differ")
    options = parser.parse_args()
    bad = 0
    for name in options.names or RECIPES:
        began, path = time.perf_counter(), FOLDER / f"{name}.jpg"
        picture = draw(name)
        if options.check:
            gap = difference(picture, path)
            bad += gap > TOLERANCE
            print(f"{path.name}: {gap:.2f} levels apart")
        else:
            FOLDER.mkdir(exist_ok=True)
            picture.save(path, quality=92, subsampling=0)
            print(f"{path.name}: {path.stat().st_size / 1e3:.0f} kB, {time.perf_counter() - began:.0f} s")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
