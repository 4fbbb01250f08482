"""Each kind of file that a job can write has a row here. The rooms that write them have registries of their own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import final, overload

from style3d.errors import Style3DError
from style3d.gltf.extensions import GAUSSIANS


@final
@dataclass(frozen=True)
class MeshFile:
    """A kind of mesh file, and what a written one holds. Concretely: `.obj`, geometry and textures but no document."""

    suffix: str
    meaning: str  # what is written, for the table in docs/formats.md
    keeps_document: bool = False  # all that the source says besides its paint
    holds_variants: bool = False  # several variants, switchable in a viewer
    holds_maps: bool = False  # besides the base colour
    holds_signatures: bool = False  # inside its textures


@final
@dataclass(frozen=True)
class FieldFile:
    """A kind of file that a radiance field is written as. Concretely: `.spz`, Niantic's packed splats."""

    suffix: str
    meaning: str


@final
class Suffixes(Sequence[str]):
    """The suffixes of a table's rows, also of those that are added later."""

    def __init__(self, rows: Sequence[MeshFile] | Sequence[FieldFile]) -> None:
        self._rows = rows

    @overload
    def __getitem__(self, index: int) -> str: ...

    @overload
    def __getitem__(self, index: slice) -> list[str]: ...

    def __getitem__(self, index: int | slice) -> str | list[str]:
        return [row.suffix for row in self._rows][index]

    def __len__(self) -> int:
        return len(self._rows)

    def __str__(self) -> str:
        return either(self)


MESH_FILES: list[MeshFile] = [
    MeshFile(
        ".glb",
        "one file; for a glTF input only base-colour images, their references and RGB colour factors differ",
        *(True, True, True, True),
    ),
    MeshFile(".gltf", "JSON, `.bin` and textures beside it", *(True, True, True, True)),
    MeshFile(".vrm", "a GLB under the suffix of avatars", *(True, True, True, True)),
    MeshFile(".obj", "with MTL and pictures; an OBJ's objects, polygons and materials stay"),
    MeshFile(".ply", "with vertex colours"),
]
FIELD_FILES: list[FieldFile] = [
    FieldFile(".ply", "splats as the 3DGS reference code keeps them"),
    FieldFile(".glb", f"splats as {GAUSSIANS}"),
    FieldFile(".spz", "splats in few bytes"),
    FieldFile(".splat", "splats for web viewers"),
    FieldFile(".safetensors", "the radiance grid itself"),
]
MESH_SOURCES = (".glb", ".gltf", ".vrm", ".obj", ".ply", ".stl", ".off")  # what meshes are read from
MESH_SUFFIXES, FIELD_SUFFIXES = Suffixes(MESH_FILES), Suffixes(FIELD_FILES)


def mesh_file(suffix: str) -> MeshFile:
    """The row of a suffix, in either case.

    Raises:
        Style3DError: no mesh is written so.
    """
    found = next((row for row in MESH_FILES if row.suffix == suffix.lower()), None)
    if found is None:
        raise Style3DError(
            f"a mesh cannot be written as {suffix or 'a file without a suffix'}", expected=str(MESH_SUFFIXES)
        )
    return found


def mesh_files_that(can: Callable[[MeshFile], bool]) -> str:
    """The suffixes of rows for which ``can`` is true, as a refusal lists them."""
    return either([row.suffix for row in MESH_FILES if can(row)])


def either(names: Sequence[str]) -> str:
    """As a sentence lists alternatives: ``.glb, .gltf or .obj``."""
    return " or ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
