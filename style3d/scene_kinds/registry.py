"""The registry lists the kinds of scenes, and finds the kind of a job or a file."""

from __future__ import annotations

from pathlib import Path

from style3d.errors import Style3DError
from style3d.job import Job
from style3d.scene_kinds.kind import SceneKind
from style3d.scene_kinds.meshes import MESHES
from style3d.scene_kinds.radiance_grids import GRIDS
from style3d.scene_kinds.splats import SPLATS

KINDS: tuple[SceneKind, ...] = (GRIDS, SPLATS, MESHES)  # asked in this order; the last takes what no other knows


def kind_of_job(job: Job) -> SceneKind:
    """The row of what a job paints: of those for its class the first that its model is of, else the last.

    Raises:
        Style3DError: there is no row for jobs of its class.
    """
    rows = [row for row in KINDS if row.job is type(job)]
    if not rows:
        known = " or ".join(dict.fromkeys(f"a {row.job.__name__}" for row in reversed(KINDS)))
        raise Style3DError(f"scenes of the kind '{job.kind}' cannot be painted", expected=known)
    return next((row for row in rows if row.holds(job.model)), rows[-1])


def kind_at(path: Path) -> SceneKind:
    """The row of what a file or folder holds."""
    return next((row for row in KINDS if row.holds(path)), KINDS[-1])
