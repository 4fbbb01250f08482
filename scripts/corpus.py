"""Load, paint and write every model of a folder, or see it refused in one line; a traceback or an invalid file fails.

python scripts/corpus.py [FOLDER] [--only PART_OF_A_PATH] [--keep OUT]
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
import traceback
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from style3d.errors import Style3DError  # noqa: E402 - the repository need not be installed
from style3d.job import MeshJob  # noqa: E402
from style3d.mesh.asset import MeshAsset, load_asset, save_asset  # noqa: E402
from style3d.mesh.diff import diff_files  # noqa: E402
from style3d.mesh.scene import MeshScene  # noqa: E402
from style3d.paint.loop import stylize  # noqa: E402
from tests.helpers.validator import new_problems, validate, why_missing  # noqa: E402

SUFFIXES = {".obj", ".ply", ".stl", ".off", ".glb", ".gltf", ".zip", ".bz2", ".xyz", ""}
STYLE = (ROOT / "data" / "styles" / "oil.jpg",)
SIZE = 128  # texels on a texture's side when stylising: the round trip is what is tried
BATCH = 25  # files that one run of the validator takes
Painter = Callable[[MeshAsset, Path], None]


@dataclass(frozen=True)
class Row:
    """What became of one file."""

    source: Path
    outcome: str  # painted, refused, TRACEBACK, CHANGED (more than paint) or INVALID
    seconds: float
    words: str
    written: Path | None = None


def save_inverted(asset: MeshAsset, path: Path) -> None:
    """Write the asset in the opposite colours."""
    surface = asset.surface
    colors: Any = [1 - texture.rgb for texture in surface.textures]
    save_asset(asset, colors if surface.painted == "texture" else 1 - np.asarray(surface.vertex_rgb), path)


def save_stylised(asset: MeshAsset, path: Path) -> None:
    """Write the asset after a few steps of the real thing, at a small size."""
    job = MeshJob(asset.source, STYLE, output=path, preset="draft", views=4, resolution=64, steps=4, features="wavelet")
    scene = MeshScene(asset)
    result = stylize(scene, job)
    scene.save(result.after, path)


def corpus(
    folder: Path,
    out: Path,
    paint: Painter = save_inverted,
    only: str = "",
    what: Literal["texture", "vertices"] | None = None,
    size: int | None = None,
) -> list[Row]:
    """Try every model under ``folder``, printing a line for each; then validate what was written."""
    rows = []
    for source in models(folder):
        if only in str(source):
            row = attempt(
                source, out / (str(source.relative_to(folder)).replace(os.sep, "__") + ".glb"), paint, what, size
            )
            print(f"{row.outcome:10}{row.seconds:7.2f} s  {source.relative_to(folder)}: {row.words}", flush=True)
            rows.append(row)
    return list(validate_rows(rows))


def models(folder: Path) -> list[Path]:
    """Files that are models, or that somebody may take for one."""
    found = (path for path in folder.rglob("*") if path.is_file() and path.suffix.lower() in SUFFIXES)
    return sorted(path for path in found if path.name not in ("LICENSE", "README"))


def attempt(
    source: Path, target: Path, paint: Painter, what: Literal["texture", "vertices"] | None, size: int | None = None
) -> Row:
    """Load, paint and write one file."""
    start = time.perf_counter()
    try:
        asset = load_asset(source, paint=what, texture_size=size)
        paint(asset, target)
    except Style3DError as error:
        return Row(source, "refused", time.perf_counter() - start, str(error))
    except Exception:
        return Row(source, "TRACEBACK", time.perf_counter() - start, traceback.format_exc())
    surface = asset.surface
    size = f"{len(surface.textures)} textures" if surface.painted == "texture" else f"{surface.entries:,} colours"
    words = "; ".join([f"{len(surface.faces):,} faces, {size}", *asset.notes])
    if source.suffix in (".glb", ".gltf"):
        wrong = [found.sentence for found in diff_files(source, target) if not found.allowed]
        if wrong:
            return Row(source, "CHANGED", time.perf_counter() - start, "; ".join(wrong[:3]))
    return Row(source, "painted", time.perf_counter() - start, words, target)


def validate_rows(rows: list[Row]) -> Iterator[Row]:
    """The rows, INVALID where the validator finds problems that the source did not have."""
    reason = why_missing()
    if reason is not None:
        print(f"not validated: {reason}")
        yield from rows
        return
    for start in range(0, len(rows), BATCH):
        batch = rows[start : start + BATCH]
        written = [row.written for row in batch if row.written is not None]
        after = iter(validate(*written) if written else [])
        for row in batch:
            if row.written is None:
                yield row
                continue
            known = validate(row.source)[0] if (found := next(after)) and row.source.suffix in (".glb", ".gltf") else []
            problems = new_problems(known, found)
            yield replace(row, outcome="INVALID", words=str(problems[:3])) if problems else row


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    default = Path(os.environ.get("STYLE3D_ASSETS", ROOT.parent / "shared" / "assets")) / "meshes"
    parser.add_argument("folder", nargs="?", type=Path, default=default)
    parser.add_argument("--only", default="", help="files whose path holds this")
    parser.add_argument("--paint", choices=("texture", "vertices"), help="what load_asset is told to paint")
    parser.add_argument("--keep", type=Path, help="folder for what is written; a temporary one by default")
    parser.add_argument("--invert", action="store_true", help="invert the colours at full size instead of stylising")
    arguments = parser.parse_args()
    if not arguments.folder.is_dir():
        print(f"no models here: {arguments.folder} is absent (STYLE3D_ASSETS names another folder)")
        return 0
    paint, size = (save_inverted, None) if arguments.invert else (save_stylised, SIZE)
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory() as temporary:
        rows = corpus(arguments.folder, arguments.keep or Path(temporary), paint, arguments.only, arguments.paint, size)
    counts = {outcome: sum(row.outcome == outcome for row in rows) for outcome in ("painted", "refused")}
    bad = [row for row in rows if row.outcome not in counts]
    for row in bad:
        print(f"\n{row.outcome} {row.source}\n{row.words}")
    print(f"\n{counts['painted']} painted, {counts['refused']} refused, {len(bad)} failed")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
