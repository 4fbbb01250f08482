"""Users see one exception. Its line says what was found, what was expected and what to do."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from fnmatch import fnmatchcase

MOST_LISTED = 12  # names that an error suggests


class Style3DError(Exception):
    """A request that cannot be met; the command line prints it on one line and exits with status 2.

    Whoever raises it assumes a reader who knows the asset and not the code: the line names a file or an option, says
    what is wrong with it, and says what to do. Parts that are left out leave no trace. Line breaks become spaces, so
    that one error is one line in a log, whatever a library has said.

    Args:
        what: what is wrong, naming the file or option ("model.obj has no faces").
        got: what was found, if that is not already in ``what``.
        expected: what would have been accepted.
        hint: what to do next ("install it with: pip install draco").

    Examples:
        >>> from style3d import Style3DError
        >>> print(Style3DError("--strength is out of range", got=2, expected="0 to 1", hint="leave it out for 1"))
        --strength is out of range; got 2; expected 0 to 1; leave it out for 1
    """

    def __init__(self, what: str, *, got: object = None, expected: str = "", hint: str = "") -> None:
        parts = [what]
        if got is not None:
            parts.append(f"got {got}")
        if expected:
            parts.append(f"expected {expected}")
        if hint:
            parts.append(hint)
        super().__init__("; ".join(" ".join(str(part).split()) for part in parts))


def reason(error: BaseException) -> str:
    """The first line that an error says, shortened: compilers say thousands."""
    lines = str(error).strip().splitlines() or [""]
    return f"{type(error).__name__}: {lines[0][:300]}".rstrip(": ")


def unknown_name(what: str, name: str, known: Iterable[str]) -> Style3DError:
    """The error for a ``name`` that is not among ``known``: suggests the nearest, and lists some."""
    names = sorted(set(known))
    near = difflib.get_close_matches(name, names, 1, 0.5)
    hint = f"did you mean '{near[0]}'?" if near else ""
    listed = ", ".join(repr(item) for item in names[:MOST_LISTED]) + (" …" if len(names) > MOST_LISTED else "")
    return Style3DError(f"no {what} is called '{name[:80]}'", expected=f"one of {listed}", hint=hint)


def matching_names(pattern: str, names: Iterable[str], what: str) -> set[str]:
    """Those of ``names`` that a pattern matches.

    Raises:
        Style3DError: none does; names the nearest.
    """
    known = set(names)
    found = {name for name in known if name == pattern or fnmatchcase(name, pattern)}
    if not found:
        raise unknown_name(what, pattern, known)
    return found
