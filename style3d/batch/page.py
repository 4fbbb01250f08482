"""The page shows every result of a batch with its figures. It opens from disk, needs no network, escapes all text."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path
from string import Template
from urllib.parse import quote

from style3d.batch.ledger_rows import JobRow, State
from style3d.batch.likeness import LookLikeness, likeness_by_look
from style3d.batch.task import PaintedTask, receipts
from style3d.evaluate.report.base_page import base_page, before_and_after, text_of
from style3d.files import write_bytes
from style3d.progress import duration
from style3d.remarks import count_of

SHOWN = ("style.gram", "style.palette", "content.features")  # figures that stand on a card; the others open
STATES: tuple[State, ...] = (
    "flagged",
    "failed",
    "done",
    "running",
    "waiting",
    "cancelled",
)  # first what a person should see
ROOM = "style3d.batch"


def write_page(rows: Sequence[JobRow], folder: Path, target: Path) -> None:
    """Write the page.

    Args:
        rows: the jobs.
        folder: of the batch's own files, where the receipts are.
        target: the page, in the folder of results.
    """
    write_bytes(target, page(rows, folder, target.absolute().parent.name).encode("utf-8", errors="replace"))


def page(rows: Sequence[JobRow], folder: Path, title: str) -> str:
    """The whole document."""
    rows, painted = sorted(rows, key=lambda row: STATES.index(row.state)), receipts(rows, folder)
    states = Counter(row.state for row in rows)
    kept = [row.kept for row in rows if row.kept is not None]
    seconds = sum(attempt.seconds for row in rows for attempt in row.attempts)
    told = [count_of(len(rows), "job"), *(f"{count} {state}" for state, count in states.items())]
    told += [f"{duration(seconds)} of work", f"{max(one.memory for one in kept) / 1e9:.1f} GB at most"] if kept else []
    body = Template(text_of(ROOM, "page.body.html")).substitute(
        summary=escape(" · ".join(told)), looks=_options(row.enrolled.look for row in rows), states=_options(states),
        likeness=_likeness(likeness_by_look(rows, painted)),
        cards="\n".join(_card(row, painted.get(row.enrolled.key)) for row in rows),
    )  # fmt: skip
    return base_page(title, body, text_of(ROOM, "page.css"), text_of(ROOM, "page.js"))


def _likeness(looks: Sequence[LookLikeness]) -> str:
    """A table with a line a look."""
    head = ("how alike the results are", "likeness", "before painting", "colours apart", "strokes apart", "compared")
    lines = [
        (one.look, f"{one.after.value:.2f}", f"{one.before.value:.2f}", f"{one.after.colors:.1f}",
         f"{one.after.strokes:.2f} octaves", f"{one.after.count}") for one in looks
    ]  # fmt: skip
    rows = ("".join(f"<th>{escape(cell)}</th>" for cell in line) for line in (head, *lines))
    return f'<div class="wide"><table class="alike"><tr>{"</tr><tr>".join(rows)}</tr></table></div>' if lines else ""


def _options(values: Iterable[str]) -> str:
    return "".join(f'<option value="{escape(value)}">{escape(value)}</option>' for value in dict.fromkeys(values))


def _card(row: JobRow, painted: PaintedTask | None) -> str:
    job = row.enrolled
    name = re.sub("[._/-]", r"\g<0><wbr>", escape(job.asset))
    if row.kept is not None:
        name = f'<a href="{escape(quote(job.target))}">{name}</a>'
    parts = [before_and_after(painted.before, painted.after, job.asset) if painted else "", f"<h2>{name}</h2>"]
    parts.append(f'<p class="{row.state}">{escape(job.look)} · <b>{row.state}</b></p>')
    parts += [f"<p>{escape(row.message)}</p>" if row.message else "", _figures(row)]
    for remark in painted.remarks if painted else ():
        parts.append(f'<p class="note">{escape(remark)}</p>')
    data = f'data-look="{escape(job.look)}" data-state="{row.state}" data-name="{escape(job.asset)}"'
    return f"<article {data}>{''.join(parts)}</article>"


def _figures(row: JobRow) -> str:
    if row.kept is None:
        return ""
    kept = row.kept
    cells = {"seconds": f"{kept.seconds:.1f}", "memory": f"{kept.memory / 1e9:.2f} GB"}
    cells |= {"attempt": f"{kept.number} of {len(row.attempts)}"}
    values = {name: "absent" if value is None else f"{value:.4g}" for name, value in kept.figures.items()}
    first = {name: values[name] for name in SHOWN if name in values}
    rest = {name: value for name, value in values.items() if name not in first} | {"SHA-256": kept.output_hash}
    return f"{_table(first | cells)}<details><summary>all figures</summary>{_table(rest)}</details>"


def _table(cells: dict[str, str]) -> str:
    rows = (f"<tr><th>{escape(name)}</th><td>{escape(value)}</td></tr>" for name, value in cells.items())
    return f"<table>{''.join(rows)}</table>"
