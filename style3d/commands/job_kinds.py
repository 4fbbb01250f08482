"""Each kind of job has a row that says what commands do for it besides painting."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

from style3d.commands.finish_mesh import finish_mesh
from style3d.commands.mesh_from_field import check_mesh, mesh_files, write_mesh
from style3d.core.scene import Scene
from style3d.job import FieldJob, Job, MeshJob
from style3d.progress import Watcher
from style3d.types import Colors


def _nothing_to_check(job: Job) -> None:
    """A kind of job that asks for no more than its asset."""


def _no_files(job: Job) -> tuple[Path, ...]:
    return ()


def _nothing_more(job: Job, scene: Scene, colors: Colors, watcher: Watcher) -> tuple[Path, ...]:
    return ()


@final
@dataclass(frozen=True)
class JobKind:
    """What is made beside the asset. Concretely: of a field a mesh, and a sheet that shows how well its views agree."""

    agreement: bool = True  # whether views of what was painted are carried onto each other, and told of
    check: Callable[[Any], None] = _nothing_to_check  # refuses what could not be made, before anything is painted
    write: Callable[[Any, Scene, Colors, Watcher], tuple[Path, ...]] = _nothing_more  # the files written
    files: Callable[[Any], tuple[Path, ...]] = _no_files  # which those are, before they are written
    finish: Callable[[Any], tuple[Path, ...]] = _no_files  # what is done when all is written; the files that are new


JOB_KINDS: dict[type[Job], JobKind] = {
    MeshJob: JobKind(agreement=False, finish=finish_mesh),
    FieldJob: JobKind(check=check_mesh, write=write_mesh, files=mesh_files),
}


def job_kind(job: Job) -> JobKind:
    """The row of a job; one of its own for a class that has none."""
    return JOB_KINDS.get(type(job), JobKind())
