"""`style3d mesh`."""

from __future__ import annotations

from style3d.commands.paint import paint
from style3d.job import MeshJob


def run(arguments: list[str]) -> int:
    """Stylise a mesh."""
    return paint(MeshJob, arguments)
