"""This is the row of Gaussian splats."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from style3d.core.camera import Camera
from style3d.core.scene import Scene
from style3d.errors import Style3DError
from style3d.job import FieldJob, recipe
from style3d.progress import Watcher
from style3d.scene_kinds.kind import Opening, SceneKind

if TYPE_CHECKING:
    from style3d.nerf.splats.splats import Splats

HEAD = 1 << 16  # bytes of a file that say whether it holds splats


def holds_splats(path: Path) -> bool:
    """Whether a path is a file of splats, or a folder."""
    from style3d.nerf.splats.formats.registry import is_splats

    if path.is_dir():
        return True
    try:
        with path.open("rb") as stream:
            head = stream.read(HEAD)
    except OSError:  # who reads the file says what is wrong with it
        head = b""
    return is_splats(head, path)


def load_splats(job: FieldJob, watcher: Watcher) -> Scene:
    """The splats of a file, or of a folder that 3DGS trained into.

    Raises:
        Style3DError: they cannot be read, or the job asks for what they do not have.
    """
    from style3d.nerf.capture.reference_3dgs import newest_splats, read_training
    from style3d.nerf.splats.files import check_splat_suffix, read_splats

    check_splat_suffix(job.destination)
    path = newest_splats(job.model)
    splats, training = read_splats(path), read_training(path)
    splats = replace(splats, antialiased=splats.antialiased or training.antialiased)
    return splat_scene(job, splats, job.model.name, training.cameras)


def splat_scene(job: FieldJob, splats: Splats, name: str, cameras: tuple[Camera, ...] = ()) -> Scene:
    """Splats as the job wants them painted; ``cameras`` are those of the photos, if they are known.

    Raises:
        Style3DError: the job wants a path that splats do not have.
    """
    from style3d.nerf.splats.directional_scene import LobeScene
    from style3d.nerf.splats.scene import SplatScene
    from style3d.nerf.splats.split import finer

    check_cameras(job, cameras)
    vantage = None if job.vantage == "auto" else job.vantage
    kind = "keep" if job.view_dependence == "style" else job.view_dependence
    path: Literal["capture", "orbit"] = "orbit" if job.path == "orbit" else "capture"
    up = splats.up if job.up == "auto" else job.up
    splats = replace(splats, antialiased=splats.antialiased or job.antialiased, up=up)
    scene = SplatScene(splats, name, kind, cameras, vantage, path)
    if job.geometry == "finetune":
        given = recipe(job)
        pieces = finer(splats, scene.pixels(scene.plan(given.views, given.resolution)))
        scene = SplatScene(pieces, name, kind, cameras, scene.setting.vantage, path)
    return LobeScene(scene) if job.view_dependence == "style" else scene


def check_cameras(job: FieldJob, cameras: tuple[Camera, ...]) -> None:
    """Refuse to follow a capture's path where none is known.

    Raises:
        Style3DError: the job wants it, and there are no cameras.
    """
    if job.path == "capture" and not cameras:
        raise Style3DError(f"{job.model.name} names no cameras of a capture to follow", hint="use --path orbit")


def open_field(load: Callable[[FieldJob, Watcher], Scene]) -> Callable[[Path, Opening], Scene]:
    """How a radiance field is opened to be measured: as by a job that says nothing of it but what the run had said."""

    def open_splats(path: Path, opening: Opening) -> Scene:
        job = opening.run.get("job")
        wanted = {name: job.get(name) for name in ("downscale", "seed")} if isinstance(job, dict) else {}
        kept: dict[str, Any] = {name: value for name, value in wanted.items() if isinstance(value, int)}
        return load(FieldJob(path, style=(path,), **kept), opening.watcher)  # a job names a style; loading reads none

    return open_splats


SPLATS = SceneKind("Gaussian splats", FieldJob, holds_splats, load_splats, open_field(load_splats))
