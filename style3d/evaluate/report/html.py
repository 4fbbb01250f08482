"""The report is one page that opens from disk. It needs no network, and escapes all text from files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

import numpy as np

from style3d.evaluate.metrics.measure import Evaluation, ReportPictures
from style3d.evaluate.report.base_page import ROOM, base_page, before_and_after, text_of
from style3d.evaluate.report.curves import curves
from style3d.evaluate.report.pictures import data_uri, heat_picture
from style3d.evaluate.report.tables import section, settings, summary_tiles, tables


def page(evaluation: Evaluation) -> str:
    """The whole document."""
    pictures = evaluation.pictures
    sections = [
        _notes((*evaluation.remarks, *evaluation.notes)), _comparison_line(evaluation.settings),
        summary_tiles(evaluation.figures),
        _slider(pictures), _strip(pictures), _heats(pictures), *tables(evaluation.figures), _alone(pictures),
        curves(evaluation.run),
        settings("Details of the mesh", evaluation.health),
        settings("Settings of the run", evaluation.run.get("job")),
        settings("How it was measured", evaluation.settings),
    ]  # fmt: skip
    body = "\n".join(part for part in sections if part)
    return base_page(evaluation.name, body, text_of(ROOM, "report.css"))


def _notes(notes: Sequence[str]) -> str:
    return "".join(f'<p class="warning">{escape(note)}</p>' for note in notes)


def _comparison_line(asked: Mapping[str, Any]) -> str:
    """What was compared with what, one line under the title."""
    models = asked.get("models") or asked.get("frames") or [""]
    parts = {"original": Path(str(models[0])).name, "style": Path(str(asked.get("style") or "")).name,
             "words": str(asked.get("prompt") or "")}  # fmt: skip
    told = " · ".join(f"{label}: <b>{escape(value)}</b>" for label, value in parts.items() if value)
    return f'<p class="note">{told}</p>' if told else ""


def _slider(pictures: ReportPictures) -> str:
    cells = []
    for number, (before, after) in enumerate(zip(pictures.before, pictures.after, strict=True), 1):
        cells.append(before_and_after(data_uri(before), data_uri(after), f"view {number}"))
    if pictures.style is not None:
        style = f'<img alt="the style picture" src="{data_uri(pictures.style)}">'
        cells.append(f'<figure class="style">{style}<figcaption>the style</figcaption></figure>')
    note = "Drag, or use the arrow keys: original left, result right."
    return section("Before and after", f'<div class="row">{"".join(cells)}</div>', note)


def _strip(pictures: ReportPictures) -> str:
    images = "".join(f'<img alt="" src="{data_uri(picture, 200, 82)}">' for picture in pictures.strip)
    return section("A walk around", f'<div class="strip">{images}</div>' if images else "")


def _heats(pictures: ReportPictures) -> str:
    parts = []
    for gap, maps in pictures.heat.items():
        values = [value[np.isfinite(value)] for value in maps.values()]
        known = np.concatenate(values) if values else np.zeros(0)
        top = float(np.percentile(known, 99)) if known.size else 0.0
        top = max(top, 0.02)
        images = "".join(
            f'<img alt="errors in view {place + 1}" src="{data_uri(heat_picture(value, top))}">'
            for place, value in sorted(maps.items())
        )
        caption = (
            f"{gap} view{'s' if gap > 1 else ''} apart; bright is an error of {top:.2f} or more, grey was not compared"
        )
        parts.append(
            f'<figure><div class="row">{images}</div><figcaption>{caption}</figcaption></figure>' if images else ""
        )
    return section("Where views disagree", "".join(parts))


def _alone(pictures: ReportPictures) -> str:
    images = "".join(f'<img alt="" src="{data_uri(picture, 256)}">' for picture in pictures.alone)
    note = "The ceiling of inconsistency: the same style, each view painted without knowing of the others."
    return section("Views painted alone", f'<div class="strip">{images}</div>' if images else "", note)
