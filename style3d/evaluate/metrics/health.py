"""Health metrics tell whether a painted mesh is sound: coverage, seams, texel density, clipped colours, the file."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, final

import numpy as np

from style3d.core.camera import Camera
from style3d.errors import Style3DError
from style3d.evaluate.metrics.figure import Figure, absent
from style3d.evaluate.metrics.gltf_validator import new_problems, validate, why_missing
from style3d.evaluate.metrics.metric import Metric, Reading
from style3d.gltf.container import is_gltf
from style3d.mesh.scene import MeshScene
from style3d.types import Flags

EDGE = 0.5 / 255  # of the range: what 8 bits would store as 0 or 255
MOST_LISTED = 20  # problems that are spelt out


@final
@dataclass(frozen=True)
class MeshPair:
    """A painted mesh beside its original. Concretely: a fox before and after, as 36 cameras saw it."""

    before: MeshScene
    after: MeshScene
    seen: Flags  # (entries,) of ``after``'s table: those that some view shows
    cameras: tuple[Camera, ...]
    files: tuple[Path, Path]  # the original and the painted one

    @cached_property
    def facts(self) -> Mapping[str, Any]:
        """What the painted scene says of itself."""
        return self.after.facts(self.after.initial(), self.seen, self.cameras)

    @cached_property
    def differences(self) -> tuple[Reading, Mapping[str, Any]]:
        """How many things of the glTF changed that painting has no business with, and which."""
        return _difference(*self.files)

    @cached_property
    def problems(self) -> tuple[Reading, Mapping[str, Any]]:
        """Errors and warnings of the Khronos validator that the original does not have."""
        return _validity(*self.files)


def mesh_health(pair: MeshPair) -> tuple[list[Figure], dict[str, Any]]:
    """Figures of the painted mesh as the cameras saw it, and the details behind them."""
    original = replace(pair, after=pair.before)
    figures = []
    for row in MESH:
        for suffix, one in (("", pair), (".before", original)):
            if suffix not in ("", *row.also_on):
                continue
            name, found = row.figure_name(suffix=suffix), row.measure(one)
            if found.value is None:
                figures.append(absent(name, row.better, found.note))
            else:
                figures.append(Figure(name, found.value, row.better, found.views, note=found.note))
    return figures, {**pair.facts, **pair.differences[1], **pair.problems[1]}


def _of(value: float | None, views: int = 0) -> Reading:
    return Reading(None if value is None else float(value), "nothing to measure it on" if value is None else "", views)


def _unseen_texels(pair: MeshPair) -> Reading:
    return _of(float((pair.after.inside & ~pair.seen).sum()), len(pair.cameras))


MESH: tuple[Metric[MeshPair], ...] = (
    Metric(
        "mesh.coverage", "higher", "share of the texels visible from outside that these views show",
        lambda pair: _of(pair.facts["coverage_of_visible"], len(pair.cameras)), "share",
    ),
    Metric(
        "mesh.seams", "lower", "colour step across UV cuts divided by the step beside them; 1 is invisible",
        lambda pair: _of(pair.after.seam_error(pair.after.initial())), also_on=(".before",),
        tile="× the step beside a seam",
    ),
    Metric(
        "mesh.texels_per_pixel", "neither", "texels in a pixel of the view that shows them best",
        lambda pair: _of(pair.facts["texels_per_pixel_median"], len(pair.cameras)), "texels",
    ),
    Metric("mesh.unseen", "lower", "texels that none of these views shows", _unseen_texels, "texels"),
    Metric(
        "mesh.clipped", "lower", "share of colours with a channel at 0 or 1",
        lambda pair: Reading(clipped_share(pair.after, pair.after.inside)), "share", also_on=(".before",),
    ),
    Metric(
        "mesh.density_spread", "lower", "size of coarse texels divided by that of fine ones",
        lambda pair: _density(pair.after),
    ),
    Metric(
        "mesh.differences", "lower", "changes to the file that painting must not make (`style3d diff`)",
        lambda pair: pair.differences[0], "changes",
    ),
    Metric(
        "mesh.invalid", "lower", "errors and warnings of the glTF-Validator that the original does not have",
        lambda pair: pair.problems[0], "problems",
    ),
)  # fmt: skip


def clipped_share(scene: MeshScene, inside: Flags) -> float:
    """Share of the colours within islands that leave no room: a channel at the end of its range."""
    colors = scene.initial().numpy()[inside]
    return float(((colors <= EDGE) | (colors >= 1 - EDGE)).any(1).mean()) if len(colors) else 0.0


def _density(scene: MeshScene) -> Reading:
    """How evenly texels are spread: the 95th percentile of their size over the 5th, along a side."""
    sizes = np.sqrt(scene.texel_areas())
    if not len(sizes):
        return Reading(None, "nothing is painted")
    low, high = np.percentile(sizes, [5, 95])
    note = f"a texel is {np.median(sizes):.3g} scene units along a side in the middle of the range"
    return Reading(float(high / max(low, 1e-300)), note)


def _difference(old: Path, new: Path) -> tuple[Reading, Mapping[str, Any]]:
    """How many things of the glTF changed that painting has no business with."""
    if not (is_gltf(old) and is_gltf(new)):
        return Reading(None, "only two glTF files can be compared"), {}
    from style3d.mesh.diff import diff_files

    try:
        found = diff_files(old, new)
    except Style3DError as error:
        return Reading(None, str(error)), {}
    wrong = [difference.sentence for difference in found if not difference.allowed]
    allowed = [difference.sentence for difference in found if difference.allowed]
    return Reading(float(len(wrong))), {"changed": wrong[:MOST_LISTED], "changed as it may": allowed[:MOST_LISTED]}


def _validity(old: Path, new: Path) -> tuple[Reading, Mapping[str, Any]]:
    """Errors and warnings of the Khronos validator that the original does not have."""
    if not is_gltf(new):
        return Reading(None, "only glTF can be validated"), {}
    if reason := why_missing():
        return Reading(None, reason), {}
    files = [new, old] if is_gltf(old) else [new]
    try:
        found = validate(*files)
    except (subprocess.SubprocessError, ValueError, OSError) as error:
        return Reading(None, f"the validator failed: {error}"), {}
    problems = new_problems(found[1] if len(found) > 1 else [], found[0])
    return Reading(float(len(problems))), {"invalid": [f"{m[1]} at {m[2]}: {m[3]}" for m in problems[:MOST_LISTED]]}
