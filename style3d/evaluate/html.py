"""The report as one page that opens from disk: no network, no scripts but its own, everything from files escaped."""

from __future__ import annotations

import json
import math
from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from html import escape
from importlib.resources import files
from string import Template
from typing import Any

import numpy as np

from style3d.evaluate.figure import Figure
from style3d.evaluate.measure import Evaluation, Exhibits
from style3d.evaluate.pictures import data_uri, heat_picture

ARROWS = {"lower": "↓", "higher": "↑", "neither": ""}
GROUPS = {
    "consistency": "Do the views agree?", "style": "Does it look like the style?",
    "content": "Is the original still there?", "composite": "Both at once", "mesh": "Is the mesh sound?",
    "legacy": "The legacy protocol",
}  # fmt: skip
CONTROLS = {"": "this result", ".floor": "unstylised (floor)", ".flat": "flat colour (cheat)",
            ".independent": "each view alone (ceiling)"}  # fmt: skip
BESIDE = {".before": "original", ".flat": "flat colour", ".independent": "each view alone"}
STROKE = ("#4269d0", "#efb118", "#ff725c", "#6cc5b0", "#3ca951", "#a463f2")


def page(evaluation: Evaluation) -> str:
    """The whole document."""
    room = files("style3d.evaluate")
    template = Template(room.joinpath("report.html").read_text(encoding="utf-8"))
    script = room.joinpath("report.js").read_text(encoding="utf-8")
    digest = b64encode(sha256(script.encode()).digest()).decode("ascii")  # the browser runs this script and no other
    sections = [
        _notes(evaluation.notes), _slider(evaluation.exhibits), _strip(evaluation.exhibits),
        _heats(evaluation.exhibits),
        *_tables(evaluation.figures), _alone(evaluation.exhibits), _curves(evaluation.run),
        _settings("Details of the mesh", evaluation.health),
        _settings("Settings of the run", evaluation.run.get("job")),
        _settings("How it was measured", evaluation.settings),
    ]  # fmt: skip
    body = "\n".join(part for part in sections if part)
    return template.substitute(title=escape(evaluation.name), body=body, script=script, digest=digest)


def _section(title: str, body: str, note: str = "") -> str:
    small = f'<p class="note">{escape(note)}</p>' if note else ""
    return f"<section><h2>{escape(title)}</h2>{small}{body}</section>" if body else ""


def _notes(notes: Sequence[str]) -> str:
    return "".join(f'<p class="warning">{escape(note)}</p>' for note in notes)


def _slider(exhibits: Exhibits) -> str:
    cells = []
    for number, (before, after) in enumerate(zip(exhibits.before, exhibits.after, strict=True), 1):
        cells.append(
            f'<figure class="compare"><img alt="view {number}, stylised" src="{data_uri(after)}">'
            f'<img class="over" alt="view {number}, original" src="{data_uri(before)}">'
            f'<input type="range" min="0" max="100" value="50" aria-label="original to stylised, view {number}">'
            "</figure>"
        )
    return _section(
        "Before and after", f'<div class="row">{"".join(cells)}</div>', "Drag: original left, result right."
    )


def _strip(exhibits: Exhibits) -> str:
    images = "".join(f'<img alt="" src="{data_uri(picture, 200, 82)}">' for picture in exhibits.strip)
    return _section("A walk around", f'<div class="strip">{images}</div>' if images else "")


def _heats(exhibits: Exhibits) -> str:
    parts = []
    for gap, maps in exhibits.heat.items():
        values = [value[np.isfinite(value)] for value in maps.values()]
        known = np.concatenate(values) if values else np.zeros(0)
        top = float(np.percentile(known, 99)) if known.size else 0.0
        top = max(top, 0.02)
        images = "".join(f'<img alt="" src="{data_uri(heat_picture(value, top))}">' for value in maps.values())
        caption = (
            f"{gap} view{'s' if gap > 1 else ''} apart; bright is an error of {top:.2f} or more, grey was not compared"
        )
        parts.append(
            f'<figure><div class="row">{images}</div><figcaption>{caption}</figcaption></figure>' if images else ""
        )
    return _section("Where views disagree", "".join(parts))


def _alone(exhibits: Exhibits) -> str:
    images = "".join(f'<img alt="" src="{data_uri(picture, 256)}">' for picture in exhibits.alone)
    note = "The ceiling of inconsistency: the same style, each view painted without knowing of the others."
    return _section("Views painted alone", f'<div class="strip">{images}</div>' if images else "", note)


def _tables(figures: Sequence[Figure]) -> Iterable[str]:
    for group, title in GROUPS.items():
        rows = [figure for figure in figures if figure.name.split(".")[0] == group]
        if not rows:
            continue
        if group == "consistency":
            gaps = dict.fromkeys(figure.name.split(".")[1] for figure in rows)
            parts = (_gap_table(gap, rows) for gap in gaps)
            yield _section(title, "".join(parts), "Relative: error over the image's own contrast; flat colour gives 1.")
        else:
            yield _section(title, _figure_table(rows))


def _gap_table(gap: str, figures: Sequence[Figure]) -> str:
    values = {figure.name: figure for figure in figures if figure.name.startswith(f"consistency.{gap}.")}
    measures = [name.split(".")[2] for name in values if name.count(".") == 2]
    head = "".join(f"<th>{escape(label)}</th>" for label in CONTROLS.values())
    rows = []
    for measure in (m for m in measures if not m.startswith("over_")):
        found = [values.get(f"consistency.{gap}.{measure}{suffix}") for suffix in CONTROLS]
        cells = "".join(f"<td>{_number(f)}{_remark(f)}</td>" for f in found)
        first = found[0]
        arrow = ARROWS[first.better] if first else ""
        network = f"<br><small>{escape(first.network)}</small>" if first and first.network else ""
        rows.append(f"<tr><th>{escape(measure)} {arrow}{network}</th>{cells}</tr>")
    over = " · ".join(
        f"{label} {_number(values[f'consistency.{gap}.{name}'])}"
        for name, label in (("over_floor", "relative ÷ floor:"), ("over_independent", "relative ÷ each view alone:"))
    )
    views = "view" if gap == "1" else "views"
    one = values[f"consistency.{gap}.{measures[0]}"]
    basis = f"{one.views} pairs; {one.mask}"
    caption = f"<caption>{escape(gap)} {views} apart ({escape(basis)}). {over}</caption>"
    return f'<div class="wide"><table>{caption}<tr><th></th>{head}</tr>{"".join(rows)}</table></div>'


def _remark(figure: Figure | None) -> str:
    """What is to be known of a number that is there."""
    return f"<br><small>{escape(figure.note)}</small>" if figure and figure.note and figure.value is not None else ""


def _figure_table(figures: Sequence[Figure]) -> str:
    """A row a figure, with what was measured of the original and of the controls in columns where there is any."""
    named = {figure.name: figure for figure in figures}
    beside = {suffix: label for suffix, label in BESIDE.items() if any(name.endswith(suffix) for name in named)}
    rows = []
    for figure in (figure for figure in figures if not figure.name.endswith(tuple(BESIDE))):
        others = (named.get(figure.name + suffix) for suffix in beside)
        cells = [
            f"<th>{escape(figure.name)} {ARROWS[figure.better]}</th>", f"<td>{_number(figure)}</td>",
            *(f"<td>{_number(other) if other else ''}</td>" for other in others),
            f"<td>{escape(figure.network)} <code>{escape(figure.digest[:12])}</code></td>",
            f"<td>{escape(_basis(figure))}</td>",
        ]  # fmt: skip
        rows.append(f"<tr>{''.join(cells)}</tr>")
    labels = "".join(f"<th>{escape(label)}</th>" for label in ("", "value", *beside.values(), "network", "measured on"))
    return f'<div class="wide"><table><tr>{labels}</tr>{"".join(rows)}</table></div>'


def _basis(figure: Figure) -> str:
    views = f"{figure.views} views" if figure.views else ""
    return ", ".join(part for part in (views, figure.resolution, figure.mask, figure.note) if part)


def _number(figure: Figure | None) -> str:
    if figure is None or figure.value is None or not math.isfinite(figure.value):
        return '<span class="absent">absent</span>'
    return f"{figure.value:.4g}"


def _curves(run: Mapping[str, Any]) -> str:
    """The losses of the run as an SVG on a logarithmic scale."""
    losses = run.get("losses")
    if not isinstance(losses, dict):
        return ""
    series = {str(name): smoothed(values) for name, values in losses.items() if isinstance(values, list)}
    series = {name: values for name, values in series.items() if len(values) > 1}
    if not series:
        return ""
    every = np.concatenate(list(series.values()))
    low, high = math.log10(max(every.min(), 1e-4)), math.log10(max(every.max(), 1e-3))
    lines, legend = [], []
    for color, (name, values) in zip(STROKE, series.items(), strict=False):
        x = np.linspace(0, 600, len(values))
        y = 200 - 190 * (np.log10(np.maximum(values, 1e-4)) - low) / max(high - low, 1e-6)
        points = " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(x, y, strict=True))
        lines.append(f'<polyline points="{points}" fill="none" stroke="{color}" stroke-width="1.5"/>')
        legend.append(f'<span><i style="background:{color}"></i>{escape(name)} {values[-1]:.3g}</span>')
    svg = f'<svg viewBox="0 -5 600 215" role="img" aria-label="losses by step">{"".join(lines)}</svg>'
    return _section("Losses by step", f'{svg}<p class="legend">{"".join(legend)}</p>', "Logarithmic, smoothed.")


def smoothed(values: Sequence[Any], most: int = 300) -> np.ndarray[Any, Any]:
    """At most so many means of neighbours; what is no number is left out."""
    numbers = np.array([float(v) for v in values if isinstance(v, int | float) and math.isfinite(v)])
    parts = np.array_split(numbers, min(most, len(numbers))) if len(numbers) else []
    return np.array([part.mean() for part in parts])


def _settings(title: str, values: object) -> str:
    if not isinstance(values, Mapping) or not values:
        return ""
    rows = (f"<tr><th>{escape(str(key))}</th><td>{escape(_text(value))}</td></tr>" for key, value in values.items())
    table = f'<div class="wide"><table>{"".join(rows)}</table></div>'
    return f"<section><details><summary>{escape(title)}</summary>{table}</details></section>"


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
