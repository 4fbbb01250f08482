"""The loop knows a scene as a table of colours, cameras, and an operator for each camera."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, final

import numpy as np
from jaxtyping import Float32

from style3d.core.camera import Camera, bounding_sphere
from style3d.core.depth import Plane, surface_depth
from style3d.core.operator import ViewOperator
from style3d.core.pyramid import Hierarchy
from style3d.errors import Style3DError
from style3d.types import Colors, Flags, Points, Vector, Weights

ONE_SURFACE = 0.4  # share of a pixel from which what shows there has a depth: fur and haze are never wholly there
SHEET_VIEWS, SHEET_SIZE = 5, 400  # of a contact sheet: pictures, and pixels along a side at least


@dataclass(frozen=True)
class Views:
    """The cameras of a run, at full resolution.

    Concretely: 24 overviews of a whole cow, each filling its frame, and 40 close-ups that resolve its texels.
    """

    overviews: tuple[Camera, ...]
    closeups: tuple[Camera, ...]


@final
@dataclass(frozen=True)
class Closeups:
    """How many close-ups there may be, and how close. Concretely: 24, each enlarged at most twice."""

    most: int = 0
    zoom: float = 1.0  # enlargement over the overviews, at most


NONE = Closeups()


class Scene(ABC):
    """A still scene whose only unknown is its colours θ; what `style3d.load` gives and `style3d.stylize` paints.

    It assumes that geometry, light and materials do not change while it is painted, and that `operator` may be
    called from several threads. A kind of scene is a class with the ten abstract members. The others have answers
    that are right for any scene whose paint looks alike from everywhere; a kind that knows better overrides them.

    ``key`` must change whenever the table or an operator would, because checkpoints and caches rely on it.
    ``opaque`` is lower for soft things such as fur. `level` lets coarse views read coarse tables, `named_entries`
    and `masked_entries` let regions choose by name and mask, and `further_cameras` gives views of what is still
    hidden.

    Examples:
        >>> import style3d
        >>> job = style3d.MeshJob("data/models/koi.glb", style=("data/styles/oil.jpg",), texture_size=32)
        >>> scene = style3d.load(job)
        >>> camera = scene.cameras_around(4, 48)[1]
        >>> scene.operator(camera, 0).render(scene.initial(), scene.initial().mean(0)).shape
        torch.Size([1, 3, 48, 48])
    """

    opaque: ClassVar[float] = 0.85
    """Coverage from which a pixel counts as wholly covered; scenes of soft things are never quite opaque."""
    remarks: tuple[str, ...] = ()
    """What was remarked while it was read: what was not found, or was stood in for; see `style3d.remarks`."""

    @property
    @abstractmethod
    def name(self) -> str:
        """What to call it in pictures and reports."""

    @property
    @abstractmethod
    def key(self) -> str:
        """Content hash of geometry, table and rendering options: what a checkpoint must agree with."""

    @property
    @abstractmethod
    def extent(self) -> float:
        """Diameter of the object, scene units."""

    @property
    @abstractmethod
    def hierarchy(self) -> Hierarchy:
        """The pyramid over θ."""

    @abstractmethod
    def initial(self) -> Colors:
        """θ as the asset came, (entries, 3) display-referred RGB in [0, 1]."""

    @abstractmethod
    def plan(self, count: int, resolution: int, closeups: Closeups = NONE) -> Views:
        """``count`` overviews, and the close-ups that resolve what will be written as far as ``closeups`` allows."""

    @abstractmethod
    def operator(self, camera: Camera, level: int) -> ViewOperator:
        """A_v and b_v of a view, onto the table of ``level``. Safe to call from several threads."""

    @abstractmethod
    def cameras_around(self, count: int, size: int) -> tuple[Camera, ...]:
        """Square views of the whole scene for pictures, ``count`` steps around it."""

    @abstractmethod
    def points(self, level: int) -> Points:
        """Where the entries of a level of the pyramid are, scene units."""

    @abstractmethod
    def save(self, colors: Colors, path: Path) -> tuple[Path, ...]:
        """Write the asset with new colours; the files written."""

    def losses(self, path: Path) -> tuple[str, ...]:
        """What a file that `save` writes will not hold of the asset, a sentence each; here nothing is known of."""
        return ()

    def level(self, camera: Camera) -> int:
        """The pyramid level whose entries are about a pixel large in this view; here the finest."""
        return 0

    def turned_view(self, operator: ViewOperator, place: Vector) -> ViewOperator:
        """A view of level 0 in which every entry shows what it shows towards another place than the camera's.

        Here the view itself: paint looks alike from everywhere.
        """
        return operator

    def further_cameras(self, seen: Flags, resolution: int) -> tuple[Camera, ...]:
        """Further cameras for entries that could be seen from outside and are not in ``seen`` (entries,); here none."""
        return ()

    def named_views(self) -> Mapping[str, Camera]:
        """Views that a mask can be drawn over, by name; here the contact sheet's, "1" to "5"."""
        return {str(number): camera for number, camera in enumerate(self.sheet(), 1)}

    def facts(self, colors: Colors, seen: Flags, cameras: tuple[Camera, ...]) -> Mapping[str, object]:
        """What the report says of the asset and its new colours, and of how well ``cameras`` saw it."""
        return {"entries": len(colors), "entries_seen": float(seen.mean()), "notes": []}

    @property
    def inside(self) -> Flags:
        """Entries of θ, (entries,), that are shown themselves; others only lie beyond the edge of what is. Here all."""
        return np.ones(self.hierarchy.sizes[0], dtype=bool)

    def named_entries(self, names: Mapping[str, str]) -> Flags:
        """Entries of θ, (entries,), of what has all of some names, or fits patterns of names. Here nothing has a name.

        Args:
            names: by what they name. Concretely: ``{"material": "Leather*", "node": "boot"}``, or ``mesh``.

        Raises:
            Style3DError: nothing has such a name.
        """
        raise _no_such_names(self.name, next(iter(names)))

    def masked_entries(self, mask: Path) -> Weights:
        """How much of each entry of θ a picture over the texture space covers, [0, 1]. Here there is no such space.

        Raises:
            Style3DError: the picture cannot be read, or there is nothing that it could lie over.
        """
        raise _no_such_names(self.name, "mask")

    def completed_colors(self, colors: Colors, seen: Flags) -> Colors:
        """The table with entries that no view saw filled from their neighbours where that makes sense; here as is."""
        return colors

    def normals(self, level: int) -> Points:
        """Unit normal of each entry of a level; away from the middle, where a scene has no surface."""
        away = self.points(level) - self.points(level).mean(0)
        return away / np.maximum(np.linalg.norm(away, axis=1, keepdims=True), 1e-12)

    def form(self) -> Float32[np.ndarray, "entries"] | None:
        """Daylight on each entry of θ, [0, 1]: what the shape itself draws; None where colours hold light."""
        return None

    def straightened_drawing(
        self, view: str, drawn: Float32[np.ndarray, "h w c"]
    ) -> Float32[np.ndarray, "rows columns c"]:
        """What was drawn over a named view as that view's camera shows it: photos may have been bent by their lens."""
        return drawn

    def sheet(self, size: int = SHEET_SIZE) -> tuple[Camera, ...]:
        """The views of the contact sheet."""
        return self.cameras_around(SHEET_VIEWS, size)

    def pixel_extent(self, camera: Camera) -> float:
        """Pixels that the whole object would span in this view: what the size of a brush stroke is measured in."""
        return camera.focal * self.extent / self.distance(camera)

    def distance(self, camera: Camera) -> float:
        """Scene units from the camera to the object's middle; here that of the box around all entries."""
        return max(float(np.linalg.norm(camera.position - bounding_sphere(self.points(0))[0])), 1e-6 * self.extent)

    def view_depth(self, camera: Camera, operator: ViewOperator) -> Plane:
        """Depth along the camera's z, (h, w), infinite where a pixel shows no one surface; from its view of level 0."""
        depth, share = surface_depth(operator, camera, self.points(0))
        return np.where(share > ONE_SURFACE, depth, np.float32(np.inf))

    @property
    def geometry(self) -> str | None:
        """Content hash of all but colours: scenes that share it share their operators. None where nobody can say."""
        return None

    def written_like(self, other: type[Scene]) -> Scene:
        """The scene that `save` would write without paint in a file of another kind's; here the scene itself."""
        return self

    @property
    def switchable(self) -> bool:
        """Whether one file can hold several tables to choose from; see `save_variants`."""
        return False

    def save_variants(self, tables: Sequence[tuple[str, Colors]], path: Path) -> tuple[Path, ...]:
        """Write the asset once with several named tables; the files written.

        Raises:
            Style3DError: this scene is not `switchable`.
        """
        raise Style3DError(f"{self.name} cannot hold several variants", hint="leave out --variants")


def _no_such_names(scene: str, way: str) -> Style3DError:
    return Style3DError(f"parts of {scene} cannot be chosen by {way}", hint="give a box or a sphere, or a mask's view")
