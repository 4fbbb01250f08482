"""A document view is read once: placements, their primitives, materials and base-colour images."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from jaxtyping import Float64

from style3d.errors import Style3DError
from style3d.gltf.accessors import Accessors
from style3d.gltf.container import image_bytes
from style3d.gltf.document import Document
from style3d.gltf.nodes import Placement, in_bind_pose, placements
from style3d.gltf.splat_primitives import is_splats
from style3d.gltf.texture_images import KTX2, read_texture
from style3d.mesh.animation import BIND, Pose, at_pose
from style3d.mesh.materials import BaseColor, Lookup, base_color, lookup
from style3d.mesh.primitives import Primitive, read_primitive
from style3d.mesh.textures import Opacity, Rgb
from style3d.remarks import count_of, remark

MAX_FACES = 20_000_000
Key = tuple[int, int]  # mesh, primitive


@dataclass(frozen=True)
class Pool:
    """The drawn geometry of a document, not yet placed.

    Concretely: one chess piece, drawn 16 times, and the board.
    """

    document: Document
    drawn: tuple[Placement, ...]
    primitives: dict[Key, Primitive]
    notes: tuple[str, ...]
    materials: tuple[BaseColor, ...]  # of the document, in its order
    images: dict[int, tuple[Rgb, Opacity | None] | None] = field(default_factory=dict)  # read so far; None: broken
    _lookups: dict[int | None, Lookup] = field(default_factory=dict)  # by texture, read so far

    def color(self, key: Key) -> BaseColor:
        """The base colour of a primitive's material.

        Raises:
            Style3DError: there is no such material.
        """
        index = self.primitives[key].material
        known = isinstance(index, int) and 0 <= index < len(self.materials)
        return self.materials[index or 0] if known else base_color(self.document, index)

    def world_positions(self, key: Key) -> Float64[np.ndarray, "vertices 3"]:
        """Positions of a primitive in world space, as its mesh is placed first, so that sizes compare."""
        matrix = self._first[key[0]]
        return self.primitives[key].positions @ matrix[:3, :3].T + matrix[:3, 3]

    @cached_property
    def _first(self) -> dict[int, Float64[np.ndarray, "4 4"]]:
        return {placement.mesh: placement.matrices[0] for placement in reversed(self.drawn)}

    def lookup(self, color: BaseColor) -> Lookup:
        """How the texture of a base colour is looked up.

        Raises:
            Style3DError: there is no such texture, sampler or image.
        """
        if color.texture not in self._lookups:
            found = self._lookups[color.texture] = lookup(self.document, color.texture)
            if color.texture is not None and found.image is None:
                remark(f"material {color.name}: its texture names no picture; its plain colour is used")
        return self._lookups[color.texture]

    def image(self, index: int) -> tuple[Rgb, Opacity | None] | None:
        """Colour and opacity of an image; None, with a remark, where it cannot be read."""
        if index not in self.images:
            name = image_name(self.document, index) or f"image {index}"
            content = b""
            try:
                content = image_bytes(self.document, Accessors(self.document), index)
                pixels = read_texture(content, name)
            except Style3DError as error:
                if content.startswith(KTX2) or "too many pixels" in str(error):
                    raise
                remark(f"texture {name!r} could not be read ({error}); the material's plain colour is used")
                self.images[index] = None
            else:
                alpha = np.ascontiguousarray(pixels[..., 3]) if pixels.shape[2] == 4 else None
                self.images[index] = (np.ascontiguousarray(pixels[..., :3]), alpha)
        return self.images[index]


def read_pool(document: Document, pose: Pose | None = None) -> Pool:
    """Read what the default scene shows, as the file stands or at a pose.

    Raises:
        Style3DError: nothing with faces is shown, there are too many faces, no such pose, or something is damaged.
    """
    reader = Accessors(document)
    drawn, notes = placements(Accessors(at_pose(document, pose)))
    if pose is not None and pose.animation == BIND:
        drawn = [in_bind_pose(placement) for placement in drawn]
    primitives: dict[Key, Primitive] = {}
    skipped, broken, faces = 0, 0, 0
    for placement in drawn:
        for index, item in enumerate(document.item("meshes", placement.mesh).get("primitives", [])):
            key = (placement.mesh, index)
            if is_splats(item):
                continue
            if key not in primitives:
                found = read_primitive(reader, *key)
                if found is None or not len(found.faces):
                    skipped += found is None
                    broken += found is not None
                    continue
                primitives[key] = found
            faces += len(primitives[key].faces) * len(placement.matrices)
            if faces > MAX_FACES:
                raise Style3DError("the mesh has too many faces", got=f"over {faces:,}", expected=f"≤ {MAX_FACES:,}")
    if not primitives:
        got = [f"{count_of(skipped, 'primitive')} of points or lines"] if skipped else []
        got += [f"{count_of(broken, 'primitive')} without one finite, complete triangle"] if broken else []
        seen = " and ".join(got) or "nothing that is shown"
        raise Style3DError("the model has no faces", got=seen, expected="triangles", hint="export a surface")
    if skipped or broken:
        notes.append(f"{count_of(skipped + broken, 'primitive')} of points, lines or nothing left as it was")
    materials = tuple(base_color(document, index) for index in range(len(document.items("materials"))))
    return Pool(document, tuple(drawn), primitives, tuple(notes), materials)


def image_name(document: Document, index: int) -> str:
    """What an image is called: its name, or its file's."""
    item = document.item("images", index)
    uri = item.get("uri", "")
    stem = "" if uri.startswith("data:") else uri.replace("\\", "/").rsplit("/", 1)[-1].rsplit(".", 1)[0]
    return str(item.get("name") or stem)
