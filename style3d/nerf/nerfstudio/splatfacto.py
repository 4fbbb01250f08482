"""This splatfacto can be painted. Its rasteriser needs CUDA."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from jaxtyping import Float
from nerfstudio.cameras.cameras import Cameras
from nerfstudio.models.splatfacto import SplatfactoModel, SplatfactoModelConfig
from torch import Tensor
from torch.nn import Parameter

from style3d.core.camera import Camera
from style3d.device import device_for
from style3d.nerf.nerfstudio.cameras import to_nerfstudio
from style3d.nerf.nerfstudio.canvas import Canvas, CanvasView
from style3d.nerf.nerfstudio.lpips import drop_networks, lpips_figures, without_downloads
from style3d.nerf.nerfstudio.pipeline import StylePipelineConfig
from style3d.types import Image

C0 = 0.28209479177387814  # Y_0: the constant spherical harmonic
NAMES = ("features_dc", "features_rest")
NO_CUDA = (
    "style3d: style3d-splat needs an NVIDIA GPU: nerfstudio's splatfacto renders with CUDA alone; without one paint "
    "splats that are already trained with: style3d nerf SCENE.ply --style IMAGE"
)


@dataclass
class SplatPipelineConfig(StylePipelineConfig):
    """The pipeline, where gsplat can render."""

    def setup(self, **options: Any) -> Any:
        """The pipeline; without a device for gsplat, a line that says what works instead."""
        if device_for("gsplat") is None:
            raise SystemExit(NO_CUDA)
        return super().setup(**options)


@dataclass
class PaintedSplatfactoConfig(SplatfactoModelConfig):
    """splatfacto's settings."""

    _target: type = field(default_factory=lambda: PaintedSplatfacto)


class PaintedSplatfacto(SplatfactoModel, Canvas):  # nerfstudio's models are made to be derived from
    """splatfacto with the colours it was trained to kept beside the painted ones. Loads splatfacto's checkpoints."""

    config: PaintedSplatfactoConfig
    original_features_dc: Tensor  # as trained; empty until painting begins
    original_features_rest: Tensor

    def populate_modules(self) -> None:
        """splatfacto's modules, and room for the trained colours."""
        self.shows_original = False
        with without_downloads():
            super().populate_modules()
        for name in NAMES:
            self.register_buffer(f"original_{name}", torch.empty(0))
        self.register_load_state_dict_pre_hook(lambda _, state, prefix, *__: drop_networks(state, prefix))

    def load_state_dict(self, dict: Mapping[str, Any], **options: Any) -> Any:
        """A checkpoint of ours, or of splatfacto."""
        for name in NAMES:
            trained = dict.get(f"original_{name}", torch.empty(0))
            setattr(self, f"original_{name}", torch.empty_like(trained, device=self.device))
        missing = {f"original_{name}": torch.empty(0) for name in NAMES}
        return super().load_state_dict({**missing, **dict}, **options)

    @property
    def features_dc(self) -> Tensor:
        """Constant coefficients: painted, or as trained while `trace` looks."""
        return self.original_features_dc if self.shows_original else self.gauss_params["features_dc"]

    @property
    def features_rest(self) -> Tensor:
        """The other coefficients, likewise."""
        return self.original_features_rest if self.shows_original else self.gauss_params["features_rest"]

    @property
    def paint(self) -> list[Parameter]:
        """Coefficients of the spherical harmonics."""
        return [self.gauss_params[name] for name in NAMES]

    @property
    def rates(self) -> dict[str, float]:
        """A step of the constant term in units of colour; the others slower, as splatfacto trains them."""
        return {"features_dc": 1 / C0, "features_rest": 1 / C0 / 20}

    @property
    def recolors_exactly(self) -> bool:
        """Spherical harmonics are linear in their coefficients."""
        return True

    @torch.no_grad()
    def start_painting(self, matrix: Float[Tensor, "3 3"], offset: Float[Tensor, "3"]) -> None:
        """Keep the trained colours (or take them up again) and recolour their copy."""
        if not self.original_features_dc.numel():
            self.original_features_dc = self.gauss_params["features_dc"].detach().clone()
            self.original_features_rest = self.gauss_params["features_rest"].detach().clone()
        dc, rest = self.original_features_dc, self.original_features_rest
        if self.config.sh_degree > 0:
            colors = (0.5 + C0 * dc) @ matrix.T + offset
            self.gauss_params["features_dc"].copy_((colors - 0.5) / C0)
            self.gauss_params["features_rest"].copy_(rest @ matrix.T)
        else:
            colors = torch.sigmoid(dc) @ matrix.T + offset
            self.gauss_params["features_dc"].copy_(torch.logit(colors.clamp(0, 1), eps=1e-3))
        self.freeze_geometry()

    def freeze_geometry(self) -> None:
        """Freeze everything but the coefficients."""
        self.requires_grad_(False)
        for parameter in self.paint:
            parameter.requires_grad_(True)

    @torch.no_grad()
    def trace(self, camera: Camera) -> CanvasView:
        """The trained view; splats are rasterised anew for the painted one."""
        traced = to_nerfstudio(camera, self.device)
        self.shows_original = True
        try:
            outputs = self.get_outputs(traced)
        finally:
            self.shows_original = False
        depth, mask = (outputs[name][..., 0].float().cpu().numpy() for name in ("depth", "accumulation"))
        return CanvasView(_image(outputs), depth, mask.clip(0, 1), traced)

    def render_painted(self, traced: Cameras) -> Image:
        """The painted view; the rasteriser has a gradient of its own, so nothing is deferred."""
        return _image(self.get_outputs(traced))

    def get_image_metrics_and_images(self, outputs: Any, batch: Any) -> tuple[dict[str, float], dict[str, Tensor]]:
        """splatfacto's, without LPIPS where its network is not here."""
        metrics, images = super().get_image_metrics_and_images(outputs, batch)
        return lpips_figures(metrics), images


def _image(outputs: Mapping[str, Any]) -> Image:
    rgb: Tensor = outputs["rgb"]
    return rgb.permute(2, 0, 1)[None].contiguous()
