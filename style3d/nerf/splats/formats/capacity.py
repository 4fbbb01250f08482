"""Each splat format says how much of splats its files hold, so that what is lost can be told before it is written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import final

from style3d.nerf.splats.formats.values import is_usual
from style3d.nerf.splats.harmonics import MAX_DEGREE
from style3d.nerf.splats.splats import Splats


@final
@dataclass(frozen=True)
class Holds:
    """What files of a format have room for. Concretely: `.splat` has no harmonics beyond the constant."""

    degree: int = MAX_DEGREE  # highest band of the harmonics
    columns: bool = False  # further columns, tables and comments that a PLY brought
    tables: tuple[str, ...] = ()  # further tables that have a place although others have none
    records: bool = False  # what vendors add to SPZ files
    scene: bool = False  # the nodes, names and other meshes of the glTF that splats came from

    def losses_in_file(self, splats: Splats, suffix: str) -> Iterator[str]:
        """A sentence for each thing that a file will not hold of splats."""
        if splats.degree > self.degree:
            wanted = f"those of degree {splats.degree}"
            yield f"a {suffix} file holds harmonics up to degree {self.degree}: {wanted} are left out"
        names = [name for name, column in splats.extras.items() if column.any() and not is_usual(name)]
        if names and not self.columns:
            yield f"a {suffix} file holds no further columns: {', '.join(names)} are left out"
        tables = [name for name in splats.origin.tables if name not in self.tables]
        if tables and not self.columns:
            yield f"a {suffix} file holds no further tables: {', '.join(tables)} are left out"
        if splats.origin.records and not self.records:
            kinds = ", ".join(f"0x{record.kind:08x}" for record in splats.origin.records)
            yield f"a {suffix} file holds no records of SPZ files: {kinds} are left out"
        if splats.up != "-y" and not self.columns:
            yield f"a {suffix} file does not say which way is up: {splats.up} is left out"
        source = splats.origin.gltf
        if source is not None and not self.scene and source.tells_more:
            yield f"a {suffix} file holds splats alone: the glTF's nodes, names and whatever else it has are left out"
        if source is not None and self.scene and source.is_instanced:
            yield "instances of one node share their colours: all get what was painted at the first"
        if source is not None and self.scene and source.has_others:
            yield "the meshes beside the splats stay as they are: paint them with style3d mesh"
