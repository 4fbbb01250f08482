"""`style3d mesh --variants`: one run for each style, one file with all of them."""

from __future__ import annotations

import contextlib
import sys
import warnings
from dataclasses import replace
from pathlib import Path

from style3d.commands.bars import Bars
from style3d.commands.paint import checked_target, terminable
from style3d.commands.parse import Conduct
from style3d.errors import Style3DError
from style3d.job import MeshJob


def run_variants(job: MeshJob, conduct: Conduct) -> int:
    """Paint the asset once like each style and write one glTF that shows any of them; evidence for each lies beside.

    After Ctrl-C the runs that are done are kept by their checkpoints and the status is 130.
    """
    from style3d.load_scene import load
    from style3d.mesh.scene import MeshScene
    from style3d.paint.checkpoint import Checkpoint
    from style3d.paint.loop import stylize
    from style3d.paint.result import beside, file_hash

    if conduct.accept or conduct.auto:
        raise Style3DError("--variants paints with the settings given", hint="leave out --accept and --auto")
    warnings.simplefilter("ignore")
    target = checked_target(job)
    bars = Bars() if not conduct.quiet else None
    written: list[Path] = []
    with bars.progress if bars else contextlib.nullcontext():
        scene = load(job)
        if not isinstance(scene, MeshScene) or scene.surface.painted == "vertices":
            raise Style3DError("vertex colours cannot be switched by variants", hint="use --paint texture")
        tables, checkpoints = [], []
        for name, single in single_jobs(job):
            identity = {"job": single.to_json(), "scene": scene.key, "styles": [file_hash(p) for p in single.pictures]}
            checkpoints.append(Checkpoint(beside(target, f"{name}{target.suffix}"), identity))
            with terminable():
                result = stylize(scene, single, checkpoint=checkpoints[-1], resume=conduct.resume, watcher=bars)
            if result.interrupted:
                print("style3d: interrupted; continue with --resume", file=sys.stderr)
                return 130
            tables.append((name, result.colors))
            written += result.save_evidence(beside(target, f"{name}{target.suffix}"), (), bars)
        written += scene.save_variants(tables, target)
    for checkpoint in checkpoints:
        checkpoint.remove()
    print(f"wrote {', '.join(str(path) for path in written)}")
    return 0


def single_jobs(job: MeshJob) -> list[tuple[str, MeshJob]]:
    """A job for each style, by the name of its variant: the picture's, made different from the others'."""
    found: dict[str, MeshJob] = {}
    for path in job.style:
        name, count = path.stem, 2
        while name in found:
            name, count = f"{path.stem} {count}", count + 1
        found[name] = replace(job, style=(path,), variants=False)
    return list(found.items())
