"""A job on a mesh: glTF, OBJ, PLY, STL or OFF."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar, Literal, final

import tyro

from style3d.job.base import Job
from style3d.job.values import Between

TextureFormat = Literal["png", "jpeg", "webp"]
Paint = Literal["auto", "texture", "vertices"]


@final
@dataclass(frozen=True)
class MeshJob(Job):
    """Give a mesh the look of a picture: model and style in, the same asset in that style out."""

    kind: ClassVar[str] = "mesh"
    outputs: ClassVar[tuple[str, ...]] = (".glb", ".gltf", ".obj", ".ply")

    model: Annotated[Path, tyro.conf.Positional]
    """The asset: .glb, .gltf, .obj, .ply, .stl or .off."""
    output: Path | None = None
    """File to write, .glb, .gltf, .obj or .ply; default: MODEL.styled.glb in the working folder."""
    paint: Paint = "auto"
    """What is painted: texture or vertices; auto: texture, except vertices for a dense mesh without UVs."""
    texture_size: Annotated[int | None, Between(16, 8192)] = None
    """Longer side of the textures written, texels; default: the source's, at least 1024."""
    base_color: Path | None = None
    """Picture to start from where the model names none (an OBJ without MTL)."""
    texture_format: TextureFormat = "png"
    """Image format inside the asset."""
    lighting: Literal["studio", "unlit"] = "studio"
    """Light in the views the style is judged in; the textures written hold no light of their own."""
    rasterizer: Literal["embree", "torch", "pytorch3d", "nvdiffrast"] = "embree"
    """What decides visibility."""
    pose: str | None = None
    """How a rig stands while it is painted: ANIMATION:SECONDS, or bind; default: as the file has it."""
    credit: str = ""
    """Licence notes and names, told in the asset beside what it was made of."""
