"""The registry lists the splat formats. Readers, writers, refusals and docs/formats.md come from its rows."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from style3d.errors import Style3DError
from style3d.job.file_types import FIELD_FILES, FieldFile, either
from style3d.job.foreign import check_foreign
from style3d.nerf.splats.formats.axes import WORDS
from style3d.nerf.splats.formats.compressed_ply import COMPRESSED_PLY
from style3d.nerf.splats.formats.gaussian_gltf import GAUSSIAN_GLTF
from style3d.nerf.splats.formats.gaussian_ply import GAUSSIAN_PLY
from style3d.nerf.splats.formats.ksplat import KSPLAT
from style3d.nerf.splats.formats.row import SplatFormat
from style3d.nerf.splats.formats.sog import SOG
from style3d.nerf.splats.formats.splat import SPLAT
from style3d.nerf.splats.formats.spz import SPZ

BUILT_IN = (GAUSSIAN_PLY, COMPRESSED_PLY, GAUSSIAN_GLTF, SPZ, SPLAT, KSPLAT, SOG)
FORMATS: list[SplatFormat] = list(BUILT_IN)


def register(row: SplatFormat) -> None:
    """Add a format: `read_splats`, `write_splats` and jobs' outputs know it from then on.

    A later format is asked before earlier ones whether it recognises a file.

    Raises:
        Style3DError: another format is written with the same suffix.
    """
    if row.write is not None:
        if row.suffixes[0] in (known.suffix for known in FIELD_FILES):
            raise Style3DError(f"{row.suffixes[0]} is written by another format", hint="choose another first suffix")
        FIELD_FILES.append(FieldFile(row.suffixes[0], row.title))
    FORMATS.append(row)


def reader_of(content: bytes, path: Path) -> SplatFormat:
    """The format of a file. Formats that were added are asked first, because a file of theirs may look like another's:
    many are ZIP archives. Then comes what is known to be no splats, then the formats of style3d.

    Raises:
        Style3DError: it is of none; names the file's kind if that is known.
    """
    found = _first_that_knows(FORMATS[len(BUILT_IN) :], content, path)
    if found is None:
        check_foreign(path, content, "nerf")
        found = _first_that_knows(BUILT_IN, content, path)
    if found is None:
        suffixes = list(dict.fromkeys(suffix for row in FORMATS for suffix in row.suffixes))
        got = f"{content[:8]!r}…"
        raise Style3DError(f"{path.name} is not a splat file that style3d reads", got=got, expected=either(suffixes))
    return found


def _first_that_knows(rows: Sequence[SplatFormat], content: bytes, path: Path) -> SplatFormat | None:
    """The newest format that recognises a file by content, else the newest that has only its suffix to go by."""
    newest_first = rows[::-1]
    marked = (row for row in newest_first if row.recognise is not None and row.recognise(content, path))
    plain = (row for row in newest_first if row.recognise is None and path.suffix.lower() in row.suffixes)
    return next(marked, None) or next(plain, None)


def is_splats(head: bytes, path: Path) -> bool:
    """Whether a file holds splats, and no mesh, by its first bytes and its suffix."""
    suffix = path.suffix.lower()
    return any(any(mark in head for mark in row.marks) or (not row.marks and suffix in row.suffixes) for row in FORMATS)


def writers() -> dict[str, SplatFormat]:
    """The formats that are written, by suffix."""
    return {row.suffixes[0]: row for row in FORMATS if row.write is not None}


def docs_table() -> str:
    """The table in docs/formats.md."""
    lines = ["| file | read | written | axes x, y, z | what it keeps |", "|---|---|---|---|---|"]
    for row in FORMATS:
        axes = ", ".join(WORDS[letter] for letter in row.axes)
        written = "no" if row.write is None else row.writes
        lines.append(f"| {row.title} | {row.reads} | {written} | {axes} | {row.keeps} |")
    return "\n".join(lines)
