"""`style3d diff` lists how a painted glTF differs from its source."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from style3d.commands.parse import parse
from style3d.commands.tell_remarks import tell_remarks


@dataclass(frozen=True)
class Comparison:
    """List how a glTF and its painted copy differ, a sentence for each difference.

    Painting may repaint base-colour images, point materials to them and make their colour factors white, and add
    images, textures, UV sets with the vertices split along their cuts, vertex colours, variants and provenance. The
    exit status is 0 if nothing else differs, and 1 if something does.
    """

    source: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="SOURCE")]
    """The original asset, .glb or .gltf."""
    painted: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="PAINTED")]
    """The painted asset, .glb or .gltf."""
    strict: bool = False
    """Refuse files of which something is not found, instead of saying so and going on."""


def run(arguments: list[str]) -> int:
    """Print the differences."""
    from style3d.mesh.diff import diff_files

    request = parse(Comparison, "diff", arguments, Comparison.__doc__ or "")
    with tell_remarks(request.strict):
        found = diff_files(request.source, request.painted)
    for difference in found:
        print(f"{'allowed    ' if difference.allowed else 'NOT ALLOWED'}  {difference.sentence}")
    wrong = sum(not difference.allowed for difference in found)
    print(f"{len(found)} differences, {wrong} not allowed" if found else "no differences")
    return 1 if wrong else 0
