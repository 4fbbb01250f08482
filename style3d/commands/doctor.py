"""`style3d doctor`."""

from __future__ import annotations

from style3d.doctor import doctor
from style3d.errors import Style3DError


def run(arguments: list[str]) -> int:
    """Print what is installed."""
    if arguments:
        raise Style3DError(f"doctor takes no options, got {' '.join(arguments)}")
    print(doctor())
    return 0
