"""This nerfacto can be painted."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from nerfstudio.field_components.field_heads import FieldHeadNames
from nerfstudio.models.nerfacto import NerfactoModel, NerfactoModelConfig
from torch import Tensor
from torch.nn import Parameter

from style3d.core.camera import Camera
from style3d.nerf.nerfstudio.cameras import to_nerfstudio
from style3d.nerf.nerfstudio.canvas import Canvas, CanvasView, render_deferred
from style3d.nerf.nerfstudio.field import PaintedField
from style3d.nerf.nerfstudio.lpips import drop_networks, lpips_figures, without_downloads
from style3d.nerf.nerfstudio.ray_cache import RayRows, Traced, join_rows, pack_rows
from style3d.types import Image


@dataclass
class PaintedNerfactoConfig(NerfactoModelConfig):
    """nerfacto's settings, and how much is rendered at a time while painting."""

    _target: type = field(default_factory=lambda: PaintedNerfacto)
    paint_rays_per_chunk: int = 1 << 14
    """Rays whose gradient is taken at a time while painting: memory against speed."""


class PaintedNerfacto(NerfactoModel, Canvas):  # nerfstudio's models are made to be derived from
    """nerfacto with a second field for the painted colours. Loads checkpoints of nerfacto as they are."""

    config: PaintedNerfactoConfig
    field: Any  # a `PaintedField`, in place of nerfacto's

    def populate_modules(self) -> None:
        """nerfacto's modules, its field replaced by the painted one."""
        with without_downloads():
            super().populate_modules()
        self.field = PaintedField(self.field)
        self.register_load_state_dict_pre_hook(lambda _, state, prefix, *__: drop_networks(state, prefix))

    def get_param_groups(self) -> dict[str, list[Parameter]]:
        """nerfacto's groups, and those of the painted copy."""
        groups: dict[str, list[Parameter]] = super().get_param_groups()
        groups["fields"] = list(self.field.geometry.parameters())
        groups |= {"paint": self.field.grid(), "paint_head": self.field.head()}
        return groups

    def get_training_callbacks(self, training_callback_attributes: Any) -> list[Any]:
        """nerfacto's; and steps on the grid are shortened where places share an entry."""
        self.field.limit_shared_steps(training_callback_attributes.optimizers.optimizers["paint"])
        callbacks: list[Any] = super().get_training_callbacks(training_callback_attributes)
        return callbacks

    @property
    def paint(self) -> list[Parameter]:
        """The colours' grid, their network and the appearance embedding."""
        return [*self.field.grid(), *self.field.head()]

    @property
    def rates(self) -> dict[str, float]:
        """Strokes are drawn by the grid. What the head learns changes colours everywhere at once, so it goes slowly."""
        return {"paint": 10.0, "paint_head": 0.1}

    @property
    def recolors_exactly(self) -> bool:
        """A network's colours are fitted."""
        return False

    def start_painting(self, matrix: Float[Tensor, "3 3"], offset: Float[Tensor, "3"]) -> None:
        """Copy the colours and freeze everything else."""
        self.field.start()
        self.freeze_geometry()

    def freeze_geometry(self) -> None:
        """Freeze what is not paint, and where samples fall along a ray."""
        self.requires_grad_(False)
        for parameter in self.paint:
            parameter.requires_grad_(True)
        self.proposal_sampler.set_anneal(1.0)

    @torch.no_grad()
    def trace(self, camera: Camera) -> CanvasView:
        """The trained view, and the rows that the painted one is made of; a backdrop in the field is scene too."""
        rays = to_nerfstudio(camera, self.device).generate_rays(camera_indices=0, keep_shape=True)
        starts = range(0, len(rays), self.config.eval_num_rays_per_chunk)
        parts = [
            self._part(rays.get_row_major_sliced_ray_bundle(start, start + self.config.eval_num_rays_per_chunk))
            for start in starts
        ]
        packs, *planes = zip(*parts, strict=True)
        color, distance, coverage = (torch.cat(plane) for plane in planes)
        size = camera.height, camera.width
        slant = np.linalg.norm(camera.directions(), axis=1)  # rays have unit length, depth lies along z
        depth = (distance.cpu().numpy() / slant).astype(np.float32).reshape(size)
        mask = coverage.clamp(0, 1).cpu().numpy().reshape(size)
        rows = join_rows(packs)
        return CanvasView(color.T.reshape(1, 3, *size).contiguous(), depth, mask, Traced(rows, *size), rows.nbytes)

    def _part(self, rays: Any) -> tuple[RayRows, Tensor, Tensor, Tensor]:
        """Rows, trained colours (n, 3), distances (n) and coverages (n) of some rays."""
        rays = rays if self.collider is None else self.collider(rays)
        samples, _, _ = self.proposal_sampler(rays, density_fns=self.density_fns)
        density, features = self.field.geometry.get_density(samples)
        weights = samples.get_weights(density)
        trained = self.field.geometry.get_outputs(samples, features)[FieldHeadNames.RGB]
        color = self.renderer_rgb(rgb=trained, weights=weights)
        distance = self.renderer_depth(weights=weights, ray_samples=samples)[:, 0]
        share, total = weights[..., 0].float(), weights.sum(1).float()
        fixed = torch.zeros_like(rays.directions)
        backdrop = self.renderer_rgb.background_color
        if backdrop == "last_sample":
            share = torch.cat([share[:, :-1], share[:, -1:] + 1 - total], 1)
            total = torch.ones_like(total)
        elif backdrop != "random":
            fixed = self.renderer_rgb.get_background_color(backdrop, fixed.shape, fixed.device) * (1 - total)
        rows = pack_rows(self.field.places(samples).float(), share, rays.directions, fixed)
        return rows, color.float(), distance, total[:, 0]

    def render_painted(self, traced: Traced) -> Image:
        """The painted view (see `render_deferred`); appearance is the mean of the photos'."""
        rows = traced.rows
        ends = [0, *rows.counts.cumsum(0).tolist()]

        def render(start: int, end: int) -> Tensor:
            one = slice(ends[start], ends[end])
            ray = torch.arange(end - start, device=self.device).repeat_interleave(rows.counts[start:end])
            colors = self.field.colors(rows.places[one], rows.directions[start:end][ray])
            return rows.fixed[start:end].index_add(0, ray, rows.weights[one, None] * colors.float())

        pixels = render_deferred(render, len(rows.counts), self.config.paint_rays_per_chunk)
        return pixels.T.reshape(1, 3, traced.height, traced.width)

    def get_image_metrics_and_images(self, outputs: Any, batch: Any) -> tuple[dict[str, float], dict[str, Tensor]]:
        """nerfacto's, without LPIPS where its network is not here."""
        metrics, images = super().get_image_metrics_and_images(outputs, batch)
        return lpips_figures(metrics), images
