"""This is the row of meshes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from style3d.core.scene import Scene
from style3d.errors import Style3DError
from style3d.job import MeshJob
from style3d.mesh.credentials import Credentials
from style3d.progress import Watcher
from style3d.render.lighting import Lighting
from style3d.scene_kinds.kind import Opening, SceneKind

if TYPE_CHECKING:
    from style3d.mesh.scene import MeshScene


def load_mesh(job: MeshJob, watcher: Watcher) -> Scene:
    """The asset as the job wants it painted and written.

    Raises:
        Style3DError: the file cannot be read, has nothing to paint, or vertex colours cannot have what is asked.
    """
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


def _credentials(job: MeshJob) -> Credentials | None:
    """Whose signature is asked for, once it is sure that it can be made."""
    if job.sign_key is None or job.sign_certificate is None:
        return None
    credentials = Credentials(job.sign_key, job.sign_certificate)
    credentials.check()
    return credentials


def open_mesh(path: Path, base_color: Path | None = None, lighting: Lighting = "unlit") -> MeshScene:
    """A model file as it is, at its own texture size; unlit, so that only its own colours are measured.

    Raises:
        Style3DError: the file cannot be read, or has nothing to paint.
    """
    from style3d.mesh.asset import load_asset
    from style3d.mesh.base_color import with_base_color
    from style3d.mesh.scene import MeshScene

    asset = load_asset(path)
    return MeshScene(with_base_color(asset, base_color) if base_color else asset, lighting)


def _open(path: Path, opening: Opening) -> Scene:
    return open_mesh(path, opening.base_color, opening.lighting)


MESHES = SceneKind("meshes", MeshJob, Path.is_file, load_mesh, _open)
