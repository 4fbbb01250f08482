"""Both ends of the strength slider are kept next to an output, so that any strength can be written later."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import final

import numpy as np
from jaxtyping import UInt8

from style3d.color.interpolate import straight_line
from style3d.errors import Style3DError
from style3d.files import atomic_path, check_readable

MOST_ENTRIES = 256 << 20
STRENGTHS = "strengths.npz"  # beside an output
NAMES = ("before", "after")


@final
class Strengths:
    """The tables before and after, (entries, 3) in 8-bit display-referred levels."""

    def __init__(self, before: UInt8[np.ndarray, "entries 3"], after: UInt8[np.ndarray, "entries 3"]) -> None:
        self.before, self.after = before, after

    def at(self, strength: float) -> UInt8[np.ndarray, "entries 3"]:
        """The table at a strength in [0, 1]."""
        return straight_line(self.before, self.after, strength)

    def save(self, path: Path) -> None:
        """Write both tables as one compressed .npz file."""
        with atomic_path(path) as temporary:
            np.savez_compressed(temporary, before=self.before, after=self.after)


def read_strengths(path: Path) -> Strengths:
    """Read what `Strengths.save` wrote.

    Raises:
        Style3DError: it is missing, damaged, or larger than any run leaves.
    """
    check_readable(path)
    try:
        _check_sizes(path)
        with np.load(path, allow_pickle=False) as file:
            before, after = (np.asarray(file[name]) for name in NAMES)
        if before.shape != after.shape or before.ndim != 2 or before.shape[1] != 3:
            raise ValueError("tables of other shapes")
        if before.dtype != np.uint8 or after.dtype != np.uint8:
            raise ValueError("tables of other numbers")
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zipfile.LargeZipFile) as error:
        raise Style3DError(f"{path} is damaged", got=str(error)[:120], hint="run the job again") from None
    return Strengths(before, after)


def _check_sizes(path: Path) -> None:
    """Refuse an archive that would unpack to more than the largest run leaves."""
    with zipfile.ZipFile(path) as archive:
        if any(item.file_size > 3 * MOST_ENTRIES + 4096 for item in archive.infolist()):
            raise ValueError("it would unpack to more than any run leaves")
