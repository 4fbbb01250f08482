"""The painter paints a field that is not a table: it compares views with the style and with each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from style3d.color.match import affine_color_match
from style3d.core.camera import Camera
from style3d.job import Job
from style3d.losses.agreement import disagreement, sample_image
from style3d.nerf.nerfstudio.canvas import Canvas
from style3d.nerf.nerfstudio.schedule import COARSEST, Moment
from style3d.paint.prompts import prompt_palette, swatches
from style3d.paint.schedule import visit
from style3d.paint.style_library import Palette, StyleLibrary, brush_scale, default_objective_of, mixed_styles
from style3d.paint.view_agreement import DEPTH_TOLERANCE, nearest
from style3d.render.warp import DepthView, link
from style3d.types import Image


@final
@dataclass(frozen=True)
class PreparedView:
    """What a step needs of a view, made when it is first visited. Concretely: training camera 7 at 256 pixels."""

    view: DepthView  # of the unpainted field
    content: Any  # what the objective remembers of it
    extent: float  # pixels that the brush is measured in
    traced: Any  # what the canvas draws it from
    nbytes: int  # memory that takes


@final
class Painter:
    """Losses of one view a step, for a canvas seen from many cameras.

    Args:
        canvas: what is painted.
        cameras: full-size views, in the order of the capture.
        job: the style and its settings.
        consistency: weight of the views' disagreement; 0 leaves it out, and its second render.
        device: where the canvas is.
    """

    def __init__(
        self, canvas: Canvas, cameras: Sequence[Camera], job: Job, consistency: float, device: torch.device
    ) -> None:
        self.canvas, self.cameras, self.seed, self.consistency = canvas, tuple(cameras), job.seed, consistency
        self.device, self.budget = device, int(job.cache_gb * 1e9)
        self.objective = default_objective_of(job)
        self.objective.features.to(device)
        images = mixed_styles(job.mixture, swatches(job))
        palette = None if images else _prompt_palette(job)
        self.styles = StyleLibrary(self.objective, images, job.style_scale or brush_scale(images), device, palette)
        self.matrix, self.offset = torch.eye(3), torch.zeros(3)
        self._prepared: dict[tuple[int, int], PreparedView] = {}

    def recolor_from(self, photos: Float[Tensor, "n 3"]) -> None:
        """Set the map that gives the photos' colours the style's mean and covariance (`affine_color_match`)."""
        if not self.styles.palette.match:
            return
        matrix, offset = affine_color_match(photos.cpu(), torch.ones(len(photos)), self.styles.palette.colors)
        self.matrix, self.offset = matrix.to(self.device), offset.to(self.device)

    def recolor(self, colors: Float[Tensor, "*n 3"]) -> Float[Tensor, "*n 3"]:
        """Colours under that map, in [0, 1]."""
        return (colors @ self.matrix.to(colors).T + self.offset.to(colors)).clamp(0, 1)

    def losses(self, moment: Moment) -> dict[str, Float[Tensor, ""]]:
        """Named, weighted terms of the step's view; differentiable to the canvas' paint."""
        index = visit(self.seed, moment.stage, moment.step, len(self.cameras))
        prepared = self._prepared_view(index, moment)
        mask = self._plane(prepared.view.mask)
        image = self.canvas.render_painted(prepared.traced)
        terms = self.objective(
            self._over_mean_color(image, mask), mask, self.styles.at(prepared.extent), prepared.content
        )
        other = self._neighbour(index, moment) if self.consistency else None
        if other is not None:
            terms["consistency"] = self.consistency * self.difference(
                image, prepared, self._prepared_view(other, moment)
            )
        return terms

    def difference(self, image: Image, prepared: PreparedView, other: PreparedView) -> Float[Tensor, ""]:
        """Disagreement of the painted ``image`` with another painted view, carried over through unstylised depth.

        The gradient goes to ``image`` alone; each view gets its turn.
        """
        seen = link(other.view, prepared.view, tolerance=DEPTH_TOLERANCE)
        places = torch.from_numpy(np.stack([seen.x, seen.y], -1)).to(image)
        with torch.no_grad():
            theirs = self.canvas.render_painted(other.traced)
        return disagreement(image, sample_image(theirs, places), self._plane(seen.valid))

    def neighbours(self, index: int) -> list[int]:
        """Views that stand nearest to a view and look the same way, a few."""
        return nearest(self.cameras, index)

    def _neighbour(self, index: int, moment: Moment) -> int | None:
        near = self.neighbours(index)
        draw = np.random.default_rng([self.seed, 1, moment.stage, moment.step])
        return int(draw.choice(near)) if near else None

    def _prepared_view(self, index: int, moment: Moment) -> PreparedView:
        if any(stage != moment.stage for stage, _ in self._prepared):
            self._prepared.clear()
        key = moment.stage, index
        prepared = self._prepared.pop(key, None)
        if prepared is None:
            camera = self.cameras[index]
            smallest = COARSEST / max(camera.width, camera.height)
            prepared = self._prepare(camera.at_scale(min(1.0, max(moment.scale, smallest))))
        while self._prepared and prepared.nbytes + sum(other.nbytes for other in self._prepared.values()) > self.budget:
            del self._prepared[next(iter(self._prepared))]  # the one unused for longest
        self._prepared[key] = prepared
        return prepared

    @torch.no_grad()
    def _prepare(self, camera: Camera) -> PreparedView:
        traced = self.canvas.trace(camera)
        image = self.recolor(traced.image.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
        mask = self._plane(traced.mask)
        content = self.objective.prepare_content(self._over_mean_color(image, mask), mask)
        view = DepthView(camera, traced.depth, traced.mask)
        return PreparedView(view, content, float(max(camera.width, camera.height)), traced.traced, traced.nbytes)

    def _plane(self, values: np.ndarray[Any, Any]) -> Float[Tensor, "1 1 h w"]:
        return torch.from_numpy(values.astype(np.float32))[None, None].to(self.device)

    def _over_mean_color(self, image: Image, mask: Float[Tensor, "1 1 h w"]) -> Image:
        """The style's mean colour where there is no scene."""
        return image * mask + self.styles.backdrop[:, None, None] * (1 - mask)


def _prompt_palette(job: Job) -> Palette:
    """The colours that words imply; grey, which nothing is matched to, where they imply none."""
    shades = prompt_palette(job)
    return Palette(torch.full((1, 3), 0.5), match=False) if shades is None else Palette(shades.cpu(), match=True)
