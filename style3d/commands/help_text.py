"""`style3d COMMAND --help` fills its lines, and leaves out the parser's words that nobody types or needs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from textwrap import dedent, fill

WIDTH = 80
COLUMN = 25  # where the text of an option begins
RULE = re.compile(r" *-{5,} *")  # under a title
NOTHING = re.compile(r" ?\(default: (?:None|False|''|)\)$")
NONE = ((r"\{None\}\|\{(.+?)\}(?=\s|$)", r"\1"), (r"\{None\}\|", ""), (r"\{None,", "{"))


def set_help(text: str) -> str:
    """The help of a command, from the same as tyro prints it: usage, a description, and options under titles."""
    for pattern, plain in NONE:
        text = re.sub(pattern, plain, text, flags=re.MULTILINE)
    lines = text.splitlines()
    start = next(row for row, line in enumerate(lines) if RULE.fullmatch(line)) - 1
    usage, _, description = "\n".join(lines[:start]).partition("\n\n")
    paragraphs = [part for part in re.split(r"\n\s*\n", dedent(description)) if part.strip()]
    head = [usage.strip(), *(_fill(" ".join(part.split()), "") for part in paragraphs)]
    return "\n\n".join(head) + "\n" + "\n".join(_option_lines(lines[start:])) + "\n"


def _option_lines(lines: list[str]) -> Iterator[str]:
    """Titles, and options with their texts; a line that is indented further goes on with the text before it."""
    name, words = "", list[str]()
    for line in [*lines, ""]:
        if re.match(r" {3,}\S", line):
            words.append(line.strip())
            continue
        if name:
            yield _option(name, NOTHING.sub("", " ".join(words)))
        name, words = "", []
        if re.match(r"  \S", line):
            name, *words = re.split(r" {2,}", line.strip(), maxsplit=1)
        elif line.strip() and not RULE.fullmatch(line):
            yield f"\n{line.strip()}:"


def _option(name: str, text: str) -> str:
    beside = f"  {name}".ljust(COLUMN)
    if beside[-1] != " ":  # too long: the text begins below
        return f"{beside}\n{_fill(text, ' ' * COLUMN)}"
    return _fill(text, beside)


def _fill(text: str, begin: str) -> str:
    """Lines that begin with ``begin`` and go on below its end; names of options stay whole."""
    return fill(text, WIDTH, initial_indent=begin, subsequent_indent=" " * len(begin), break_on_hyphens=False)
