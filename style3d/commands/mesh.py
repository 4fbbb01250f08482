"""`style3d mesh` paints a mesh."""

from __future__ import annotations

from style3d.commands.finish_mesh import finish_mesh
from style3d.commands.paint import run_job
from style3d.commands.parse import Conduct, parse_job
from style3d.commands.tell_remarks import tell_remarks
from style3d.commands.variants import run_variants
from style3d.job import MeshJob


def run(arguments: list[str]) -> int:
    """Stylise a mesh."""
    job, conduct = parse_job(MeshJob, arguments)
    with tell_remarks(conduct.strict):
        return paint_mesh(job, conduct)


def paint_mesh(job: MeshJob, conduct: Conduct) -> int:
    """Once, or once for each style."""
    status = run_variants(job, conduct) if job.variants else run_job(job, conduct)
    if status in (0, 1) and not conduct.dry_run:  # 1: written, and a threshold missed
        for path in finish_mesh(job):
            print(f"wrote {path}")
    return status
