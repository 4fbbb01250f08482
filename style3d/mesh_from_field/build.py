"""`build_mesh` makes a mesh that looks like a given field."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import final

from style3d.errors import Style3DError
from style3d.job import FieldJob, recipe
from style3d.mesh.asset import asset_of
from style3d.mesh.imported_parts import ImportedMaterial, ImportedPart, build_document
from style3d.mesh.scene import MeshScene
from style3d.mesh.xmp import Provenance
from style3d.mesh_from_field.bake_colors import PASSES, bake_colors
from style3d.mesh_from_field.clean_surface import (
    Shell,
    quadric_collapse,
    simplify_shell,
    smooth_shell,
    without_flat_faces,
    without_floaters,
)
from style3d.mesh_from_field.fields import Field
from style3d.mesh_from_field.marching_cubes import marching_cubes
from style3d.mesh_from_field.renders import render_views
from style3d.progress import Silent, Watcher
from style3d.types import Colors

SMOOTHING = 3  # rounds
LEAST_VIEWS = 32
APART = 5.0  # cells between the depths of field and mesh, above which a pixel shows different things
BUDGET = 3 << 30  # bytes of built views kept in memory


@final
@dataclass(frozen=True)
class MeshSettings:
    """How fine a mesh is made. Concretely: 30 000 faces and a texture of 2048², from 48 views of 512² pixels."""

    faces: int = 30_000  # about, at most
    texture_size: int = 2048  # texels on a side
    views: int = 48  # of the field, from all sides
    view_size: int = 512  # pixels along their longer side

    @property
    def voxels(self) -> int:
        """Across the content: two pixels of a view each."""
        return max(self.view_size // 2, 8)


def mesh_settings(job: FieldJob) -> MeshSettings:
    """The job's own numbers; without them, twice as many views as it paints from, of the same size."""
    given = recipe(job)
    size = job.texture_size or min(4 * given.resolution, 8192)
    return MeshSettings(job.faces or MeshSettings.faces, size, max(2 * given.views, LEAST_VIEWS), given.resolution)


@final
@dataclass(frozen=True)
class FieldMesh:
    """A field as a mesh. Concretely: a painted motorcyclist of 30 000 faces and its 2048² texels."""

    scene: MeshScene
    colors: Colors  # θ of the mesh
    seen: float  # share of its texels that some view of the field saw
    detail: float  # the least that its surface can show, scene units

    def save(self, path: Path) -> tuple[Path, ...]:
        """Write the mesh; the file type follows the suffix. Returns the files written."""
        return self.scene.save(self.colors, path)


def check_libraries() -> None:
    """Refuse before any work is done if a library is missing that its end needs.

    Raises:
        Style3DError: scikit-image or fast-simplification is not installed.
    """
    marching_cubes()
    quadric_collapse()


def build_mesh(
    field: Field,
    settings: MeshSettings | None = None,
    provenance: Provenance | None = None,
    watcher: Watcher | None = None,
) -> FieldMesh:
    """Make a mesh of a field's content (`field_of`) with its colours as a texture, +Y up, in the field's scene units.

    Raises:
        Style3DError: a library is missing, or the field shows no surface.
    """
    check_libraries()
    settings, watcher = settings or MeshSettings(), watcher or Silent()
    watcher.phase("looking at the field", settings.views)
    cameras = field.scene.plan(settings.views, settings.view_size).overviews
    seen = render_views(field, cameras, watcher.advance)
    watcher.phase("finding its surface", 1)
    shell, detail = field.surface([view.surface for view in seen], settings.voxels)
    shell = clean_shell(shell, settings.faces)
    watcher.advance(1)
    mesh = unwrap_shell(shell, field.scene.name, settings.texture_size, provenance)
    watcher.phase("baking its colours", PASSES * len(seen))
    texels, known = bake_colors(seen, mesh, APART * detail, BUDGET, watcher.advance)
    known &= mesh.inside
    share = float(known.sum() / max(mesh.inside.sum(), 1))
    return FieldMesh(mesh, mesh.completed_colors(texels, known), share, detail)


def clean_shell(shell: Shell, faces: int) -> Shell:
    """Without floaters, smooth at the scale of voxels, and of at most about ``faces`` faces.

    Raises:
        Style3DError: nothing is left.
    """
    shell = without_floaters(without_flat_faces(shell))
    if not len(shell.faces):
        raise Style3DError("the field shows no surface", hint="its content may be fog, or outside the views")
    return without_floaters(simplify_shell(smooth_shell(shell, SMOOTHING), faces))


def unwrap_shell(shell: Shell, name: str, texture_size: int, provenance: Provenance | None) -> MeshScene:
    """The shell as a scene of its own, with UVs and an empty texture, of a matt material."""
    stem = Path(name).stem
    part = ImportedPart(stem, shell.positions, shell.faces, 0, shell.normals)
    document = build_document([part], [ImportedMaterial(stem, roughness=1.0)], Path())
    asset = asset_of(document, Path(name), texture_size)
    return MeshScene(replace(asset, provenance=provenance), "unlit")
