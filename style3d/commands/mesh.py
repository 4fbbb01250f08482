"""`style3d mesh`."""

from __future__ import annotations

from style3d.commands.paint import run_job
from style3d.commands.parse import parse_job
from style3d.commands.variants import run_variants
from style3d.job import MeshJob


def run(arguments: list[str]) -> int:
    """Stylise a mesh; once, or once for each style."""
    job, conduct = parse_job(MeshJob, arguments)
    return run_variants(job, conduct) if job.variants else run_job(job, conduct)
