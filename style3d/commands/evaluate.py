"""`style3d evaluate`."""

from __future__ import annotations

import contextlib
import sys
import warnings

from style3d.commands.bars import Bars
from style3d.commands.parse import parse
from style3d.errors import Style3DError
from style3d.evaluate.figure import Figure, Limit, named_limit
from style3d.evaluate.request import Request
from style3d.files import check_writable
from style3d.progress import Silent


def run(arguments: list[str]) -> int:
    """Measure, write the report, and say whether the thresholds hold: 0, or 1 where one does not."""
    request: Request = parse(Request, "evaluate", arguments, str(Request.__doc__))
    limits = [_limit(text, True) for text in request.fail_under] + [_limit(text, False) for text in request.fail_over]
    check_writable(request.destination)
    from style3d.evaluate.answer import answer
    from style3d.evaluate.save import save

    warnings.simplefilter("ignore")
    bars = None if request.quiet else Bars()
    with bars.progress if bars else contextlib.nullcontext():
        evaluation = answer(request, bars or Silent())
    broken = [line for limit in limits if (line := limit.broken(evaluation.figures))]
    written = save(evaluation, request.destination)
    for line in summary(evaluation.figures):
        print(line)
    for note in evaluation.notes:
        print(note)
    print(f"wrote {', '.join(str(path) for path in written)}")
    for line in broken:
        print(f"style3d: {line}", file=sys.stderr)
    return 1 if broken else 0


def _limit(text: str, at_least: bool) -> Limit:
    name, found, bound = text.partition("=")
    if not found or not name:
        raise Style3DError("a threshold cannot be understood", got=repr(text), expected="metric=number")
    return named_limit(name, bound, at_least)


def summary(figures: tuple[Figure, ...]) -> list[str]:
    """The figures that a glance needs, a line each."""
    wanted = ("relative", "over_floor", "over_independent")
    shown = [
        figure
        for figure in figures
        if figure.value is not None
        and (figure.name.split(".")[-1] in wanted or figure.name.split(".")[0] in ("style", "content", "mesh"))
    ]
    width = max((len(figure.name) for figure in shown), default=0)
    return [f"{figure.name:{width}}  {figure.value:.4g}" for figure in shown]
