"""What the parser refuses is said as every other error: what was got, what is expected, what to do."""

from __future__ import annotations

import re
from collections.abc import Callable

from style3d.errors import Style3DError
from style3d.job.file_types import either

KINDS = {"INT": "a whole number", "FLOAT": "a number", "PATH": "a path", "STR": "text"}


def parse_error(text: str, command: str) -> Style3DError:
    """The error for a message of tyro's, which comes in a frame, on many lines and in its own words.

    Args:
        text: the message.
        command: the word after style3d.
    """
    plain = " ".join(re.sub(r"\x1b\[[0-9;]*m|[│╭╮╰╯─]+|-{5,}", " ", text).split())
    hint = f"see style3d {command} --help"
    for pattern, explain in SHAPES:
        if found := re.search(pattern, plain):
            return explain(found, hint)
    return Style3DError(plain or "the options could not be understood", hint=hint)


def _unknown_option(found: re.Match[str], hint: str) -> Style3DError:
    first, near = found[1].rstrip(","), re.search(r"(?:Perhaps you meant|similar to \S+): (--[\w-]+)", found[2])
    if not first.startswith("-"):
        return Style3DError(f"{first} belongs to no option, and is one argument too many", hint=hint)
    return Style3DError(f"no option is called {first}", hint=f"did you mean {near[1]}?" if near else hint)


def _wrong_choice(found: re.Match[str], hint: str) -> Style3DError:
    expected = either(re.findall(r"'(.*?)'", found[3]))
    return Style3DError(f"{found[2]} cannot be {found[1]}", expected=expected, hint=hint)


def _wrong_value(found: re.Match[str], hint: str) -> Style3DError:
    expected = KINDS.get(found[3], found[3])
    return Style3DError(f"{found[1]} cannot be read", got=found[2], expected=expected, hint=hint)


def _missing_option(found: re.Match[str], hint: str) -> Style3DError:
    sentence = found[3].partition(". ")[0].rstrip(".")
    return Style3DError(f"{found[1] or found[2]} was not given", expected=sentence[0].lower() + sentence[1:], hint=hint)


def _bare_option(found: re.Match[str], hint: str) -> Style3DError:
    return Style3DError(f"{found[1]} needs a value", hint=hint)


SHAPES: tuple[tuple[str, Callable[[re.Match[str], str], Style3DError]], ...] = (
    (r"Unrecognized options: (\S+)(.*)", _unknown_option),
    (r"invalid choice '(.*?)' for argument '(\S+)'\. Expected one of \((.*?)\)", _wrong_choice),
    (r"Error parsing (--[\w-]+): .*?(?:\[|: )'(.*?)'.*?helptext: \1 (?:\{None\}\|)?[\[{]*([A-Z]+)", _wrong_value),
    (r"Missing from style3d \S+: (?:(--[\w-]+) \S+|([\w.|]+)) (.+?) \(required\)", _missing_option),
    (r"Missing value for argument '(\S+)'", _bare_option),
)
