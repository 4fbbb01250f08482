"""Patchwork covers a scene with patches of the style's own pictures: what the optimisation starts from.

Views are covered one after another, from coarse to fine. What earlier views have covered stays and is what the next
one's patches have to fit; so every entry of θ takes its colour from the one view that sees it best, and nothing is
averaged over views. The colour-matched drawing guides it (image analogies, Hertzmann et al. 2001): patches are taken
where the picture is as light and as coloured as the drawing is. What is finer than the run's own views only follows
the patches of the coarser ones, as far as the pictures have pixels for it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from time import monotonic
from typing import final

import numpy as np
import torch
from jaxtyping import Bool, Float, Float32
from scipy.ndimage import distance_transform_edt, maximum_filter
from torch import Tensor

from style3d.core.camera import Camera
from style3d.core.operator import ViewOperator
from style3d.core.pyramid import entry_values, level_means, raised_once
from style3d.core.scene import Scene
from style3d.paint.layers import Layers
from style3d.paint.panels import FEWEST, Matches, Panels, panels_of
from style3d.paint.patch_guide import Guide
from style3d.paint.patch_search import (
    REACH,
    SHARPEST,
    Sheet,
    count_use,
    first_guess,
    improve,
    paste_patches,
)
from style3d.progress import Watcher
from style3d.render.cache import made_on_all_cores
from style3d.types import Colors

SMALLEST = 32  # pixels along a view of the coarsest pass
BEST = 0.5  # of the most pixels that any view shows an entry in, from which a view may cover it
ROUNDS, SWEEPS, TRIES = 4, 2, 500  # of pasting and searching; of a search; random places at first
NEAR = 16  # pixels within which a search goes on, after a first round over all of the picture
SEARCHED = 256  # pixels along a view, above which patches follow the coarser ones and are sought once, nearby
FINEST, WORTH = 2.0, 1.2  # times the run's own views that the last pass may be; by which it pays to be finer
CRISP = 768  # pixels along a view, above which the last pass is not finer than the run's own views
MENDED = 10  # times that what a view still lacks goes back to its entries
FAINT = 0.05  # coverage under which a pixel says little
KNOWN = 0.999  # of a pixel, covered by earlier views, from which no patch shows there
SOLID = 0.5  # of a pixel that is painted, from which patches cover it
PER_PIXEL = 3e-5  # seconds of one core, as measured on views of which an object fills a third
FINER, FOLLOWED = 4.0, 2.0  # times as long as the pass before takes one of twice its size; where it only follows


@final
class Patchwork:
    """Covers what a run's layers paint.

    Args:
        scene: what is painted.
        layers: its layers; each has pictures (`Layers.has_pictures`).
        build: the operator of a camera onto a level, as the run renders it.
        guide: what makes a patch fit, see `guide_of`.
        seed: of the search.
    """

    def __init__(
        self, scene: Scene, layers: Layers, build: Callable[[Camera, int], ViewOperator], guide: Guide, seed: int
    ) -> None:
        self._scene, self._layers, self._build, self._seed = scene, layers, build, seed
        self._guide = guide

    def passes(self, cameras: Sequence[Camera]) -> list[float]:
        """The scales of views, coarse to fine, as far as the pictures have pixels for them."""
        longest, extent = max(max(camera.width, camera.height) for camera in cameras), self._extent(cameras)
        scales = [0.5**k for k in range(16) if k == 0 or longest * 0.5**k >= SMALLEST]
        informed = [scale for scale in scales if extent * scale <= self._layers.finest] or scales[-1:]
        finest = min(FINEST, CRISP / longest, self._layers.finest / extent)
        return informed[::-1] + [finest] * (finest > WORTH * informed[0])

    def cover(self, drawing: Colors, cameras: Sequence[Camera], watcher: Watcher, seconds: float = math.inf) -> Colors:
        """The table of level 0, covered as far as ``cameras`` see it; coarser colours elsewhere.

        What the drawing shows that is finer than the last pass is carried on.

        Args:
            drawing: θ with the style's colours, in which patches are looked for.
            cameras: views of the whole scene; all are brought to one scale.
            watcher: hears how many views of all passes are done.
            seconds: passes that would not end in this time are left out.
        """
        begun = passed = monotonic()
        hierarchy, lowest = self._scene.hierarchy, int(self._scene.hierarchy.directions > 1)
        table, above = drawing, 0
        panels: Panels | None = None
        matches: dict[int, Matches] = {}
        passes, done = self.passes(cameras), 0
        extent = self._extent(cameras)
        watcher.phase("laying patches of the pictures", len(cameras) * len(passes))
        for scale in passes:
            last, passed = monotonic() - passed, monotonic()
            scaled = [camera.at_scale(scale * extent / self._scene.pixel_extent(camera)) for camera in cameras]
            follows = max(max(camera.width, camera.height) for camera in scaled) > SEARCHED
            if panels is not None and passed - begun + (FOLLOWED if follows else FINER) * last > seconds:
                break
            level = min(max(lowest, min(map(self._scene.level, scaled))), hierarchy.levels - 1)
            goal = level_means(hierarchy, level, drawing).nan_to_num(0.5)
            while panels is not None and above > level:
                above -= 1
                table = raised_once(hierarchy, above, table)
            if panels is None:
                table = goal
            above = level
            size = panels_of(self._layers.layers, self._guide, extent * scale)
            covering = _Pass(self._layers, self._guide, size, table, goal, level, self._seed)
            matches = covering.over(
                list(made_on_all_cores(lambda camera, at=level: self._build(camera, at), scaled)),  # type: ignore[misc]
                {} if panels is None else {n: (match, panels) for n, match in matches.items()},
                lambda views, before=done: watcher.advance(before + views),  # type: ignore[misc]
            )
            table, panels, done = covering.table, size, done + len(scaled)
        own = drawing - entry_values(hierarchy, above, level_means(hierarchy, above, drawing).nan_to_num(0.5))
        return (entry_values(hierarchy, above, table) + own.nan_to_num(0)).clamp(0, 1)

    def _extent(self, cameras: Sequence[Camera]) -> float:
        """Pixels that the whole object spans in views at scale 1."""
        return float(np.median([self._scene.pixel_extent(camera) for camera in cameras]))


@final
class _Pass:
    """One size of all views. ``table`` is θ of its level, and changes as views are covered."""

    def __init__(
        self, layers: Layers, guide: Guide, panels: Panels, table: Colors, goal: Colors, level: int, seed: int
    ) -> None:
        self.table = table.clone()
        self._layers, self._guide, self._panels, self._level, self._seed = layers, guide, panels, level, seed
        self._goal, self._covered = goal, torch.zeros(len(table), dtype=torch.bool)
        self._most = np.zeros(len(table))

    def over(
        self,
        views: Sequence[ViewOperator],
        before: dict[int, tuple[Matches, Panels]],
        told: Callable[[int], None],
    ) -> dict[int, Matches]:
        """Cover all views, in the order of the coarser pass; then that one first which shows most of what is left.

        Returns:
            the matches of each that was covered, in that order.
        """
        seen = [view.column_sums() for view in views]
        for entries, sums in seen:
            self._most[entries] = np.maximum(self._most[entries], sums)
        even = (2 * REACH + 1) ** 2 * max(1.0, (self._most > 0).sum() / self._panels.exemplar.allowed.any(0).sum())
        left, found, order = list(range(len(views))), dict[int, Matches](), list(before)
        while left:
            number = order.pop(0) if order else max(left, key=lambda one: self._gain(*seen[one]))
            left.remove(number)
            match = self._cover(views[number], seen[number][1], before.get(number), even, number)
            if match is not None:
                found[number] = match
            told(len(views) - len(left))
        return found

    def _gain(self, entries: np.ndarray, sums: np.ndarray) -> float:
        return float(sums[self._open(entries, sums)].sum())

    def _open(self, entries: np.ndarray, sums: np.ndarray) -> np.ndarray:
        """Which of a view's entries it may cover: seen well, and not covered."""
        return (sums >= BEST * self._most[entries]) & ~self._covered.numpy()[entries]

    def _cover(
        self, view: ViewOperator, sums: np.ndarray, before: tuple[Matches, Panels] | None, even: float, number: int
    ) -> Matches | None:
        height, width = view.height, view.width
        entries = torch.from_numpy(view.entries)
        covered = self._covered[entries]
        painted = self._layers.shares(self._level, view)
        coverage = view.coverage.reshape(height, width)
        solid = (coverage > SOLID) & (painted.sum(1).numpy().reshape(height, width) > SOLID * coverage)
        known = self._image(view, covered[:, None].float().expand(-1, 3), coverage, solid)[..., :1]
        wanted = solid & (known[..., 0] < KNOWN)
        if solid.sum() < FEWEST or not wanted.any():
            return None
        base = self._image(view, self.table[entries], coverage, solid)
        exemplar, source = self._panels.exemplar, self._panels.source[painted.numpy().argmax(1)].reshape(height, width)
        drawing = self._image(view, self._goal[entries], coverage, solid)
        asked = self._guide.of_drawing(drawing, source, solid, self._panels.ranks)
        sheet = Sheet(
            base, asked, source, np.flatnonzero(solid & maximum_filter(wanted, 2 * REACH + 1)),
            np.full((height, width, 2), -1, np.int32), np.zeros((height, width), np.float32),
        )  # fmt: skip
        image = self._search(sheet, base, known, solid, before, number)
        count_use(exemplar, sheet, even)
        taken = torch.from_numpy(self._open(view.entries, sums))
        self.table[entries] = solve_colors(view, image, sums, self.table[entries], taken)
        self._covered[entries[taken]] = True
        return sheet.match

    def _search(
        self,
        sheet: Sheet,
        base: Float32[np.ndarray, "h w 3"],
        known: Float32[np.ndarray, "h w 1"],
        solid: np.ndarray,
        before: tuple[Matches, Panels] | None,
        number: int,
    ) -> Float32[np.ndarray, "h w 3"]:
        """Find patches and paste them by turns; what is known stays, and shows through where it is."""
        exemplar, image, taste = self._panels.exemplar, base, self._guide.taste
        follows = before is not None and max(sheet.match.shape[:2]) > SEARCHED
        chance = np.random.default_rng((self._seed, self._level, number))
        if before is not None:
            sheet.match[:] = self._carry_matches(sheet, *before)
        framed = _pad_image(image)
        first_guess(exemplar, sheet._replace(image=framed), taste, self._panels.places, TRIES, chance)
        for turn in (0, ROUNDS) if follows else range(ROUNDS + 1):
            if turn:
                reach = max(exemplar.used.shape) // 2 if turn == 1 else NEAR
                improve(exemplar, sheet._replace(image=_pad_image(image)), taste, SWEEPS, reach, chance)
            deviation = max(SHARPEST, REACH * (1 - turn / ROUNDS) / 2) if turn else SHARPEST
            patches, weight = paste_patches(exemplar, sheet, deviation)
            image = _spread(known * base + (1 - known) * np.where(weight[..., None] > 0, patches, image), solid)
        return image

    def _carry_matches(self, sheet: Sheet, match: Matches, panels: Panels) -> Matches:
        """A coarser view's matches, for this one's pixels; -1 where there are none that the source has."""
        height, width = sheet.match.shape[:2]
        rows, columns = (
            (np.arange(height) + 0.5) * match.shape[0] / height,
            (np.arange(width) + 0.5) * (match.shape[1] / width),
        )
        coarse = match[np.minimum(rows.astype(int), match.shape[0] - 1)][
            :, np.minimum(columns.astype(int), match.shape[1] - 1)
        ]
        found = self._panels.at_this_size(panels, coarse)
        scale = self._panels.sizes[0, 0] / panels.sizes[0, 0]
        inside = np.stack(np.meshgrid(rows % 1 - 0.5, columns % 1 - 0.5, indexing="ij"), 2) * scale
        moved = np.where(found < 0, found, found + np.round(inside).astype(np.int32))
        rows_at, columns_at = (moved[..., k].clip(0, self._panels.exemplar.used.shape[k] - 1) for k in (0, 1))
        fits = (found[..., 0] >= 0) & self._panels.exemplar.allowed[sheet.source, rows_at, columns_at]
        return np.where(fits[..., None], moved, -1).astype(np.int32)

    @staticmethod
    def _image(
        view: ViewOperator,
        values: Float[Tensor, "columns 3"],
        coverage: Float32[np.ndarray, "h w"],
        solid: np.ndarray,
    ) -> Float32[np.ndarray, "h w 3"]:
        """What is painted, without light and backdrop, spread to where nothing is."""
        pixels = view.matrix.apply(values.contiguous()).numpy().reshape(*coverage.shape, 3)
        return _spread(pixels / np.maximum(coverage, FAINT)[..., None], solid)


def patching_seconds(pixels: int) -> float:
    """About what all passes take over views of so many pixels together."""
    return PER_PIXEL * pixels


def solve_colors(
    view: ViewOperator,
    image: Float32[np.ndarray, "h w 3"],
    sums: Float[np.ndarray, "columns"],
    colors: Float[Tensor, "columns 3"],
    taken: Bool[Tensor, "columns"],
) -> Float[Tensor, "columns 3"]:
    """The colours with which a view shows ``image``, for the entries taken; the others stay.

    Each starts as the mean of the pixels that show it. Where many entries mix in a pixel, as splats do, that is a blur.
    Simultaneous iterative reconstruction undoes it (Gilbert 1972): what is missing goes back along Aᵀ, each time from a
    little further on in the same direction (Nesterov 1983).

    Args:
        view: A.
        image: display-referred.
        sums: of A's columns.
        colors: of the view's entries.
        taken: those that change.
    """
    shown, scale = torch.from_numpy(image.reshape(-1, 3)).contiguous(), torch.from_numpy(np.maximum(sums, 1e-9))
    coverage, scale = torch.from_numpy(view.coverage).reshape(-1, 1), scale.float()[:, None]
    colors = torch.where(taken[:, None], view.matrix.adjoint(shown).float() / scale, colors)
    ahead = colors
    for number in range(MENDED):
        missing = (shown * coverage - view.matrix.apply(ahead.contiguous())) / coverage.clamp_min(FAINT)
        change = view.matrix.adjoint(missing.contiguous()).float() / scale
        mended = torch.where(taken[:, None], (ahead + change).clamp(0, 1), colors)
        ahead, colors = mended + number / (number + 3) * (mended - colors), mended
    return colors


def _spread(image: Float32[np.ndarray, "h w c"], solid: np.ndarray) -> Float32[np.ndarray, "h w c"]:
    """Every pixel that is not solid takes its nearest solid one's colour."""
    if not solid.any():
        return image.astype(np.float32)
    rows, columns = distance_transform_edt(~solid, return_distances=False, return_indices=True)
    return np.ascontiguousarray(image[rows, columns], dtype=np.float32)


def _pad_image(image: Float32[np.ndarray, "h w 3"]) -> Float32[np.ndarray, "_ _ 3"]:
    return np.pad(image, ((REACH, REACH), (REACH, REACH), (0, 0)), mode="edge")
