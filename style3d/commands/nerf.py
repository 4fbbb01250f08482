"""`style3d nerf`."""

from __future__ import annotations

from style3d.commands.paint import run_job
from style3d.commands.parse import parse_job
from style3d.job import FieldJob


def run(arguments: list[str]) -> int:
    """Stylise a radiance field; one that nerfstudio trained is painted by nerfstudio."""
    job, conduct = parse_job(FieldJob, arguments)
    if job.model.suffix in (".yml", ".yaml"):
        from style3d.nerf.plugin_paint import paint_run

        config = paint_run(job)
        print(f"wrote {config.parent}")
        print(f"look at it with: ns-viewer --load-config {config}")
        return 0
    return run_job(job, conduct)
