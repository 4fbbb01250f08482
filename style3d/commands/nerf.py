"""`style3d nerf`."""

from __future__ import annotations

from style3d.commands.paint import paint
from style3d.job import FieldJob


def run(arguments: list[str]) -> int:
    """Stylise a radiance field."""
    return paint(FieldJob, arguments)
