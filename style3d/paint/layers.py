"""Layers hold the styles of a job and its regions, each with its share of every entry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, final

import numpy as np
import torch
from jaxtyping import Float, Float32
from torch import Tensor
from torch.nn import functional as F

from style3d.core.operator import ViewOperator
from style3d.core.pyramid import Axes, level_means, palette_axes
from style3d.core.scene import Scene
from style3d.errors import Style3DError
from style3d.job import Job
from style3d.job.cast import cast_pairs
from style3d.losses.objective import Objective
from style3d.losses.term import Frame, make_frame
from style3d.paint.casting import Played, Role, roles
from style3d.paint.color_modes import Colorway
from style3d.paint.form import Drawing
from style3d.paint.grain import LEAST, lay_picture, missing_contrast, plainness
from style3d.paint.prompts import swatches
from style3d.paint.regions_by_view import share_of_entries
from style3d.paint.style_library import (
    StyleLibrary,
    brush_scale,
    column_weights,
    match_colors,
    mixed_styles,
    starting_palette,
)
from style3d.paint.symmetry import Mirror
from style3d.regions.region import Region
from style3d.regions.selector import Where
from style3d.render.cache import BuiltView
from style3d.types import Colors, Image, Mask, Points

LEAST_PIXELS = 24.0  # of a layer in a view, under which its statistics mean nothing
PERIOD, PLACES = 8, 2  # pixels after which extractors repeat themselves; places that a view takes by turns
Shares = Float32[np.ndarray, "entries"]


@final
@dataclass(frozen=True)
class Brush:
    """What a layer paints with. Concretely: a painting and a prompt, half as large as the object."""

    mixture: tuple[tuple[Any, ...], ...]  # pictures and their weights
    spoken: bool  # whether the job's prompts take their share of it
    scale: float | None  # the pictures' longer side as a multiple of the scene's size; None: as suits them


@final
@dataclass(frozen=True)
class StyleLayer:
    """A style and the part of the scene that it paints."""

    styles: StyleLibrary
    share: Shares | None  # of each entry, [0, 1]; None: all of all
    role: Role | None = None  # the part that was cast, where one was


@final
@dataclass(frozen=True)
class LayerView:
    """A layer as one view shows it."""

    styles: StyleLibrary
    mask: Mask  # coverage by what the layer paints
    weight: float  # of the layer's pixels among all that is painted


@final
class Layers:
    """The layers of a run; together they paint at most all of each entry.

    Args:
        scene: what is painted.
        layers: the styles and their shares.
        strength: of each entry in the end, [0, 1]; None is 1 everywhere.
    """

    def __init__(self, scene: Scene, layers: Sequence[StyleLayer], strength: Shares | None) -> None:
        self.layers = tuple(layers)
        self._scene, self._strength = scene, strength
        shares = [layer.share for layer in layers if layer.share is not None]
        self._shares = None if len(shares) < len(layers) else np.stack(shares, 1)
        self._tables: dict[int, Tensor] = {}
        self._coverage: dict[int, Tensor] = {}
        self._before: dict[int, Colors] = {}
        self.backdrop = torch.stack([layer.styles.backdrop for layer in layers]).mean(0)

    @property
    def axes(self) -> Axes:
        """The axes of colour of all styles together; the channels where one has no palette of its own."""
        palettes = [layer.styles.palette for layer in self.layers]
        own = all(palette.match for palette in palettes)
        return palette_axes(torch.cat([palette.colors for palette in palettes])) if own else Axes()

    @property
    def cast(self) -> tuple[str, ...]:
        """Which part is painted after which area, as `style3d.job.cast` writes it; each part's first choice first."""
        return tuple(dict.fromkeys(word for layer in self.layers if layer.role for word in layer.role.words))

    @property
    def cast_parts(self) -> tuple[Played, ...]:
        """Every part that was cast, as a picture of the cast shows it."""
        return tuple(
            Played(layer.role.words, layer.share, layer.styles.visible_pictures())
            for layer in self.layers
            if layer.role and layer.share is not None
        )

    @property
    def finest(self) -> float:
        """Pixels that the whole object may span until no layer's pictures have brush work left to give."""
        return max(layer.styles.finest for layer in self.layers)

    @property
    def has_pictures(self) -> bool:
        """Whether every layer has pictures."""
        return all(layer.styles.visible_pictures() for layer in self.layers)

    def shares(self, level: int, operator: ViewOperator) -> Float[Tensor, "pixels layers"]:
        """How much of each pixel every layer paints."""
        if self._shares is None:
            return torch.from_numpy(operator.coverage)[:, None]
        share = self._at(level)[torch.from_numpy(operator.entries)]
        # A spare column keeps the mask of a single layer strided like others: contiguous, it gives other last bits.
        return operator.matrix.apply(F.pad(share, (0, 1))).clamp(0, 1)[:, :-1]

    def layer_views(self, view: BuiltView) -> list[LayerView]:
        """The layers that a view shows enough of to judge them."""
        operator = view.operator
        if self._shares is None:
            return [LayerView(self.layers[0].styles, operator.mask(self.backdrop), 1.0)]
        pixels = self.shares(view.level, operator)
        masks = [column.reshape(1, 1, operator.height, operator.width) for column in pixels.unbind(1)]
        total = sum(float(mask.sum()) for mask in masks)
        device = self.backdrop.device
        return [
            LayerView(layer.styles, mask.to(device), float(mask.sum()) / total)
            for layer, mask in zip(self.layers, masks, strict=True)
            if float(mask.sum()) >= LEAST_PIXELS
        ]

    def shown_colors(self, view: BuiltView, values: Float[Tensor, "columns 3"]) -> Float[Tensor, "columns 3"]:
        """What a view's entries show: the painted colours where layers are, the original elsewhere."""
        if self._shares is None:
            return values
        rows = torch.from_numpy(view.operator.entries)
        covered = self._covered_share(view.level)[rows].to(values)
        return torch.lerp(self._original(view.level)[rows].to(values), values, covered)

    def match_layers(self, colors: Colors, views: Sequence[BuiltView]) -> Colors:
        """θ with the colours of each layer's style where that layer paints (closed form, on θ itself)."""
        level, result = views[0].level, colors
        table = level_means(self._scene.hierarchy, level, colors)
        weights = column_weights(views, len(table))
        for number, layer in enumerate(self.layers):
            if self._shares is None:
                return match_colors(colors, table, weights, layer.styles.palette)
            counts = weights * self._at(level)[:, number].numpy()
            recolored = match_colors(colors, table, counts, layer.styles.palette)
            result = result + torch.from_numpy(self._shares[:, number, None]) * (recolored - colors)
        return result

    def plainness(self, start: Colors) -> list[float]:
        """How much θ, as painting starts from it, lacks of the contrast of each layer's palette."""
        shown = start[torch.from_numpy(self._scene.inside)]
        return [plainness(shown, layer.styles.palette.colors) for layer in self.layers]

    def grain(
        self, level: int, contrast: Float[Tensor, "n"], extent: float, plain: Sequence[float], facing: Points
    ) -> Float[Tensor, "n 3"]:
        """What to add to a level of the pyramid so that every layer's strokes have something to grow from.

        Args:
            contrast: of each entry's surroundings on that level (`Pyramid.contrast`).
            extent: pixels that the whole object spans where the level's entries are a pixel large.
            plain: of each layer (`plainness`).
            facing: unit normal of each entry.
        """
        points = self._scene.points(level) * (extent / self._scene.extent)
        total = torch.zeros(len(contrast), 3)
        for number, layer in enumerate(self.layers):
            patterns = layer.styles.strokes(extent)
            if not patterns:
                continue
            noise = torch.stack([lay_picture(pattern, points, facing) for pattern in patterns]).sum(0)
            noise *= LEAST + (1 - LEAST) * plain[number] ** 0.5
            noise *= missing_contrast(float(noise.square().sum(1).mean()), contrast)[:, None]
            total += noise if self._shares is None else self._at(level)[:, number : number + 1] * noise
        return total

    def finished_colors(self, before: Colors, after: Colors) -> Colors:
        """The result: each entry as far from the original as its regions say; untouched to the bit where that is 0."""
        if self._strength is None:
            return after
        return torch.lerp(before, after, torch.from_numpy(self._strength)[:, None])

    def _at(self, level: int) -> Tensor:
        """Shares of the entries of a level, (entries, layers)."""
        if level not in self._tables:
            assert self._shares is not None
            self._tables[level] = level_means(self._scene.hierarchy, level, torch.from_numpy(self._shares)).nan_to_num(
                0.0
            )
        return self._tables[level]

    def _covered_share(self, level: int) -> Float[Tensor, "entries 1"]:
        """How much of each entry of a level any layer paints."""
        if level not in self._coverage:
            self._coverage[level] = self._at(level).sum(1, keepdim=True).clamp(max=1)
        return self._coverage[level]

    def _original(self, level: int) -> Colors:
        if level not in self._before:
            self._before[level] = level_means(self._scene.hierarchy, level, self._scene.initial()).nan_to_num(0.5)
        return self._before[level]


def layers_of(
    scene: Scene,
    job: Job,
    objective: Objective,
    colorway: Colorway,
    mirror: Mirror | None,
    device: torch.device,
    drawing: Drawing,
) -> Layers:
    """The layers that a job describes; its own style lies under its regions.

    Raises:
        Style3DError: a region names what the scene does not have, holds nothing, or nothing is left to paint.
    """

    def layers(brush: Brush, share: Shares | None) -> list[StyleLayer]:
        drawn = swatches(job, scene.initial()) if brush.spoken else ()
        images = [(colorway.style(image), weight) for image, weight in mixed_styles(brush.mixture, drawn)]
        scale = brush.scale or brush_scale(images)
        if not images or job.cast == ("off",):
            palette = None if images else starting_palette(job, scene, colorway.style)
            return [StyleLayer(StyleLibrary(objective, images, scale, device, palette), share)]
        return [
            StyleLayer(
                StyleLibrary(objective, images, scale, device, masks=role.masks),
                role.share if share is None else share * role.share,
                role,
            )
            for role in roles(scene, drawing, [image for image, _ in images], cast_pairs(job.cast))
        ]

    if not job.regions:
        return Layers(scene, layers(_brush(scene, job, Region()), None), None)
    shares, strength = _shares(scene, job, mirror)
    if not shares:
        raise Style3DError("no region leaves anything to paint", hint="give one a strength above 0")
    parts = [layers(brush, share if (share < 1).any() else None) for brush, share in shares.items()]
    return Layers(scene, [layer for part in parts for layer in part], strength)


def _shares(scene: Scene, job: Job, mirror: Mirror | None) -> tuple[dict[Brush, Shares], Shares]:
    """What each style paints of every entry, and how strong every entry is in the end."""
    rest = np.ones(scene.hierarchy.sizes[0], dtype=np.float32)
    strength = np.zeros_like(rest)
    shares: dict[Brush, Shares] = {}
    base = (Region(Where(), strength=1.0 if job.style or job.prompt else 0.0),)
    for region in reversed((*base, *job.regions)):
        share = rest * _entries_held(scene, region, mirror)
        rest = rest - share
        strength += share * np.float32(region.strength)
        if region.strength > 0 and share.any():
            brush = _brush(scene, job, region)
            shares[brush] = shares.get(brush, 0) + share
    return shares, np.clip(strength, 0, 1)


def _entries_held(scene: Scene, region: Region, mirror: Mirror | None) -> Shares:
    if region.where == Where():
        return np.ones(scene.hierarchy.sizes[0], dtype=np.float32)
    weights = share_of_entries(scene, region.where).astype(np.float32)
    return weights if mirror is None else mirror.widen_weights(weights)


def _brush(scene: Scene, job: Job, region: Region) -> Brush:
    """A region's own picture, else all that the job paints with."""
    own = region.style is not None
    size = region.brush_size or job.brush_size
    scale = job.style_scale if size is None else size / scene.extent
    return Brush(((region.style, 1.0),) if own else tuple(job.mixture), bool(job.prompt) and not own, scale)


Place = tuple[int, int]  # pixels to the right and down, each less than `PERIOD`


@final
@dataclass(frozen=True)
class Target:
    """What a view is compared with: its layers, and what the objective remembers of the original under each."""

    layer_views: tuple[LayerView, ...]
    contents: tuple[Any, ...]  # of all that is painted, then of each layer
    place: Place  # where the view lies in the image that is judged


def places(seed: tuple[int, ...]) -> list[Place]:
    """Where a view lies by turns in the image that is judged: extractors look at every second to eighth pixel, and a
    pattern as fine as that must not please them in one place only."""
    return [(int(right), int(down)) for right, down in np.random.default_rng(seed).integers(PERIOD, size=(PLACES, 2))]


def target_of(objective: Objective, image: Image, layer_views: Sequence[LayerView], place: Place = (0, 0)) -> Target:
    """The target of a view whose original looks like ``image``."""
    layer_views = [replace(view, mask=F.pad(view.mask, _margins(place))) for view in layer_views]
    frame = _frame(objective, image, layer_views, place)
    contents = [objective.content_of(frame.under(layer_view.mask), objective.parts) for layer_view in layer_views]
    return Target(tuple(layer_views), (objective.content_of(frame, objective.whole), *contents), place)


def judge_layers(objective: Objective, image: Image, target: Target, extent: float) -> dict[str, Tensor]:
    """The objective's terms: of the style summed over a view's layers by how much of the view each paints, of the
    original once over all of them."""
    frame = _frame(objective, image, target.layer_views, target.place)
    first = target.layer_views[0].styles.at(extent)
    total = objective.weighted_losses(frame, first, target.contents[0], objective.whole)
    for layer_view, content in zip(target.layer_views, target.contents[1:], strict=True):
        style = layer_view.styles.at(extent)
        for name, term in objective.weighted_losses(
            frame.under(layer_view.mask), style, content, objective.parts
        ).items():
            total[name] = total[name] + layer_view.weight * term if name in total else layer_view.weight * term
    return total


def _frame(objective: Objective, image: Image, layer_views: Sequence[LayerView], place: Place) -> Frame:
    """A view in its place, under all that is painted; its edge goes on to where it does not reach."""
    painted = torch.stack([layer_view.mask for layer_view in layer_views]).sum(0).clamp(0, 1)
    return make_frame(objective.features, F.pad(image, _margins(place), mode="replicate"), painted)


def _margins(place: Place) -> tuple[int, int, int, int]:
    right, down = place
    return right, PERIOD - right, down, PERIOD - down
