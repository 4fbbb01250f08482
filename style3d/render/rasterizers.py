"""This module makes the rasteriser of a given name."""

from __future__ import annotations

from style3d.errors import Style3DError
from style3d.render.rasterizer import Rasterizer, RasterizerName
from style3d.render.rasterizer_embree import EmbreeRasterizer
from style3d.render.surface import Surface


def build_rasterizer(name: RasterizerName, surface: Surface) -> Rasterizer:
    """The rasteriser called ``name``; the optional ones are imported only here."""
    if name == "embree":
        return EmbreeRasterizer(surface)
    if name == "torch":
        from style3d.render.rasterizer_torch import TorchRasterizer

        return TorchRasterizer(surface)
    if name == "pytorch3d":
        from style3d.render.rasterizer_pytorch3d import Pytorch3dRasterizer

        return Pytorch3dRasterizer(surface)
    if name == "nvdiffrast":
        from style3d.render.rasterizer_nvdiffrast import NvdiffrastRasterizer

        return NvdiffrastRasterizer(surface)
    raise Style3DError(f"no rasteriser is called '{name}'", expected="embree, torch, pytorch3d or nvdiffrast")
