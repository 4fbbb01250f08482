"""An origin keeps what a file says beside its splats, and reads which way is up."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, final, get_args

import numpy as np
from jaxtyping import Float64

from style3d.nerf.splats.gltf_source import GltfSource
from style3d.ply.lists import Rows

Up = Literal["x", "y", "z", "-x", "-y", "-z"]
VERTICAL = re.compile(r"^(?:comment|obj_info)\s+(?:vertical|up)[ _-]?axis\s*[:=]?\s*([+-]?[xyz])\b", re.IGNORECASE)
FLIPPED = "brush"  # it means by "y" what 3DGS files have: y points down


@final
@dataclass(frozen=True)
class Record:
    """What somebody adds to an SPZ file. Concretely: kind 0x12340001, 24 bytes that only its vendor reads."""

    kind: int  # the vendor in its upper 16 bits
    content: bytes


@dataclass(frozen=True, eq=False)
class Origin:
    """Concretely: "comment Vertical Axis: z", columns in nerfstudio's order, and a table of one camera."""

    comments: tuple[str, ...] = ()  # lines of the header, with the word ``comment`` or ``obj_info``
    columns: tuple[str, ...] = ()  # of the splats' table, in the file's order; () for the usual ones
    tables: Mapping[str, Rows] = field(default_factory=dict)  # further elements
    gltf: GltfSource | None = None  # the file, if it was a glTF
    records: tuple[Record, ...] = ()  # of an SPZ file


def up_of(comments: Sequence[str]) -> Up:
    """The axis that points up, as comments say it; else -y, as 3DGS files have it."""
    for line in comments:
        found = VERTICAL.match(line)
        if found:
            axis = found[1].lower().removeprefix("+")
            return "-y" if axis == "y" and FLIPPED in " ".join(comments).lower() else as_up(axis)
    return "-y"


def as_up(axis: str) -> Up:
    """A name of an axis as one of `Up`."""
    return next(name for name in get_args(Up) if name == axis)


def upright(up: Up) -> Float64[np.ndarray, "3 3"]:
    """The rotation from axes of which ``up`` points up to those of cameras here, where +y does."""
    turns = {"y": np.eye(3), "-y": np.diag([1.0, -1.0, -1.0])}
    turns["z"] = np.array([[1.0, 0, 0], [0, 0, 1], [0, -1, 0]])
    turns["-z"] = np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]])
    turns["x"] = np.array([[0.0, -1, 0], [1, 0, 0], [0, 0, 1]])
    turns["-x"] = np.array([[0.0, 1, 0], [-1, 0, 0], [0, 0, 1]])
    return turns[up]
