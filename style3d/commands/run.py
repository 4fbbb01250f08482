"""`style3d run` does what a job file says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import tyro

from style3d.commands.mesh import paint_mesh
from style3d.commands.nerf import paint_field
from style3d.commands.paint import run_job
from style3d.commands.parse import Conduct, parse
from style3d.commands.tell_remarks import tell_remarks
from style3d.job import FieldJob, Job, MeshJob, read_job_file

PAINTERS: dict[type[Job], Callable[[Any, Conduct], int]] = {MeshJob: paint_mesh, FieldJob: paint_field}


@dataclass(frozen=True)
class Run:
    """Run the job in a YAML file. Every run writes such a file, NAME.job.yaml, next to its output."""

    file: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="JOB.yaml")]
    """The job file. Its paths are relative to its folder."""
    conduct: Annotated[Conduct, tyro.conf.arg(name="")] = field(default_factory=Conduct)


def run(arguments: list[str]) -> int:
    """Read the file and do its job."""
    request = parse(Run, "run", arguments, Run.__doc__ or "")
    job = read_job_file(request.file)
    with tell_remarks(request.conduct.strict):
        return PAINTERS.get(type(job), run_job)(job, request.conduct)
