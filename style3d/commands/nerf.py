"""`style3d nerf` paints a radiance field."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from style3d.commands.mesh_from_field import check_mesh, write_mesh
from style3d.commands.paint import run_job, sigterm_like_ctrl_c, writable_target
from style3d.commands.parse import Conduct, parse_job
from style3d.commands.progress_bars import show_progress
from style3d.commands.tell_remarks import tell_remarks
from style3d.errors import Style3DError
from style3d.images import read_style
from style3d.job import FieldJob, recipe
from style3d.preview import contact_sheet
from style3d.progress import Watcher
from style3d.remarks import collect_remarks


def run(arguments: list[str]) -> int:
    """Stylise a radiance field; one that nerfstudio trained is painted by nerfstudio."""
    job, conduct = parse_job(FieldJob, arguments)
    with tell_remarks(conduct.strict):
        return paint_field(job, conduct)


def paint_field(job: FieldJob, conduct: Conduct) -> int:
    """Whatever the field is made of."""
    if job.model.suffix not in (".yml", ".yaml"):
        return run_job(job, conduct)
    from style3d.nerf.nerfstudio.paint_run import METHODS, paintable_run

    baked = job.output is not None or job.mesh is not None
    if baked and METHODS[paintable_run(job.model).method] == "splatfacto":
        return run_job(job, conduct, _splats(job))
    if baked:
        writable_target(job) if job.output is not None else check_mesh(job)
    return _paint_run(job, conduct, baked)


def _paint_run(job: FieldJob, conduct: Conduct, baked: bool) -> int:
    """Let nerfstudio paint the run, and say what is where."""
    from style3d.nerf.nerfstudio.paint_run import paint_run, ready_run

    if conduct.dry_run:
        raise Style3DError("--dry-run does not work on a run that nerfstudio paints", hint="leave it out")

    run = ready_run(job)
    with show_progress(conduct.quiet) as watcher:
        with sigterm_like_ctrl_c():
            painted = paint_run(run, job, watcher)
        sheet = painted.config.with_name("contact-sheet.png")
        contact_sheet(painted.before, painted.after, sheet, style=[read_style(path) for path in job.pictures])
        files = _bake(job, painted.config, watcher) if baked and painted.complete else ()
    print(f"wrote {painted.config.parent}")
    if not painted.complete:
        again = f"style3d nerf {painted.config}"
        print(f"style3d: interrupted; continue with: {again} and the same options", file=sys.stderr)
        return 130
    if files:
        print(f"wrote {', '.join(str(path) for path in files)}")
    print(f"look at {sheet}")
    print(f"walk around in it with: ns-viewer --load-config {painted.config}")
    return 0


def _splats(job: FieldJob) -> Any:
    """The Gaussians of a trained splatfacto: splats like any other, painted here."""
    from style3d.nerf.nerfstudio.read_config import read_run
    from style3d.nerf.nerfstudio.read_splatfacto import read_splatfacto
    from style3d.nerf.splats.files import check_splat_suffix
    from style3d.scene_kinds.splats import splat_scene

    check_splat_suffix(job.destination)
    run = read_run(job.model)
    with collect_remarks() as remarks:
        scene = splat_scene(job, read_splatfacto(run), run.folder.parent.parent.name)
    scene.remarks = tuple(remarks)
    return scene


def _bake(job: FieldJob, config: Path, watcher: Watcher) -> tuple[Path, ...]:
    """The painted nerfacto as a grid, as splats, and as a mesh, as the job asks."""
    from style3d.nerf.grid.scene import GridScene
    from style3d.nerf.nerfstudio.bake import baked_grid
    from style3d.nerf.nerfstudio.read_config import read_run

    run = read_run(job.model)
    fitted = baked_grid(config, run.data, recipe(job).resolution, watcher)
    scene = GridScene(fitted, run.folder.parent.parent.name, "drop" if job.view_dependence == "drop" else "keep")
    colors = scene.initial()
    files = scene.save(colors, job.output) if job.output is not None else ()
    return (*files, *write_mesh(job, scene, colors, watcher))
