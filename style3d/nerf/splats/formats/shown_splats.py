"""A glTF's default scene shows splats where nodes and instances put them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from style3d.errors import Style3DError
from style3d.gltf.accessors import Accessors
from style3d.gltf.document import Document
from style3d.gltf.extensions import GAUSSIANS
from style3d.gltf.nodes import placements
from style3d.gltf.splat_primitives import is_splats
from style3d.nerf.splats.formats.axes import to_ply_axes
from style3d.nerf.splats.formats.gaussian_primitive import read_primitive
from style3d.nerf.splats.formats.values import check_count
from style3d.nerf.splats.gltf_source import GltfSource, SplatPlace
from style3d.nerf.splats.origin import Origin
from style3d.nerf.splats.splats import Splats, join
from style3d.nerf.splats.transform import place_splats

AXES = "LUF"  # x left, y up, z forward
MAX_PLACES = 4096  # at which nodes and instances put primitives


def shown_splats(document: Document, name: str) -> Splats:
    """All splats that are shown, in the axes of PLY files, with the document that they can be written back into.

    Raises:
        Style3DError: there are none, or they are damaged.
    """
    reader = Accessors(document)
    parts, places, total, drawn = list[Splats](), list[SplatPlace](), 0, 0
    for placement in placements(reader)[0]:
        for index, primitive in enumerate(document.item("meshes", placement.mesh)["primitives"]):
            if not is_splats(primitive):
                continue
            drawn += len(placement.matrices)
            if drawn > MAX_PLACES:
                raise Style3DError(f"{name} shows splats in too many places", expected=f"at most {MAX_PLACES:,}")
            splats = read_primitive(reader, primitive, name)
            places.append(SplatPlace(placement.node, placement.mesh, index, placement.matrices, total, splats.count))
            total += splats.count * len(placement.matrices)
            check_count(total, name)
            parts += [place_splats(splats, matrix) for matrix in placement.matrices]
    if not parts:
        hint = f"paint a mesh with: style3d mesh {name}"
        raise Style3DError(f"{name} shows no Gaussian splats", expected=f"primitives with {GAUSSIANS}", hint=hint)
    found = join(parts).rotate(to_ply_axes(AXES))
    return replace(found, origin=Origin(gltf=GltfSource(document, tuple(places))), rows=np.arange(total))
