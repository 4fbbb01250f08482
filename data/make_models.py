"""Makes the models in `models/`: `python data/make_models.py`, or `--check` to compare without writing."""

from __future__ import annotations

import argparse
import importlib
import io
import json
import struct
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from PIL import Image

FOLDER = Path(__file__).parent / "models"
RECIPES = {"teapot": "glb", "mossling": "glb", "koi": "glb", "lantern": "obj"}
BESIDE = {"mossling": ["mossling.ply"], "lantern": ["lantern.mtl", "lantern-paper.jpg", "lantern-wood.jpg"]}


def make(name: str, folder: Path) -> None:
    """Write the model `name` and what belongs to it into `folder`."""
    importlib.import_module(f"recipes.{name}").make(folder / f"{name}.{RECIPES[name]}")


def thumbnail(data: bytes) -> list[float]:
    """An encoded picture shrunk to 16 x 16, as 768 levels: equal to a few levels whatever encoder wrote it."""
    with Image.open(io.BytesIO(data)) as picture:
        return [float(level) for level in picture.convert("RGB").resize((16, 16), Image.Resampling.BOX).tobytes()]


def images(document: dict[str, Any], data: bytes) -> list[bytes]:
    """The encoded pictures inside a GLB."""
    start = 28 + struct.unpack_from("<I", data, 12)[0]
    views = [document["bufferViews"][image["bufferView"]] for image in document.get("images", [])]
    return [data[start + view["byteOffset"] :][: view["byteLength"]] for view in views]


def summary(path: Path) -> dict[str, Any]:
    """What must agree between machines: names and counts, not the last bit of a coordinate or of a JPEG."""
    data = path.read_bytes()
    if path.suffix == ".glb":
        document = json.loads(data[20 : 20 + struct.unpack_from("<I", data, 12)[0]])
        names = {
            kind: [entry.get("name") for entry in document.get(kind, [])]
            for kind in ("nodes", "meshes", "materials", "images", "animations")
        }
        thumbnails = [thumbnail(image) for image in images(document, data)]
        return {**names, "accessors": sum(entry["count"] for entry in document["accessors"]), "textures": thumbnails}
    if path.suffix == ".obj":
        words = [line.split(" ", 1)[0] for line in data.decode().splitlines()]
        return {word: words.count(word) for word in ("v", "vt", "vn", "f", "usemtl")}
    if path.suffix == ".ply":
        head = data[: data.index(b"end_header")].decode().split("\n")
        return {"elements": [int(line.split()[2]) for line in head if line.startswith("element")]}
    return {"text": data.decode()} if path.suffix == ".mtl" else {"texture": thumbnail(data)}


def agree(one: Any, other: Any) -> bool:
    """Equal; counts to 2 % and colours to 12 levels: libraries that mesh and unwrap change between versions."""
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(agree(one[key], other[key]) for key in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(agree(a, b) for a, b in zip(one, other, strict=True))
    if isinstance(one, float):
        return bool(abs(one - other) <= 12)
    return abs(one - other) <= 0.02 * max(one, other) if isinstance(one, int) else bool(one == other)


def check(name: str) -> bool:
    """Make the model again elsewhere and compare it with the files here."""
    with tempfile.TemporaryDirectory() as scratch:
        make(name, Path(scratch))
        files = [f"{name}.{RECIPES[name]}", *BESIDE.get(name, [])]
        return all(agree(summary(Path(scratch) / file), summary(FOLDER / file)) for file in files)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help=f"which of {', '.join(RECIPES)} (all)")
    parser.add_argument("--check", action="store_true", help="write nothing; fail if the files differ")
    options = parser.parse_args()
    bad = 0
    for name in options.names or RECIPES:
        began = time.perf_counter()
        if options.check:
            good = check(name)
            bad += not good
            print(f"{name}: {'agrees' if good else 'differs'}")
        else:
            FOLDER.mkdir(exist_ok=True)
            make(name, FOLDER)
            print(f"{name}: {time.perf_counter() - began:.0f} s")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
