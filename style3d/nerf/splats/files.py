"""Splat files are read by content and written by suffix."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from style3d.errors import Style3DError
from style3d.files import read_bytes, write_bytes
from style3d.nerf.splats.formats.registry import reader_of, writers
from style3d.nerf.splats.formats.sog import META
from style3d.nerf.splats.formats.values import sound_splats
from style3d.nerf.splats.splats import Splats
from style3d.remarks import remark


def read_splats(path: Path) -> Splats:
    """Read Gaussian splats, in the axes of 3DGS PLY files (x right, y down, z forward).

    Splats that are not finite are left out with a remark.

    Raises:
        Style3DError: the file cannot be read, is none of the kinds that are, or is damaged.
    """
    path = path / META if path.is_dir() else path
    content = read_bytes(path)
    with np.errstate(all="ignore"):  # whatever overflows is not finite, and left out
        return sound_splats(reader_of(content, path).read(content, path), path.name)


def check_splat_suffix(path: Path) -> None:
    """Refuse a name that `write_splats` would refuse, before any work is done.

    Raises:
        Style3DError: an unknown suffix.
    """
    if path.suffix.lower() not in writers():
        raise Style3DError(f"cannot write splats as {path.name}", expected=", ".join(writers()))


def losses_of(splats: Splats, path: Path) -> tuple[str, ...]:
    """What a file at ``path`` will not hold of splats, a sentence each.

    Raises:
        Style3DError: an unknown suffix.
    """
    check_splat_suffix(path)
    row = writers()[path.suffix.lower()]
    return tuple(row.holds.losses_in_file(splats, row.suffixes[0]))


def write_splats(splats: Splats, path: Path) -> None:
    """Write Gaussian splats at once, as what the suffix says.

    Raises:
        Style3DError: an unknown suffix, or the file cannot be written.
    """
    for text in losses_of(splats, path):
        remark(text)
    write = writers()[path.suffix.lower()].write
    assert write is not None  # `writers` holds formats that are written
    write_bytes(path, write(splats))
