"""The plugin adds the methods ``style3d`` and ``style3d-splat``: ``ns-train style3d --data DIR`` and the style.

nerfstudio finds them through the entry points ``nerfstudio.method_configs``; nothing in style3d imports this file.
"""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from nerfstudio.configs.base_config import ViewerConfig
from nerfstudio.configs.method_configs import method_configs
from nerfstudio.data.datamanagers.base_datamanager import VanillaDataManagerConfig
from nerfstudio.data.datamanagers.full_images_datamanager import FullImageDatamanagerConfig
from nerfstudio.data.dataparsers.nerfstudio_dataparser import NerfstudioDataParserConfig
from nerfstudio.engine.optimizers import AdamOptimizerConfig
from nerfstudio.engine.trainer import TrainerConfig
from nerfstudio.plugins.types import MethodSpecification

from style3d.nerf.nerfstudio.nerfacto import PaintedNerfactoConfig
from style3d.nerf.nerfstudio.pipeline import StylePipelineConfig
from style3d.nerf.nerfstudio.safe_load import allow_numbers
from style3d.nerf.nerfstudio.splatfacto import PaintedSplatfactoConfig, SplatPipelineConfig

UNTIL_DONE = 1_000_000  # the pipeline knows how many steps there are; this only must not be fewer

allow_numbers()  # nerfstudio loads this file before any of its commands starts


def _optimizers(method: str) -> dict[str, Any]:
    """What the plain method is optimised with."""
    return deepcopy(dict(method_configs[method].optimizers))


nerfacto = MethodSpecification(
    TrainerConfig(
        method_name="style3d",
        steps_per_eval_batch=500,
        steps_per_save=500,
        max_num_iterations=UNTIL_DONE,
        mixed_precision=True,
        pipeline=StylePipelineConfig(
            datamanager=VanillaDataManagerConfig(
                dataparser=NerfstudioDataParserConfig(), train_num_rays_per_batch=4096, eval_num_rays_per_batch=4096
            ),
            model=PaintedNerfactoConfig(eval_num_rays_per_chunk=1 << 15, average_init_density=0.01),
        ),
        optimizers={
            **_optimizers("nerfacto"),
            "paint": {"optimizer": AdamOptimizerConfig(lr=1e-2, eps=1e-15), "scheduler": None},
            "paint_head": {"optimizer": AdamOptimizerConfig(lr=1e-2, eps=1e-15), "scheduler": None},
        },
        viewer=ViewerConfig(num_rays_per_chunk=1 << 15),
        vis="viewer",
    ),
    "nerfacto, then painted like a picture.",
)

splatfacto = MethodSpecification(
    TrainerConfig(
        method_name="style3d-splat",
        steps_per_eval_image=500,
        steps_per_eval_batch=0,
        steps_per_save=500,
        steps_per_eval_all_images=5000,
        max_num_iterations=UNTIL_DONE,
        mixed_precision=False,
        pipeline=SplatPipelineConfig(
            datamanager=FullImageDatamanagerConfig(
                dataparser=NerfstudioDataParserConfig(load_3D_points=True), cache_images_type="uint8"
            ),
            model=PaintedSplatfactoConfig(),
        ),
        optimizers=_optimizers("splatfacto"),
        viewer=ViewerConfig(num_rays_per_chunk=1 << 15),
        vis="viewer",
    ),
    "splatfacto, then painted like a picture (needs CUDA).",
)


def fresh(method: str) -> Any:
    """A configuration of one's own: "nerfacto" or "splatfacto"."""
    return deepcopy({"nerfacto": nerfacto, "splatfacto": splatfacto}[method].config)
