"""Whether a painted mesh is sound: what was seen, seams, texel density, clipped colours, and the file itself."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from style3d.core.camera import Camera
from style3d.errors import Style3DError
from style3d.evaluate.metrics.figure import Better, Figure, absent
from style3d.evaluate.metrics.gltf_validator import missing, new_problems, validate
from style3d.gltf.container import is_gltf
from style3d.mesh.scene import MeshScene
from style3d.types import Flags

EDGE = 0.5 / 255  # of the range: what 8 bits would store as 0 or 255
SAID = 20  # problems that are spelt out


def mesh_health(
    before: MeshScene, after: MeshScene, seen: Flags, cameras: tuple[Camera, ...], files: tuple[Path, Path]
) -> tuple[list[Figure], dict[str, Any]]:
    """Figures of the painted mesh as the given cameras saw it, and the details behind them.

    Args:
        seen: entries of ``after``'s table that some view shows.
        files: the original and the painted file.
    """
    facts = dict(after.facts(after.initial(), seen, cameras))
    figures = [_of(facts, *row, len(cameras)) for row in _FACTS]
    original = {"seam_error": before.seam_error(before.initial())}
    figures.append(_of(original, "mesh.seams.before", "seam_error", "lower"))
    inside = after.inside
    figures += [
        Figure("mesh.unseen", float((inside & ~seen).sum()), "lower", len(cameras)),
        Figure("mesh.clipped", clipped(after, inside), "lower"),
        Figure("mesh.clipped.before", clipped(before, before.inside), "lower"),
        _density(after),
    ]
    for more, details in (_difference(*files), _validity(*files)):
        figures.append(more)
        facts |= details
    return figures, facts


_FACTS: tuple[tuple[str, str, Better], ...] = (
    ("mesh.coverage", "coverage_of_visible", "higher"),
    ("mesh.seams", "seam_error", "lower"),
    ("mesh.texels_per_pixel", "texels_per_pixel_median", "neither"),
)


def _of(facts: Mapping[str, Any], name: str, key: str, better: Better, views: int = 0) -> Figure:
    value = facts[key]
    if value is None:
        return absent(name, better, "nothing to measure it on")
    return Figure(name, float(value), better, 0 if name.startswith("mesh.seams") else views)


def clipped(scene: MeshScene, inside: Flags) -> float:
    """Share of the colours within islands that leave no room: a channel at the end of its range."""
    colors = scene.initial().numpy()[inside]
    return float(((colors <= EDGE) | (colors >= 1 - EDGE)).any(1).mean()) if len(colors) else 0.0


def _density(scene: MeshScene) -> Figure:
    """How evenly texels are spread: the 95th percentile of their size over the 5th, along a side."""
    sizes = np.sqrt(scene.texel_areas())
    if not len(sizes):
        return absent("mesh.density_spread", "lower", "nothing is painted")
    low, high = np.percentile(sizes, [5, 95])
    note = f"a texel is {np.median(sizes):.3g} scene units along a side in the middle of the range"
    return Figure("mesh.density_spread", float(high / max(low, 1e-300)), "lower", note=note)


def _difference(old: Path, new: Path) -> tuple[Figure, dict[str, Any]]:
    """How many things of the glTF changed that painting has no business with."""
    name = "mesh.differences"
    if not (is_gltf(old) and is_gltf(new)):
        return absent(name, "lower", "only two glTF files can be compared"), {}
    from style3d.mesh.diff import diff_files

    try:
        found = diff_files(old, new)
    except Style3DError as error:
        return absent(name, "lower", str(error)), {}
    wrong = [difference.sentence for difference in found if not difference.allowed]
    allowed = [difference.sentence for difference in found if difference.allowed]
    return Figure(name, float(len(wrong)), "lower"), {"changed": wrong[:SAID], "changed as it may": allowed[:SAID]}


def _validity(old: Path, new: Path) -> tuple[Figure, dict[str, Any]]:
    """Errors and warnings of the Khronos validator that the original does not have."""
    name = "mesh.invalid"
    if not is_gltf(new):
        return absent(name, "lower", "only glTF can be validated"), {}
    if reason := missing():
        return absent(name, "lower", reason), {}
    files = [new, old] if is_gltf(old) else [new]
    try:
        found = validate(*files)
    except (subprocess.SubprocessError, ValueError, OSError) as error:
        return absent(name, "lower", f"the validator failed: {error}"), {}
    problems = new_problems(found[1] if len(found) > 1 else [], found[0])
    return Figure(name, float(len(problems)), "lower"), {
        "invalid": [f"{m[1]} at {m[2]}: {m[3]}" for m in problems[:SAID]]
    }
