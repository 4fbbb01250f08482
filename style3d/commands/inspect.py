"""`style3d inspect` shows what a glTF holds."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from style3d.commands.parse import parse
from style3d.commands.tell_remarks import tell_remarks


@dataclass(frozen=True)
class Inspection:
    """Show what a glTF holds: meshes, materials, images with their sizes, animations, extensions, provenance."""

    model: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="MODEL")]
    """A .glb or .gltf file."""
    strict: bool = False
    """Refuse a file of which something is not found, instead of saying so and going on."""


def run(arguments: list[str]) -> int:
    """Print the list."""
    from style3d.mesh.inspect import inspect_file

    asked = parse(Inspection, "inspect", arguments, Inspection.__doc__ or "")
    with tell_remarks(asked.strict):
        lines = inspect_file(asked.model)
    print(lines)
    return 0
