"""A surface tells the renderer of a mesh its triangles in world space, and where their colour comes from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from jaxtyping import Float, Float32, Float64, Int32, Int64

Wrap = Literal["repeat", "clamp", "mirror"]
AlphaMode = Literal["OPAQUE", "MASK", "BLEND"]


@dataclass(frozen=True)
class Texture:
    """One base-colour texture to be painted, at the size it will be written.

    Concretely: material 'Leather' of a helmet, its 512² image enlarged to 1024² with the colour factor multiplied in.
    """

    name: str
    rgb: Float32[np.ndarray, "h w 3"]  # display-referred, [0, 1], row 0 at the top (v = 0), as in glTF
    alpha: Float32[np.ndarray, "h w"] | None = None  # opacity in [0, 1]; None is opaque
    wrap: tuple[Wrap, Wrap] = ("repeat", "repeat")  # of u and of v


@dataclass(frozen=True)
class Material:
    """How a face gets its colour: from a painted texture, from vertex entries, or a constant that stays as it is."""

    name: str
    texture: int | None = None  # index into Surface.textures; None: not painted through a texture
    rgb: tuple[float, float, float] = (1.0, 1.0, 1.0)  # display-referred constant of a material that is not painted
    alpha: float = 1.0  # opacity factor
    alpha_mode: AlphaMode = "OPAQUE"
    alpha_cutoff: float = 0.5  # of MASK
    double_sided: bool = True


@dataclass(frozen=True)
class Surface:
    """Every triangle to be rendered, in world space, with instances already expanded.

    ``painted`` says which of the two tables θ is: the texels of all ``textures``, one after another in row-major
    order, or the vertex colours numbered by ``entry``. Instances and mirrored UVs share entries.
    """

    positions: Float64[np.ndarray, "vertices 3"]  # scene units
    normals: Float32[np.ndarray, "vertices 3"]  # unit, world space, for shading only
    faces: Int32[np.ndarray, "faces 3"]
    uvs: Float64[np.ndarray, "vertices 2"]  # after KHR_texture_transform, may leave [0, 1]; zeros where unused
    tint: Float32[np.ndarray, "vertices 3"]  # display-referred factor on the painted colour (COLOR_0), [0, 1]
    alpha: Float32[np.ndarray, "vertices"]  # opacity factor of the vertex
    entry: Int64[np.ndarray, "vertices"]  # row of the vertex-colour table; -1 where painted through a texture
    material: Int32[np.ndarray, "faces"]  # index into materials
    materials: tuple[Material, ...]
    textures: tuple[Texture, ...] = ()
    painted: Literal["texture", "vertices"] = "texture"
    vertex_rgb: Float[np.ndarray, "entries 3"] = field(
        default_factory=lambda: np.zeros((0, 3))
    )  # initial θ when vertices
    owner: Int32[np.ndarray, "n"] = field(default_factory=lambda: np.zeros(0, np.int32))  # of each face, into owners
    owners: tuple[tuple[str, str], ...] = ()  # names of the node and of the mesh that placed faces

    @property
    def face_texture(self) -> Int64[np.ndarray, "faces"]:
        """Painted texture of each face; -1 where its material has none."""
        of = [-1 if material.texture is None else material.texture for material in self.materials]
        return np.array(of, dtype=np.int64)[self.material]

    @property
    def entries(self) -> int:
        """Rows of θ."""
        if self.painted == "vertices":
            return len(self.vertex_rgb)
        return sum(texture.rgb.shape[0] * texture.rgb.shape[1] for texture in self.textures)
