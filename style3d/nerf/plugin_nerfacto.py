"""A nerfacto that can be painted."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from nerfstudio.models.nerfacto import NerfactoModel, NerfactoModelConfig
from torch import Tensor
from torch.nn import Parameter

from style3d.camera import Camera
from style3d.nerf.plugin_cameras import to_nerfstudio
from style3d.nerf.plugin_canvas import Canvas, Sight, deferred
from style3d.nerf.plugin_field import PaintedField
from style3d.nerf.plugin_lpips import drop_networks, known, without_downloads
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
        """nerfacto's groups, and ``paint``."""
        groups: dict[str, list[Parameter]] = super().get_param_groups()
        groups["fields"] = list(self.field.geometry.parameters())
        groups["paint"] = self.field.strokes()
        return groups

    @property
    def paint(self) -> list[Parameter]:
        """The colour field and the appearance embedding."""
        strokes: list[Parameter] = self.field.strokes()
        return strokes

    @property
    def rates(self) -> dict[str, float]:
        """One group."""
        return {"paint": 1.0}

    @property
    def recolors(self) -> bool:
        """A network's colours are fitted."""
        return False

    def prepare(self, matrix: Float[Tensor, "3 3"], offset: Float[Tensor, "3"]) -> None:
        """Copy the colours and freeze everything else."""
        self.field.start()
        self.hold()

    def hold(self) -> None:
        """Freeze what is not paint, and where samples fall along a ray."""
        self.requires_grad_(False)
        for parameter in self.paint:
            parameter.requires_grad_(True)
        self.proposal_sampler.set_anneal(1.0)

    def look(self, camera: Camera) -> Image:
        """The painted view, deferred (see `deferred`)."""
        rays = to_nerfstudio(camera, self.device).generate_rays(camera_indices=0, keep_shape=True)

        def render(start: int, end: int) -> Tensor:
            rgb: Tensor = self.forward(rays.get_row_major_sliced_ray_bundle(start, end))["rgb"]
            return rgb

        pixels = deferred(render, len(rays), self.config.paint_rays_per_chunk)
        return pixels.T.reshape(1, 3, camera.height, camera.width)

    @torch.no_grad()
    def original(self, camera: Camera) -> Sight:
        """The trained view; a backdrop that is part of the field is scene too."""
        self.field.shows_original = True
        try:
            outputs = self.get_outputs_for_camera(to_nerfstudio(camera, self.device))
        finally:
            self.field.shows_original = False
        size = camera.height, camera.width
        distance = outputs["depth"].reshape(size).cpu().numpy()
        slant = np.linalg.norm(camera.directions(), axis=1).reshape(size)  # rays have unit length, depth lies along z
        mask = np.ones(size, np.float32)
        if self.config.background_color != "last_sample":
            mask = outputs["accumulation"].reshape(size).clamp(0, 1).cpu().numpy()
        depth = (distance / slant).astype(np.float32)
        return Sight(outputs["rgb"].permute(2, 0, 1)[None].contiguous(), depth, mask)

    def get_image_metrics_and_images(self, outputs: Any, batch: Any) -> tuple[dict[str, float], dict[str, Tensor]]:
        """nerfacto's, without LPIPS where its network is not here."""
        metrics, images = super().get_image_metrics_and_images(outputs, batch)
        return known(metrics), images
