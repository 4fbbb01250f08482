"""A row describes one splat format."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import final

from style3d.nerf.splats.formats.capacity import Holds
from style3d.nerf.splats.splats import Splats


@final
@dataclass(frozen=True)
class SplatFormat:
    """One kind of splat file: how it is known, read and written, and what docs/formats.md says of it.

    Concretely: Niantic's SPZ, ``.spz``, known by its first bytes, written as version 3 in a few bytes a splat.

    A file goes to the format that recognises its content. Where none does it goes to the one that has its suffix and
    no way to recognise content. Formats that were added are asked before those of style3d. `read` gives splats in the
    axes of 3DGS PLY files (x right, y down, z forward) and `write` takes them in those; see
    `style3d.nerf.splats.formats.axes`. `read` must assume that a stranger made the file: it bounds what it reads and
    raises `Style3DError`. A format without ``write`` is only read. ``holds`` says what a file has no room for, which is
    told before painting; ``marks`` are needed where meshes share the suffix.

    Examples:
        >>> from pathlib import Path
        >>> from style3d.nerf.splats.files import read_splats
        >>> from style3d.nerf.splats.formats.registry import FORMATS
        >>> row = next(row for row in FORMATS if ".splat" in row.suffixes)
        >>> splats = read_splats(Path("data/scenes/mossling.spz"))
        >>> len(row.write(splats)) == 32 * splats.count
        True
    """

    title: str  # how the table in docs/formats.md calls its files
    suffixes: tuple[str, ...]  # in lower case; the first is the one that is written
    read: Callable[[bytes, Path], Splats]  # content, and where it lies; raises Style3DError
    axes: str  # of the files, such as RDF: x right, y down, z forward
    keeps: str  # how exactly numbers are stored, for that table
    recognise: Callable[[bytes, Path], bool] | None = None  # by the content; None: the suffix is its only mark
    write: Callable[[Splats], bytes] | None = None  # None: it is only read
    reads: str = "yes"  # which of its versions, for that table
    writes: str = "yes"
    holds: Holds = field(default_factory=Holds)  # what its files have room for
    marks: tuple[bytes, ...] = ()  # one is in the head of its files, where meshes have the same suffix
