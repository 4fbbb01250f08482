"""A job's file as the scene that the loop paints; the one place that knows of every kind."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from style3d.core.camera import Camera
from style3d.core.scene import Scene
from style3d.device import pick_device
from style3d.errors import Style3DError
from style3d.job import FieldJob, Job, MeshJob, recipe
from style3d.mesh.credentials import Credentials
from style3d.progress import Silent, Watcher

if TYPE_CHECKING:
    from style3d.nerf.splats.splats import Splats


def load(job: Job, watcher: Watcher | None = None) -> Scene:
    """The scene that a job's model file holds, ready for `style3d.stylize`.

    Args:
        job: what to load, and how.
        watcher: hears of progress, where a scene has to be made of photos first.

    Raises:
        Style3DError: the file is missing, damaged, of another kind, or has nothing to paint.
    """
    if isinstance(job, MeshJob):
        return _mesh(job)
    if isinstance(job, FieldJob):
        return _field(job, watcher or Silent())
    raise Style3DError(f"scenes of the kind '{job.kind}' cannot be painted", expected="a MeshJob or a FieldJob")


def _mesh(job: MeshJob) -> Scene:
    from style3d.mesh.animation import parse_pose
    from style3d.mesh.asset import load_asset
    from style3d.mesh.base_color import with_base_color
    from style3d.mesh.scene import MeshScene
    from style3d.paint.provenance import provenance_of
    from style3d.paint.result import file_hash

    paint = None if job.paint == "auto" else job.paint
    pose = None if job.pose is None else parse_pose(job.pose)
    asset = load_asset(job.model, paint=paint, texture_size=job.texture_size, pose=pose, uv=job.layout)
    if job.base_color is not None:
        asset = with_base_color(asset, job.base_color)
    provenance = provenance_of(job, file_hash(job.model), job.credit, job.maps)
    asset = replace(asset, provenance=provenance, credentials=_credentials(job), maps=job.maps)
    if set(job.maps) - {"base"} and asset.surface.painted == "vertices":
        raise Style3DError("maps need textures, and vertex colours are painted", hint="use --paint texture")
    if asset.credentials is not None and asset.surface.painted == "vertices":
        raise Style3DError("vertex colours cannot be signed", hint="use --paint texture")
    return MeshScene(asset, job.lighting, job.rasterizer, job.texture_format)


def _field(job: FieldJob, watcher: Watcher) -> Scene:
    """A capture (fitted, or kept from an earlier run), a grid, or splats."""
    from style3d.nerf.capture.read import is_capture
    from style3d.nerf.grid.file import GRID, read_grid
    from style3d.nerf.grid.fit import FitSettings
    from style3d.nerf.grid.fit_cache import fitted_grid
    from style3d.nerf.grid.scene import GridScene
    from style3d.nerf.splats.files import check_splat_suffix

    capture = is_capture(job.model)
    if not capture and job.model.suffix.lower() != GRID:
        return _splats(job)
    if job.destination.suffix.lower() != GRID:
        check_splat_suffix(job.destination)
    if job.geometry == "finetune":
        raise Style3DError("only the geometry of splats is divided", hint="leave out --geometry")
    if job.view_dependence == "style":
        raise Style3DError("a radiance grid has no harmonics to paint", hint="--view-dependence keep or drop")
    settings = FitSettings(downscale=job.downscale, seed=job.seed)
    fitted = fitted_grid(job.model, settings, watcher, pick_device(job.device)) if capture else read_grid(job.model)
    if job.path == "capture" and not fitted.cameras:
        raise _no_cameras(job)
    return GridScene(fitted, job.model.name, job.view_dependence, "orbit" if job.path == "orbit" else "capture")


def _no_cameras(job: FieldJob) -> Style3DError:
    return Style3DError(f"{job.model.name} names no cameras of a capture to follow", hint="use --path orbit")


def _splats(job: FieldJob) -> Scene:
    from style3d.nerf.capture.reference_3dgs import trained_splats, training_of
    from style3d.nerf.splats.files import check_splat_suffix, read_splats

    check_splat_suffix(job.destination)
    path = trained_splats(job.model)
    splats, training = read_splats(path), training_of(path)
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

    if job.path == "capture" and not cameras:
        raise _no_cameras(job)
    vantage = None if job.vantage == "auto" else job.vantage
    kind = "keep" if job.view_dependence == "style" else job.view_dependence
    path: Literal["capture", "orbit"] = "orbit" if job.path == "orbit" else "capture"
    splats = replace(splats, antialiased=splats.antialiased or job.antialiased)
    scene = SplatScene(splats, name, kind, cameras, vantage, path)
    if job.geometry == "finetune":
        given = recipe(job)
        pieces = finer(splats, scene.pixels(scene.plan(given.views, given.resolution)))
        scene = SplatScene(pieces, name, kind, cameras, scene.setting.vantage, path)
    return LobeScene(scene) if job.view_dependence == "style" else scene


def _credentials(job: MeshJob) -> Credentials | None:
    """Whose signature is asked for, once it is sure that it can be made."""
    if job.sign_key is None or job.sign_certificate is None:
        return None
    credentials = Credentials(job.sign_key, job.sign_certificate)
    credentials.check()
    return credentials
