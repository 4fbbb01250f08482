"""The cache holds built views within a byte budget. The rest is kept in a file and mapped back."""

from __future__ import annotations

import logging
import os
import tempfile
import weakref
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from shutil import rmtree
from typing import TypeVar, final

import numpy as np
from jaxtyping import Num

from style3d.core.camera import Camera
from style3d.core.operator import Product, SparseMap, ViewOperator
from style3d.core.pyramid import Cascade, Hierarchy, cascade

T = TypeVar("T")
V = TypeVar("V")

MOST_WORKERS = 8  # that build views side by side

log = logging.getLogger(__name__)


@final
@dataclass(frozen=True)
class BuiltView:
    """A view ready for steps: the operator and its share of the pyramid."""

    camera: Camera
    level: int
    operator: ViewOperator
    part: Cascade

    @property
    def nbytes(self) -> int:
        """Memory held."""
        return self.operator.nbytes + self.part.nbytes


@final
class ViewCache:
    """Views by (camera, level), each built once, in parallel; the oldest go to disk past ``budget`` bytes."""

    def __init__(
        self,
        build: Callable[[Camera, int], ViewOperator],
        hierarchy: Hierarchy,
        budget: int,
        workers: int | None = None,
    ) -> None:
        self._build, self._hierarchy, self._budget = build, hierarchy, budget
        self._workers = workers
        self._views: dict[tuple[str, int], BuiltView] = {}
        self._held = 0
        self._folder: Path | None = None

    @property
    def memory_bytes(self) -> int:
        """Bytes in memory."""
        return self._held

    def get(self, camera: Camera, level: int) -> BuiltView:
        """The view, built now if need be."""
        key = camera.key(), level
        if key not in self._views:
            self._keep(key, self._make(camera, level))
        return self._views[key]

    def build(self, cameras: Sequence[tuple[Camera, int]], progress: Callable[[int], None]) -> None:
        """Build what is missing on all cores; ``progress`` gets the number of views done."""
        missing = [(camera, level) for camera, level in cameras if (camera.key(), level) not in self._views]
        progress(len(cameras) - len(missing))
        made = made_on_all_cores(lambda pair: self._make(*pair), missing, self._workers)
        for done, ((camera, level), view) in enumerate(zip(missing, made, strict=True), 1):
            self._keep((camera.key(), level), view)
            progress(len(cameras) - len(missing) + done)

    def clear(self) -> None:
        """Forget all views."""
        self._views.clear()
        self._held = 0

    def _make(self, camera: Camera, level: int) -> BuiltView:
        operator = self._build(camera, level)
        return BuiltView(camera, level, operator, cascade(self._hierarchy, level, operator.entries))

    def _keep(self, key: tuple[str, int], view: BuiltView) -> None:
        if self._held + view.nbytes > self._budget:
            self._views[key] = self._spill(view)
        else:
            self._views[key] = view
            self._held += view.nbytes

    def _spill(self, view: BuiltView) -> BuiltView:
        """The same view with its arrays in a file that is deleted with this cache."""
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="style3d-views-"))
            weakref.finalize(self, rmtree, self._folder, ignore_errors=True)
            log.info("views exceed the cache of %.1f GB; the rest is kept in %s", self._budget / 1e9, self._folder)
        stem = self._folder / f"{len(self._views)}"
        operator = replace(view.operator, matrix=_mapped_product(view.operator.matrix, f"{stem}-a"))
        maps = tuple(_mapped_map(m, f"{stem}-s{i}") for i, m in enumerate(view.part.maps))
        return replace(view, operator=operator, part=Cascade(view.part.entries, maps))


def made_on_all_cores(make: Callable[[T], V], wanted: Sequence[T], workers: int | None = None) -> Iterator[V]:
    """What ``make`` gives for each, in their order, made side by side; eight at most."""
    with ThreadPoolExecutor(workers or min(MOST_WORKERS, os.cpu_count() or 1)) as pool:
        yield from pool.map(make, wanted)


def _mapped_product(matrix: SparseMap | Product, stem: str) -> SparseMap | Product:
    if isinstance(matrix, Product):
        return Product(_mapped_map(matrix.outer, f"{stem}-outer"), _mapped_map(matrix.inner, f"{stem}-inner"))
    return _mapped_map(matrix, stem)


def _mapped_map(matrix: SparseMap, stem: str) -> SparseMap:
    indptr, indices = (
        _map_to_file(matrix.indptr, f"{stem}-indptr.npy"),
        _map_to_file(matrix.indices, f"{stem}-indices.npy"),
    )
    return SparseMap(indptr, indices, _map_to_file(matrix.weights, f"{stem}-weights.npy"), matrix.columns)


def _map_to_file(array: Num[np.ndarray, "..."], path: str) -> Num[np.ndarray, "..."]:
    np.save(path, array)
    loaded: Num[np.ndarray, "..."] = np.load(path, mmap_mode="r")
    return loaded
