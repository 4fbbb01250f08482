"""Triangles whose corners have colours and UVs of their own become imported parts, with equal corners joined."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, final

import numpy as np
from jaxtyping import Bool, Float64, Int64

from style3d.images import decode_srgb
from style3d.mesh.imported_parts import ImportedPart
from style3d.mesh.sound_faces import MOST_REPEATS, sound_uvs
from style3d.mesh.unique_rows import number_rows

Array = np.ndarray[Any, Any]


@final
@dataclass(frozen=True)
class Corners:
    """A mesh by the corners of its triangles. Concretely: 12 triangles of a box whose six sides differ in colour."""

    positions: Float64[np.ndarray, "vertices 3"]
    faces: Int64[np.ndarray, "triangles 3"]
    normals: Float64[np.ndarray, "triangles 3 3"] | None = None
    uvs: Float64[np.ndarray, "triangles 3 2"] | None = None  # v upwards
    colors: Float64[np.ndarray, "triangles 3 4"] | None = None  # display-referred RGB and opacity, [0, 1]

    def without_bad_uvs(self, name: str) -> tuple[Corners, Bool[np.ndarray, "triangles"]]:
        """The triangles whose UVs are sensible numbers, or all without UVs where none are; and which are kept."""
        if self.uvs is None:
            return self, np.ones(len(self.faces), bool)
        with np.errstate(invalid="ignore"):
            bad: Array = ~(np.abs(self.uvs) <= MOST_REPEATS).all((1, 2))
        kept = sound_uvs(~bad, bad, name)
        normals, uvs, colors = (None if part is None else part[kept] for part in (self.normals, self.uvs, self.colors))
        return Corners(self.positions, self.faces[kept], normals, None if bad.all() else uvs, colors), kept

    def part(
        self, name: str, material: int | None = None, chosen: Bool[np.ndarray, "triangles"] | None = None
    ) -> ImportedPart:
        """The triangles, or the chosen ones, as a part; colours that are all white are none."""
        every = np.ones(len(self.faces), bool) if chosen is None else chosen
        faces = self.faces[every]
        if not len(faces):
            return ImportedPart(name, self.positions, faces, material)
        normals, uvs, colors = (
            None if given is None else given[every].reshape(3 * len(faces), -1)
            for given in (self.normals, self.uvs, self.colors)
        )
        uvs = None if uvs is None else uvs * [1, -1] + [0, 1]
        if colors is not None:
            colors = None if (colors >= 1).all() else np.column_stack([decode_srgb(colors[:, :3]), colors[:, 3]])
        columns = [part for part in (self.positions[faces.ravel()], normals, uvs, colors) if part is not None]
        first, numbers = number_rows(np.column_stack(columns))
        normals, uvs, colors = (None if part is None else part[first] for part in (normals, uvs, colors))
        return ImportedPart(name, columns[0][first], numbers.reshape(-1, 3), material, normals, uvs, colors)


def by_corner(values: Array, faces: Int64[np.ndarray, "triangles 3"]) -> Array:
    """Rows of vertices as rows of corners."""
    return values[faces]
