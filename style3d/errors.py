"""The one exception users see: what was got, what was wanted and what to do, on one line."""

from __future__ import annotations


class Style3DError(Exception):
    """A request that cannot be met; the command line prints it on one line and exits with status 2.

    Args:
        what: what is wrong, naming the file or option ("model.obj has no faces").
        got: what was found, if that is not already in ``what``.
        expected: what would have been accepted.
        hint: what to do next ("install it with: pip install draco").
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
