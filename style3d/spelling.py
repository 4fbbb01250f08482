"""Names that do not exist, and what was probably meant."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from fnmatch import fnmatchcase

from style3d.errors import Style3DError

MOST_LISTED = 12
HEX = re.compile(r"#?([0-9a-fA-F]{6}|[0-9a-fA-F]{3})")


def is_hex(text: str) -> bool:
    """Whether a text is a colour like #0b132b, or several with commas between."""
    return all(HEX.fullmatch(part) for part in text.split(","))


def unknown(what: str, name: str, known: Iterable[str]) -> Style3DError:
    """The error for a ``name`` that is not among ``known``: suggests the nearest, and lists some."""
    names = sorted(set(known))
    near = difflib.get_close_matches(name, names, 1, 0.5)
    hint = f"did you mean '{near[0]}'?" if near else ""
    listed = ", ".join(repr(item) for item in names[:MOST_LISTED]) + (" …" if len(names) > MOST_LISTED else "")
    return Style3DError(f"no {what} is called '{name[:80]}'", expected=f"one of {listed}", hint=hint)


def named(pattern: str, names: Iterable[str], what: str) -> set[str]:
    """Those of ``names`` that a pattern matches.

    Raises:
        Style3DError: none does; names the nearest.
    """
    known = set(names)
    found = {name for name in known if name == pattern or fnmatchcase(name, pattern)}
    if not found:
        raise unknown(what, pattern, known)
    return found
