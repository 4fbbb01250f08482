"""A job's file as the scene that the loop paints; the one place that knows of every kind."""

from __future__ import annotations

from dataclasses import replace

from style3d.errors import Style3DError
from style3d.job import Job, MeshJob
from style3d.scene import Scene


def load(job: Job) -> Scene:
    """The scene that a job's model file holds, ready for `style3d.stylize`.

    Raises:
        Style3DError: the file is missing, damaged, of another kind, or has nothing to paint.
    """
    if isinstance(job, MeshJob):
        return _mesh(job)
    raise Style3DError(f"scenes of the kind '{job.kind}' cannot be painted", expected="a MeshJob")


def _mesh(job: MeshJob) -> Scene:
    from style3d.mesh.animation import parse_pose
    from style3d.mesh.asset import load_asset
    from style3d.mesh.base_color import with_base_color
    from style3d.mesh.scene import MeshScene
    from style3d.provenance import provenance_of

    paint = None if job.paint == "auto" else job.paint
    pose = None if job.pose is None else parse_pose(job.pose)
    asset = load_asset(job.model, paint=paint, texture_size=job.texture_size, pose=pose)
    if job.base_color is not None:
        asset = with_base_color(asset, job.base_color)
    asset = replace(asset, provenance=provenance_of(job))
    return MeshScene(asset, job.lighting, job.rasterizer, job.texture_format)
