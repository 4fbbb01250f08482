"""Names that do not exist, and what was probably meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from style3d.errors import Style3DError

MOST_LISTED = 12


def unknown(what: str, name: str, known: Iterable[str]) -> Style3DError:
    """The error for a ``name`` that is not among ``known``: suggests the nearest, and lists some."""
    names = sorted(set(known))
    near = difflib.get_close_matches(name, names, 1, 0.5)
    hint = f"did you mean '{near[0]}'?" if near else ""
    listed = ", ".join(repr(item) for item in names[:MOST_LISTED]) + (" …" if len(names) > MOST_LISTED else "")
    return Style3DError(f"no {what} is called '{name[:80]}'", expected=f"one of {listed}", hint=hint)
