"""In this scene every splat has a colour for each of its lobes, so paint may change with direction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import final

import numpy as np
import torch
from jaxtyping import Bool, Float, Int64
from torch import Tensor

from style3d.core.camera import Camera
from style3d.core.operator import Product, SparseMap, ViewOperator
from style3d.core.pyramid import Hierarchy
from style3d.core.scene import NONE, Closeups, Scene, Views
from style3d.errors import Style3DError
from style3d.nerf.splats.files import losses_of, write_splats
from style3d.nerf.splats.lobes import MOST_DEGREE, Lobes
from style3d.nerf.splats.scene import SplatScene
from style3d.types import Colors, Flags, Indices, Points, Vector


@final
@dataclass(frozen=True)
class Copies(Hierarchy):
    """As many entries as there are ``directions`` in the place of each of another hierarchy's finest level."""

    whole: Hierarchy
    directions: int

    @property
    def sizes(self) -> tuple[int, ...]:
        """The copies, then the other hierarchy."""
        return (self.whole.sizes[0] * self.directions, *self.whole.sizes)

    def parents(self, level: int, entries: Indices) -> tuple[Int64[np.ndarray, "n k"], Float[np.ndarray, "n k"]]:
        """A copy has one."""
        if level:
            return self.whole.parents(level - 1, entries)
        return entries[:, None] // self.directions, np.ones((len(entries), 1), np.float32)

    def restrict(self, level: int, values: Float[Tensor, "fine channels"]) -> Float[Tensor, "coarse channels"]:
        """The mean of the copies that are known."""
        if level:
            return self.whole.restrict(level - 1, values)
        return values.reshape(-1, self.directions, values.shape[1]).nanmean(1)


@final
class LobeScene(Scene):
    """A scene of splats with harmonics, all of which are painted; see `Scene` for the contract.

    θ holds the lobes of a splat one after the other. The levels above are the splats and the cubes over them, where
    all directions see the same colour; there, and beyond what lobes can hold, harmonics show as they were.

    Args:
        scene: the splats, with what their harmonics add kept.

    Raises:
        Style3DError: the splats look the same from everywhere.
    """

    def __init__(self, scene: SplatScene) -> None:
        if not scene.splats.degree:
            hint = "leave out --view-dependence"
            raise Style3DError(f"{scene.name} has no colour that changes with direction", hint=hint)
        self.scene, self.lobes = scene, Lobes(min(scene.splats.degree, MOST_DEGREE))
        self._initial = self.lobes.initial(scene.splats)

    @property
    def name(self) -> str:
        """The file's name."""
        return self.scene.name

    @property
    def key(self) -> str:
        """Content hash; see `Scene.key`."""
        return f"{self.scene.key} {self.lobes}"

    @property
    def extent(self) -> float:
        """Diameter of what is looked at, scene units."""
        return self.scene.extent

    @cached_property
    def hierarchy(self) -> Copies:
        """Lobes, the splats that have them, and cubes in space."""
        return Copies(self.scene.hierarchy, self.lobes.count)

    def initial(self) -> Colors:
        """θ that looks like the file as nearly as means of colours can."""
        return torch.from_numpy(self._initial.reshape(-1, 3).copy())

    def plan(self, count: int, resolution: int, closeups: Closeups = NONE) -> Views:
        """As without lobes."""
        return self.scene.plan(count, resolution, closeups)

    def level(self, camera: Camera) -> int:
        """Never the lobes: only the last stage, which is all on level 0, paints them."""
        return 1 + self.scene.level(camera)

    def operator(self, camera: Camera, level: int) -> ViewOperator:
        """A_v and b_v of a view; onto lobes A_v is a product, and b_v holds what lobes cannot."""
        if level:
            return self.scene.operator(camera, level - 1)
        onto_splats = self.scene.operator(camera, 0)
        splats, seen = self.scene.splats, onto_splats.entries
        away = splats.seen_along(camera.position, seen)
        held = np.einsum("nk,nkc->nc", self.lobes.weights(away), self._initial[seen])
        rest = splats.base_colors[seen] + splats.added_along(away, seen) - held
        fixed = (onto_splats.matrix.scipy() @ rest).astype(np.float32)
        entries = (seen[:, None] * self.lobes.count + np.arange(self.lobes.count)).ravel()
        assert isinstance(onto_splats.matrix, SparseMap)
        matrix = self._product(onto_splats.matrix, seen, camera.position)
        return replace(onto_splats, matrix=matrix, entries=entries, fixed=fixed)

    def turned_view(self, operator: ViewOperator, place: Vector) -> ViewOperator:
        """The view's pixels in the colours that its splats show towards another place."""
        assert isinstance(operator.matrix, Product)
        seen = operator.entries[:: self.lobes.count] // self.lobes.count
        return replace(operator, matrix=self._product(operator.matrix.outer, seen, place))

    def _product(self, onto_splats: SparseMap, seen: Indices, place: Vector) -> Product:
        """Pixels from splats, and those from their lobes as seen from a place."""
        weights = self.lobes.weights(self.scene.splats.seen_along(place, seen))
        starts = np.arange(len(seen) + 1, dtype=np.int64) * self.lobes.count
        onto_lobes = SparseMap(starts, np.arange(starts[-1], dtype=np.int32), weights.ravel(), int(starts[-1]))
        return Product(onto_splats, onto_lobes)

    def further_cameras(self, seen: Flags, resolution: int) -> tuple[Camera, ...]:
        """The places that see most of the splats of which no lobe was seen."""
        return self.scene.further_cameras(self._any(seen), resolution)

    def cameras_around(self, count: int, size: int) -> tuple[Camera, ...]:
        """As without lobes."""
        return self.scene.cameras_around(count, size)

    def named_views(self) -> Mapping[str, Camera]:
        """As without lobes."""
        return self.scene.named_views()

    def facts(self, colors: Colors, seen: Flags, cameras: tuple[Camera, ...]) -> Mapping[str, object]:
        """What is told of splats, and how many colours each has."""
        told = self.scene.facts(self.hierarchy.restrict(0, colors), self._any(seen), cameras)
        own = {"view_dependence": "style", "entries": len(colors), "directions": self.lobes.count}
        return {**told, **own, "entries_seen": float(seen.mean())}

    def distance(self, camera: Camera) -> float:
        """As without lobes."""
        return self.scene.distance(camera)

    def points(self, level: int) -> Points:
        """The splats' centres, once for each lobe; then as without lobes."""
        return self.scene.points(level - 1) if level else np.repeat(self.scene.points(0), self.lobes.count, axis=0)

    def completed_colors(self, colors: Colors, seen: Flags) -> Colors:
        """Splats of which no lobe was seen look from everywhere like the nearest that were."""
        some = self._any(seen)
        whole = self.scene.completed_colors(self.hierarchy.restrict(0, colors), some)
        spread = whole.repeat_interleave(self.lobes.count, 0)
        return torch.where(torch.from_numpy(np.repeat(some, self.lobes.count))[:, None], colors, spread)

    def scene_with(self, colors: Colors) -> SplatScene:
        """The scene of splats with new harmonics."""
        splats = self.lobes.splats_with_colors(self.scene.splats, colors.numpy().reshape(self._initial.shape))
        own = self.scene
        return SplatScene(splats, self.name, "keep", own.cameras, own.setting.vantage, own.path)

    def losses(self, path: Path) -> tuple[str, ...]:
        """What the kind of file does not hold of the splats as they would be written."""
        return losses_of(self.scene_with(self.initial()).splats, path)

    def save(self, colors: Colors, path: Path) -> tuple[Path, ...]:
        """Write the splats; see `Scene.save`."""
        write_splats(self.scene_with(colors).splats, path)
        return (path,)

    def _any(self, seen: Flags) -> Bool[np.ndarray, "splats"]:
        """Splats of which some lobe is flagged."""
        flags: Bool[np.ndarray, "splats"] = np.logical_or.reduce(seen.reshape(-1, self.lobes.count), axis=1)
        return flags
