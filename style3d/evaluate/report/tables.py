"""The figures become HTML: tiles for the summary, tables for everything."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from html import escape

from style3d.evaluate.metrics.figure import Figure
from style3d.evaluate.metrics.metric import SUBJECTS
from style3d.evaluate.metrics.registry import meaning, rows

ARROWS = {"lower": "↓", "higher": "↑", "neither": ""}
SPOKEN = {"lower": "lower is better", "higher": "higher is better", "neither": "neither way is better"}
CONTROLS = {"": "this result", ".floor": "unstylised (floor)", ".flat": "flat colour (cheat)",
            ".independent": "each view alone (ceiling)"}  # fmt: skip
BESIDE = {".before": "original", ".flat": "flat colour", ".independent": "each view alone"}


def section(title: str, body: str, note: str = "") -> str:
    """A card of the page; nothing for an empty one."""
    small = f'<p class="note">{escape(note)}</p>' if note else ""
    return f"<section><h2>{escape(title)}</h2>{small}{body}</section>" if body else ""


def summary_tiles(figures: Sequence[Figure]) -> str:
    """The numbers to look at first, large."""
    known = {figure.name: figure for figure in figures if figure.value is not None}
    tiles = []
    for name, figure in known.items():
        if name.endswith(".over_floor"):
            gap = name.split(".")[1]
            alone = known.get(f"consistency.{gap}.over_independent")
            beside = f"; {_short(alone)} × that of views painted alone" if alone else ""
            tiles.append((_short(figure), f"× the unstylised disagreement, {_apart(gap)}{beside}"))
    for row in rows():
        if row.tile and row.name in known:
            before = known.get(f"{row.name}.before")
            tiles.append((_short(known[row.name]), f"{row.tile}{f'; {_short(before)} before' if before else ''}"))
    cells = "".join(f"<div><b>{value}</b><span>{escape(words)}</span></div>" for value, words in tiles)
    return section("At a glance", f'<div class="tiles">{cells}</div>' if tiles else "")


def _short(figure: Figure) -> str:
    return f"{figure.value:.3g}"


def tables(figures: Sequence[Figure]) -> Iterable[str]:
    """A card for each subject that has figures."""
    for group, title in SUBJECTS.items():
        found = [figure for figure in figures if figure.name.split(".")[0] == group]
        if found and group == "consistency":
            gaps = dict.fromkeys(figure.name.split(".")[1] for figure in found)
            yield section(title, "".join(_gap_table(gap, found) for gap in gaps))
        elif found:
            yield section(title, _figure_table(found))


def _apart(gap: str) -> str:
    return f"{gap} view{'' if gap == '1' else 's'} apart"


def _gap_table(gap: str, figures: Sequence[Figure]) -> str:
    values = {figure.name: figure for figure in figures if figure.name.startswith(f"consistency.{gap}.")}
    measures = [name.split(".")[2] for name in values if name.count(".") == 2]
    head = "".join(f"<th>{escape(label)}</th>" for label in CONTROLS.values())
    lines = []
    for measure in (m for m in measures if not m.startswith("over_")):
        found = [values.get(f"consistency.{gap}.{measure}{suffix}") for suffix in CONTROLS]
        cells = "".join(f"<td>{number(f)}{_remark(f)}</td>" for f in found)
        lines.append(f"<tr>{_name(found[0], measure)}{cells}</tr>")
    over = " · ".join(
        f"{label} {number(values[f'consistency.{gap}.{name}'])}"
        for name, label in (("over_floor", "relative ÷ floor:"), ("over_independent", "relative ÷ each view alone:"))
    )
    first = next(iter(values.values()))
    caption = f"<caption><b>{escape(_apart(gap))}</b> · {over}<br>{escape(_basis(first))}</caption>"
    return f'<div class="wide"><table class="gap">{caption}<tr><th></th>{head}</tr>{"".join(lines)}</table></div>'


def _name(figure: Figure | None, label: str) -> str:
    """The head of a row: a name that breaks at its dots, what it means, and who judged."""
    if figure is None:
        return f"<th>{escape(label)}</th>"
    arrow = f' <span title="{SPOKEN[figure.better]}">{ARROWS[figure.better]}</span>'
    small = [meaning(figure.name), figure.network if figure.name.startswith("consistency.") else ""]
    said = "".join(f"<br><small>{escape(text)}</small>" for text in small if text)
    return f"<th>{escape(label).replace('.', '.<wbr>')}{arrow}{said}</th>"


def _remark(figure: Figure | None) -> str:
    """What is to be known of a number that is there."""
    return f"<br><small>{escape(figure.note)}</small>" if figure and figure.note and figure.value is not None else ""


def _figure_table(figures: Sequence[Figure]) -> str:
    """A row a figure, with what was measured of the original and of the controls in columns where there is any."""
    named = {figure.name: figure for figure in figures}
    beside = {suffix: label for suffix, label in BESIDE.items() if any(name.endswith(suffix) for name in named)}
    lines = []
    for figure in (figure for figure in figures if not figure.name.endswith(tuple(BESIDE))):
        others = (named.get(figure.name + suffix) for suffix in beside)
        digest = f" <code>{escape(figure.digest[:12])}</code>" if figure.digest else ""
        by = f"{escape(figure.network)}{digest}<br>" if figure.network else ""
        cells = [
            _name(figure, figure.name), f"<td>{number(figure)}</td>",
            *(f"<td>{number(other) if other else ''}</td>" for other in others),
            f"<td>{by}<small>{escape(_basis(figure))}</small></td>",
        ]  # fmt: skip
        lines.append(f"<tr>{''.join(cells)}</tr>")
    labels = "".join(f'<th class="n">{escape(label)}</th>' for label in ("value", *beside.values()))
    head = f"<tr><th></th>{labels}<th>measured with</th></tr>"
    return f'<div class="wide"><table class="figures">{head}{"".join(lines)}</table></div>'


def _basis(figure: Figure) -> str:
    counted = "pairs" if figure.name.startswith(("consistency.", "legacy.")) else "views"
    views = f"{figure.views} {counted}" if figure.views else ""
    return ", ".join(part for part in (views, figure.resolution, figure.mask, figure.note) if part)


def number(figure: Figure | None) -> str:
    """A figure's value in four digits, whole where it counts something."""
    if figure is None or figure.value is None or not math.isfinite(figure.value):
        return '<span class="absent">absent</span>'
    whole = abs(figure.value) >= 1000 and figure.value == round(figure.value)
    return f"{figure.value:,.0f}" if whole else f"{figure.value:.4g}"


def settings(title: str, values: object) -> str:
    """A card that opens, of names and values."""
    from json import dumps

    if not isinstance(values, Mapping) or not values:
        return ""
    texts = {key: v if isinstance(v, str) else dumps(v, ensure_ascii=False, default=str) for key, v in values.items()}
    lines = (f"<tr><th>{escape(str(key))}</th><td>{escape(text)}</td></tr>" for key, text in texts.items())
    table = f'<div class="wide"><table class="settings">{"".join(lines)}</table></div>'
    return f"<section><details><summary>{escape(title)}</summary>{table}</details></section>"
