"""Footage holds the same views before and after, with cameras, depth and coverage."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float
from torch import Tensor

from style3d.core.camera import Camera
from style3d.errors import Style3DError
from style3d.render.warp import DepthView, Link, link
from style3d.types import Picture, Plane, Points

Painting = Float[Tensor, "1 3 rows columns"]  # a style picture, of a size of its own


@dataclass(frozen=True)
class ComparedView:
    """One view of a scene that holds still. Concretely: frame 7 of 36 around a cow, 256 × 256 pixels.

    ``depth`` is the *unstylised* scene's, at pixel centres, along the camera's z in scene units; infinite where there
    is nothing. ``mask`` is the share of the pixel that the object covers, in [0, 1].
    """

    camera: Camera
    before: Picture
    after: Picture
    depth: Plane
    mask: Plane
    after_mask: Plane | None = None  # of the stylised image, where it comes with one

    def __post_init__(self) -> None:
        """Refuse planes of different sizes."""
        size = self.camera.height, self.camera.width
        for name in ("before", "after", "depth", "mask"):
            shape = getattr(self, name).shape[:2]
            if shape != size:
                raise Style3DError(
                    f"the {name} frame does not fit its camera", got=f"{shape[1]} × {shape[0]} pixels",
                    expected=f"{size[1]} × {size[0]}",
                )  # fmt: skip

    @property
    def depth_view(self) -> DepthView:
        """What says which pixels of two views show the same place."""
        return DepthView(self.camera, self.depth, self.mask)


@dataclass(frozen=True)
class Footage:
    """All views, in the order of a walk around the scene, so that neighbours in time are neighbours in space."""

    name: str
    views: tuple[ComparedView, ...]
    closed: bool = False  # whether the last view is followed by the first, as on a turntable
    steps: tuple[int, ...] = ()  # where on the walk each view stands, ascending; nothing: on one after another

    def __post_init__(self) -> None:
        """Two views are the least that can disagree."""
        if len(self.views) < 2:
            raise Style3DError("too few views to compare", got=len(self.views), expected="at least 2")

    @property
    def size(self) -> str:
        """Pixels of a view, for figures; of the first, if they differ."""
        return f"{self.views[0].camera.width}×{self.views[0].camera.height}"

    @property
    def before(self) -> list[Picture]:
        """The unstylised images."""
        return [view.before for view in self.views]

    @property
    def after(self) -> list[Picture]:
        """The stylised images."""
        return [view.after for view in self.views]

    def pairs(self, gap: int) -> list[tuple[int, int]]:
        """(source, target) for every two views that are ``gap`` steps apart."""
        count = len(self.views)
        if self.closed and gap < count:
            return [(first, (first + gap) % count) for first in range(count)]
        place = {step: view for view, step in enumerate(self.steps or range(count))}
        return [(view, place[step + gap]) for step, view in place.items() if step + gap in place]

    def links(self, gap: int) -> list[Link]:
        """Of every two views ``gap`` apart."""
        seen = [view.depth_view for view in self.views]
        return [link(seen[i], seen[j], i, j) for i, j in self.pairs(gap)]

    def parallax(self, joined: Sequence[Link]) -> float:
        """Median angle, degrees, between the two lines of sight to what both views of a pair see; NaN for nothing."""
        angles = []
        for one in joined:
            first, second = self.views[one.source].camera, self.views[one.target].camera
            v, u = np.nonzero(one.valid)
            depth = self.views[one.target].depth[one.valid].astype(np.float64)
            points = second.unproject(np.stack([u + 0.5, v + 0.5], 1), depth)
            sight, other = (_unit(points - camera.position) for camera in (first, second))
            angles.append(np.degrees(2 * np.arcsin(np.clip(np.linalg.norm(sight - other, axis=1) / 2, 0, 1))))
        every = np.concatenate(angles) if angles else np.zeros(0)
        return float(np.median(every)) if len(every) else float("nan")

    def spread(self, wanted: int) -> list[int]:
        """At most so many views, spread evenly over the steps of the walk."""
        steps = np.array(self.steps or range(len(self.views)))
        places = np.linspace(steps[0], steps[-1], min(wanted, len(steps)))
        return sorted({int(np.abs(steps - place).argmin()) for place in places})

    def some(self, which: list[int]) -> Footage:
        """The listed views alone."""
        return replace(self, views=tuple(self.views[i] for i in which), closed=False, steps=())


def _unit(vectors: Points) -> Points:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-300)
