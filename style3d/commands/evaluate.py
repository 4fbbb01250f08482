"""`style3d evaluate` measures a painted scene against its original."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence

from style3d.commands.parse import parse
from style3d.commands.progress_bars import show_progress
from style3d.commands.tell_remarks import tell_remarks
from style3d.errors import Style3DError, unknown_name
from style3d.evaluate.metrics.figure import Figure, Limit, named_limit
from style3d.evaluate.request import EvaluationRequest
from style3d.files import check_writable

CONTROLS = (".before", ".flat", ".independent")


def run(arguments: list[str]) -> int:
    """Measure, write the report, and say whether the thresholds hold: 0, or 1 where one does not."""
    request: EvaluationRequest = parse(EvaluationRequest, "evaluate", arguments, str(EvaluationRequest.__doc__))
    limits = [_limit(text, True) for text in request.fail_under] + [_limit(text, False) for text in request.fail_over]
    check_writable(request.destination)
    from style3d.evaluate.metrics.registry import figure_names
    from style3d.evaluate.report.save import save
    from style3d.evaluate.run_request import run_request

    for limit in limits:
        check_name(limit.name, figure_names(request.gaps))
    with tell_remarks(request.strict), show_progress(request.quiet) as watcher:
        evaluation = run_request(request, watcher)
    broken = [line for limit in limits if (line := limit.complaint(evaluation.figures))]
    written = save(evaluation, request.destination)
    for line in summary(evaluation.figures):
        print(line)
    for note in evaluation.notes:
        print(note)
    print(f"wrote {', '.join(str(path) for path in written)}")
    for line in broken:
        print(f"style3d: {line}", file=sys.stderr)
    return 1 if broken else 0


def check_name(name: str, known: Sequence[str]) -> None:
    """Refuse a threshold on a figure that does not exist.

    Raises:
        Style3DError: names the nearest, and others on the same subject.
    """
    if name not in known:
        alike = [one for one in known if one.split(".")[0] == name.split(".")[0]]
        raise unknown_name("figure", name, alike or known)


def _limit(text: str, at_least: bool) -> Limit:
    name, found, bound = text.partition("=")
    if not found or not name:
        raise Style3DError("a threshold cannot be understood", got=repr(text), expected="metric=number")
    return named_limit(name, bound, at_least)


def summary(figures: tuple[Figure, ...]) -> list[str]:
    """The figures that a glance needs: consistency and style beside their controls, then a line each."""
    values = {figure.name: figure for figure in figures}
    lines = []
    for gap in dict.fromkeys(name.split(".")[1] for name in values if name.startswith("consistency.")):
        lines += _agreement(f"consistency.{gap}", gap, values)
    if "style.gram" in values:
        lines += ["", *_beside({"style.gram": "style.gram"}, values, ".before")]
    shown = [f for f in figures if f.value is not None and f.name.split(".")[0] in ("style", "content", "mesh")]
    shown = [f for f in shown if not f.name.endswith(CONTROLS) and f.name != "style.gram"]
    width = max((len(figure.name) for figure in shown), default=0)
    return [*lines, "", *(f"{figure.name:{width}}  {figure.value:.4g}" for figure in shown)]


def _agreement(name: str, gap: str, values: Mapping[str, Figure]) -> list[str]:
    valid = values[f"{name}.valid"]
    apart = f"{valid.views} pairs of views {gap} apart, {valid.value or 0:.0%} of the pixels compared"
    wanted = {f"{name}.{measure}": measure for measure in ("rmse", "ssim", "perceptual", "relative")}
    ratios = [f"{ratio} {_number(values.get(f'{name}.{ratio}'))}" for ratio in ("over_floor", "over_independent")]
    head = f"{name}: {apart} ({valid.mask})"
    return ["", head, *_beside(wanted, values, ".floor"), f"  {' '.join(ratios)}"]


def _beside(wanted: Mapping[str, str], values: Mapping[str, Figure], floor: str) -> list[str]:
    """Rows of figures with their controls in columns."""
    rows = [["", "this", "unstylised", "flat colour", "each alone", ""]]
    for name, label in wanted.items():
        cells = [_number(values.get(name + suffix)) for suffix in ("", floor, ".flat", ".independent")]
        rows.append([label, *cells, values[name].network if name in values else ""])
    return [f"  {row[0]:12}" + "".join(f"{cell:>13}" for cell in row[1:5]) + f"  {row[5]}".rstrip() for row in rows]


def _number(figure: Figure | None) -> str:
    return "-" if figure is None or figure.value is None else f"{figure.value:.4g}"
