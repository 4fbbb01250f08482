"""Each painted texture goes to the slots of the materials that show it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Slot:
    """A material whose base colour is painted.

    Concretely: material 3 takes its colour from texture 1 of the table, by UV set 0.
    """

    material: int
    table: int  # index into the textures that are painted
    texcoord: int | None  # None: no UVs, only the factor takes the mean colour
