"""`load` opens a job's file as the scene that the loop paints."""

from __future__ import annotations

from style3d.core.scene import Scene
from style3d.job import Job
from style3d.progress import Silent, Watcher
from style3d.remarks import collect_remarks
from style3d.scene_kinds.registry import kind_of_job


def load(job: Job, watcher: Watcher | None = None) -> Scene:
    """The scene that a job's model file holds, ready for `style3d.stylize`; its ``remarks`` say what was not found.

    Args:
        job: what to load, and how.
        watcher: hears of progress, where a scene has to be made of photos first.

    Raises:
        Style3DError: the file is missing, damaged, of another kind, or has nothing to paint.
    """
    with collect_remarks() as remarks:
        scene = kind_of_job(job).load(job, watcher or Silent())
    scene.remarks = tuple(remarks)
    return scene
