"""`style3d nerf --mesh` writes the painted field as a mesh, with a picture and a report that compare the two."""

from __future__ import annotations

import json
from pathlib import Path
from time import perf_counter

from style3d.core.scene import Scene
from style3d.files import atomic_path, check_writable
from style3d.job import FieldJob
from style3d.paint.result import beside, file_hash
from style3d.progress import Watcher
from style3d.types import Colors


def check_mesh(job: FieldJob) -> None:
    """Refuse a mesh that could not be made or written, before anything is painted.

    Raises:
        Style3DError: a library is missing, or the file cannot be written.
    """
    if job.mesh is not None:
        from style3d.mesh_from_field.build import check_libraries

        check_libraries()
        check_writable(job.mesh)


def mesh_files(job: FieldJob) -> tuple[Path, ...]:
    """What `write_mesh` writes."""
    return () if job.mesh is None else (job.mesh, beside(job.mesh, "mesh.png"), beside(job.mesh, "mesh.json"))


def write_mesh(job: FieldJob, scene: Scene, colors: Colors, watcher: Watcher) -> tuple[Path, ...]:
    """The mesh that the job asks for, NAME.mesh.png and NAME.mesh.json; nothing where it asks for none.

    Args:
        job: what was painted, and what mesh to make.
        scene: splats or a grid.
        colors: its new colours.
        watcher: hears of progress.

    Raises:
        Style3DError: the field shows no surface, or a file cannot be written.
    """
    if job.mesh is None:
        return ()
    from style3d.mesh_from_field.build import build_mesh, mesh_settings
    from style3d.mesh_from_field.compare import compare, facts
    from style3d.mesh_from_field.fields import field_of
    from style3d.paint.provenance import provenance_of
    from style3d.preview import contact_sheet

    field = field_of(scene, colors)
    start, settings = perf_counter(), mesh_settings(job)
    source = file_hash(job.model) if job.model.is_file() else field.scene.key
    mesh = build_mesh(field, settings, provenance_of(job, source), watcher)
    files = mesh.save(job.mesh)
    comparison = compare(field, mesh, settings.view_size)
    _, sheet, report = mesh_files(job)
    contact_sheet(comparison.field, comparison.mesh, sheet, rows="field above, mesh below")
    report_values = {**facts(mesh, comparison), "seconds": perf_counter() - start}
    with atomic_path(report) as temporary:
        temporary.write_text(json.dumps(report_values, indent=2) + "\n", encoding="utf-8")
    return (*files, sheet, report)
