"""`style3d inspect` shows what a glTF holds."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from style3d.commands.parse import parse


@dataclass(frozen=True)
class Inspection:
    """Show what a glTF holds: meshes, materials, images with their sizes, animations, extensions, provenance."""

    model: Annotated[Path, tyro.conf.Positional]
    """A .glb or .gltf file."""


def run(arguments: list[str]) -> int:
    """Print the list."""
    from style3d.mesh.inspect import inspect_file

    print(inspect_file(parse(Inspection, "inspect", arguments, Inspection.__doc__ or "").model))
    return 0
