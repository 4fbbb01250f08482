"""All assets of a look share one brush and, if wanted, one palette, so that a kit looks like one kit."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any

from style3d.batch.ledger import Ledger
from style3d.batch.manifest import Manifest
from style3d.batch.plan import Pick
from style3d.errors import Style3DError
from style3d.job import FieldJob, Job, MeshJob
from style3d.paint.result import content_hash

SAMPLE = 24  # assets that are measured, at most
COLORS = 24  # of a palette
QUICK: Mapping[type[Job], Mapping[str, Any]] = {MeshJob: {"uv": "keep", "texture_size": 16}, FieldJob: {}}


def picks_with_shared_look(manifest: Manifest, chosen: Sequence[Pick], ledger: Ledger) -> list[Pick]:
    """The picks with the brush and the palette of their look, where their own settings name none.

    Both are decided when a ledger first needs them and stay, so that assets that join later are painted alike.

    Raises:
        Style3DError: a picture cannot be read.
    """
    sizes = {kind: size for kind in QUICK if (size := _size(kind, chosen, manifest, ledger)) is not None}
    return [_with_shared_look(pick, manifest, sizes, ledger) for pick in chosen]


def _with_shared_look(pick: Pick, manifest: Manifest, sizes: Mapping[type[Job], float], ledger: Ledger) -> Pick:
    given, shared = pick.settings, dict[str, Any]()
    if not given.keys() & {"brush_size", "style_scale"}:
        if isinstance(manifest.brush_size, float):
            shared["brush_size"] = manifest.brush_size
        elif manifest.brush_size == "one" and pick.kind in sizes and given.get("style"):
            shared["brush_size"] = float(f"{sizes[pick.kind] * _scale(pick, ledger):.4g}")
    if not given.get("palette") and not given.get("preserve_color"):
        if isinstance(manifest.palette, tuple):
            shared["palette"] = manifest.palette
        elif manifest.palette == "one" and given.get("style"):
            shared["palette"] = tuple(_palette(pick, ledger))
    return replace(pick, settings={**given, **shared})


def _size(kind: type[Job], chosen: Sequence[Pick], manifest: Manifest, ledger: Ledger) -> float | None:
    """The median diameter of some assets of a kind, in scene units; None where none can be measured."""
    from style3d.load_scene import load

    name = f"size of {kind.kind}"
    known = ledger.pin(name)
    if known is not None or manifest.brush_size != "one":
        return known
    files = sorted({pick.file for pick in chosen if pick.kind is kind and pick.file.is_file()})
    step, extents = max(1, -(-len(files) // SAMPLE)), []
    for file in files[::step]:
        try:
            extents.append(load(kind(file, style=(file,), **QUICK[kind])).extent)
        except Style3DError:  # whoever paints it says what is wrong with it
            continue
    return None if not extents else float(ledger.pin_once(name, median(extents)))


def _scale(pick: Pick, ledger: Ledger) -> float:
    """The pictures' longer side as a multiple of an object of the usual size."""
    from style3d.paint.style_library import brush_scale, read_styles

    name, mixture = _name_and_pictures("scale", pick)
    known = ledger.pin(name)
    return float(known if known is not None else ledger.pin_once(name, brush_scale(read_styles(mixture))))


def _palette(pick: Pick, ledger: Ledger) -> list[str]:
    """The colours of the pictures."""
    import torch

    from style3d.color.palette import cluster_centers
    from style3d.images import read_style

    name, mixture = _name_and_pictures("palette", pick)
    known = ledger.pin(name)
    if known is None:
        pixels = torch.cat([torch.from_numpy(read_style(path).reshape(-1, 3)) for path, _ in mixture])
        levels = (cluster_centers(pixels, COLORS).clamp(0, 1) * 255).round().int().tolist()
        known = ledger.pin_once(name, ["#" + "".join(f"{level:02x}" for level in color) for color in levels])
    return list(known)


def _name_and_pictures(what: str, pick: Pick) -> tuple[str, list[tuple[Path, float]]]:
    """The name of what is remembered of a look's pictures, and the pictures with their weights."""
    paths = pick.settings["style"]
    weights = pick.settings.get("style_weights") or (1.0,) * len(paths)
    mixture = list(zip(paths, weights, strict=False))
    return f"{what} of {json.dumps([[content_hash(path), weight] for path, weight in mixture])}", mixture
