"""An evaluation is saved as JSON with everything, CSV with the figures, and HTML for people."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

from style3d.evaluate.metrics.measure import Evaluation
from style3d.evaluate.report.html import page
from style3d.files import write_bytes

COLUMNS = ("name", "value", "better", "views", "resolution", "mask", "network", "digest", "note")


def save(evaluation: Evaluation, target: Path) -> tuple[Path, ...]:
    """Write ``target`` (.html) and the .json and .csv of the same name beside it; returns the files.

    Raises:
        Style3DError: a file cannot be written.
    """
    text = json.dumps(evaluation.to_json(), indent=2, ensure_ascii=False, default=str, allow_nan=False)
    written = (target.with_suffix(".json"), target.with_suffix(".csv"), target)
    for path, content in zip(written, (text + "\n", table(evaluation), page(evaluation)), strict=True):
        write_bytes(path, content.encode("utf-8", errors="replace"))
    return written


def table(evaluation: Evaluation) -> str:
    """The figures as CSV with a header; a leading = + - @ in a text is quoted, lest a spreadsheet compute it."""
    stream = io.StringIO()
    writer = csv.DictWriter(stream, COLUMNS, lineterminator="\n")
    writer.writeheader()
    for figure in evaluation.figures:
        row = figure.to_json()
        writer.writerow({key: _plain(value) for key, value in row.items()})
    return stream.getvalue()


def _plain(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value[:1] in "=+-@" and value else value
