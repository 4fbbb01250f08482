"""A glTF that splats were read from is kept whole, so that they can be written back into it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np
from jaxtyping import Float64

from style3d.gltf.document import Document
from style3d.gltf.splat_primitives import has_others

OTHERS = ("animations", "cameras", "skins", "materials", "images")  # that a glTF of splats alone does without
TOLD = ("name", "extras", "extensions", "skin", "camera", "children")  # of a node, for which other files have no room


@final
@dataclass(frozen=True, eq=False)
class SplatPlace:
    """Where a scene shows the splats of one primitive. Concretely: 400 splats of a bush, at the node "left"."""

    node: int
    mesh: int
    primitive: int  # within the mesh
    matrices: Float64[np.ndarray, "instances 4 4"]  # mesh to world, of every instance
    first: int  # number of its first splat among all that the file shows
    count: int  # splats of one instance


@final
@dataclass(frozen=True, eq=False)
class GltfSource:
    """A glTF and where it shows splats. Concretely: two nodes with one bush each, and a floor of triangles."""

    document: Document
    places: tuple[SplatPlace, ...]

    @property
    def is_instanced(self) -> bool:
        """Whether a node shows the same splats several times."""
        return any(len(place.matrices) > 1 for place in self.places)

    @property
    def has_others(self) -> bool:
        """Whether something besides splats is in the meshes."""
        return has_others(self.document.json)

    @property
    def tells_more(self) -> bool:
        """Whether a file of splats alone would lose something: names, nodes, animations, other meshes."""
        nodes, meshes = self.document.items("nodes"), self.document.items("meshes")
        named = any(key in node for node in nodes for key in TOLD) or any("name" in mesh for mesh in meshes)
        return named or len(nodes) > 1 or self.has_others or any(self.document.items(kind) for kind in OTHERS)
