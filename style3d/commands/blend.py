"""`style3d blend` writes a finished run at another strength."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import tyro

from style3d.commands.parse import parse
from style3d.commands.tell_remarks import announce, tell_remarks
from style3d.errors import Style3DError
from style3d.files import check_writable, read_bytes, write_bytes
from style3d.gltf.container import is_gltf
from style3d.job.control import Between, check_controls
from style3d.paint.strength import STRENGTHS, Strengths, read_strengths

MAX_REPORT = 64 << 20
ABSENT = "give the file that a run wrote, in one folder with its report.json and strengths.npz"


@dataclass(frozen=True)
class Blend:
    """Write a finished run at another strength: 0 is the original, 1 is the style, with a straight line between."""

    styled: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="STYLED")]
    """The asset that a run wrote. Its report.json and strengths.npz must be in the same folder."""
    strength: Annotated[float, Between(0, 1)]
    """How far the result goes from the original (0) to the style (1)."""
    output: Path | None = None
    """The file to write. Default: the asset itself."""
    strict: bool = False
    """Refuse if something of the asset is not found or would be lost, instead of saying so and going on."""

    def __post_init__(self) -> None:
        """Refuse strengths beyond the line."""
        check_controls(self)


def run(arguments: list[str]) -> int:
    """Write it, and print how long it took."""
    began = time.perf_counter()
    request = parse(Blend, "blend", arguments, Blend.__doc__ or "")
    with tell_remarks(request.strict):
        written = blend(request.styled, request.strength, request.output)
    print(f"wrote {', '.join(map(str, written))} in {time.perf_counter() - began:.2f} s")
    return 0


def blend(styled: Path, strength: float, output: Path | None = None) -> tuple[Path, ...]:
    """Write the asset of a finished run at another strength; without ``output`` the asset itself changes.

    Raises:
        Style3DError: what lies beside the asset is missing or damaged, or the output cannot be written.
    """
    if styled.is_dir():
        raise Style3DError(f"{styled} is a folder", expected="the file that a run wrote", hint=ABSENT)
    report_path = styled.with_name(f"{styled.stem}.report.json")
    report, strengths = _read_report(report_path), read_strengths(styled.with_name(f"{styled.stem}.{STRENGTHS}"))
    target = output or styled
    check_writable(target)
    try:
        written = _write(styled, target, report, strengths, strength)
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise Style3DError(f"{report_path} is not the report of this file", got=error, hint=ABSENT) from None
    if target == styled:
        report["job"]["strength"] = strength
        write_bytes(report_path, (json.dumps(report, indent=2, ensure_ascii=False) + "\n").encode())
    return written


def _write(
    styled: Path, target: Path, report: dict[str, Any], strengths: Strengths, strength: float
) -> tuple[Path, ...]:
    scene = report["scene"]
    if scene.get("painted") == "texture" and is_gltf(styled) and is_gltf(target):
        return _bake_again(styled, target, scene, strengths.at(strength))
    return _paint_source_again(target, report, strengths.at(strength))


def _bake_again(styled: Path, target: Path, scene: dict[str, Any], table: np.ndarray) -> tuple[Path, ...]:
    from style3d.mesh.blend_textures import rebake
    from style3d.mesh.painted_slot import Slot

    sizes = [(int(height), int(width)) for width, height in scene["textures"].values()]
    if sum(height * width for height, width in sizes) != len(table):
        raise ValueError("the table has another number of texels")
    parts = np.split(table, np.cumsum([height * width for height, width in sizes])[:-1])
    images = [part.reshape(*size, 3) for part, size in zip(parts, sizes, strict=True)]
    return rebake(styled, target, [Slot(*item) for item in scene["slots"]], images)


def _paint_source_again(target: Path, report: dict[str, Any], table: np.ndarray) -> tuple[Path, ...]:
    """Write it by way of the source, which must be unchanged. Only a glTF with textures can do without."""
    import torch

    from style3d.job.replay import job_from_values
    from style3d.load_scene import load
    from style3d.paint.result import file_hash

    job = job_from_values(report["job"])
    same = job.model.is_dir() or (job.model.is_file() and file_hash(job.model) == report["inputs"].get(str(job.model)))
    if not same:  # a folder is known by its number of entries alone
        raise Style3DError(f"{job.model} is missing or has changed since it was painted", hint="run the job again")
    scene = load(job)
    if scene.hierarchy.sizes[0] != len(table):
        got, expected = f"{scene.hierarchy.sizes[0]:,} entries", f"{len(table):,}, as when it was painted"
        raise Style3DError(f"{job.model} now holds another scene", got=got, expected=expected, hint="run the job again")
    announce(scene, target)
    return scene.save(torch.from_numpy(table.astype(np.float32) / np.float32(255)), target)


def _read_report(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise Style3DError(f"{path} is missing", hint=ABSENT)
    try:
        report = json.loads(read_bytes(path, MAX_REPORT))
        if not isinstance(report, dict) or not isinstance(report.get("job"), dict):
            raise ValueError
    except ValueError:
        raise Style3DError(f"{path} is not the report of a run", hint=ABSENT) from None
    return report
