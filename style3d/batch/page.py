"""The page shows every result of a batch with its figures. It opens from disk, needs no network, escapes all text."""

from __future__ import annotations

from base64 import b64encode
from collections import Counter
from collections.abc import Iterable, Sequence
from hashlib import sha256
from html import escape
from importlib.resources import files
from pathlib import Path
from string import Template
from urllib.parse import quote

from style3d.batch.ledger_rows import JobRow
from style3d.batch.task import PaintedTask, read_receipt
from style3d.files import write_bytes
from style3d.progress import duration
from style3d.remarks import count_of

SHOWN = ("style.gram", "style.palette", "content.features")  # figures that stand on a card; the others open
PICTURE = "data:image/jpeg;base64,"


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
    room = files("style3d.batch")
    slider = files("style3d.evaluate.report").joinpath("report.js").read_text(encoding="utf-8")
    script = slider + room.joinpath("page.js").read_text(encoding="utf-8")
    digest = b64encode(sha256(script.encode()).digest()).decode("ascii")  # the browser runs this script and no other
    states = Counter(row.state for row in rows)
    kept = [row.kept for row in rows if row.kept is not None]
    seconds = sum(attempt.seconds for row in rows for attempt in row.attempts)
    told = [count_of(len(rows), "job"), *(f"{count} {state}" for state, count in states.items())]
    told += [f"{duration(seconds)} of work", f"{max(one.memory for one in kept) / 1e9:.1f} GB at most"] if kept else []
    template = Template(room.joinpath("page.html").read_text(encoding="utf-8"))
    return template.substitute(
        title=escape(title), summary=escape(" · ".join(told)), script=script, digest=digest,
        looks=_options(row.enrolled.look for row in rows), states=_options(states),
        cards="\n".join(_card(row, folder) for row in rows),
    )  # fmt: skip


def _options(values: Iterable[str]) -> str:
    return "".join(f'<option value="{escape(value)}">{escape(value)}</option>' for value in dict.fromkeys(values))


def _card(row: JobRow, folder: Path) -> str:
    job, painted = row.enrolled, None
    if row.kept is not None:
        painted = read_receipt(folder / "receipts" / f"{row.kept.paint}.json")
    name = escape(job.asset)
    if row.kept is not None:
        name = f'<a href="{escape(quote(job.target))}">{name}</a>'
    parts = [_slider(painted, job.asset) if painted else "", f"<h2>{name}</h2>"]
    parts.append(f'<p class="{row.state}">{escape(job.look)} · <b>{row.state}</b></p>')
    parts += [f"<p>{escape(row.message)}</p>" if row.message else "", _figures(row)]
    for remark in painted.remarks if painted else ():
        parts.append(f'<p class="note">{escape(remark)}</p>')
    data = f'data-look="{escape(job.look)}" data-state="{row.state}" data-name="{escape(job.asset)}"'
    return f"<article {data}>{''.join(parts)}</article>"


def _slider(painted: PaintedTask, name: str) -> str:
    pictures = painted.before, painted.after
    if not all(picture.startswith(PICTURE) for picture in pictures):
        return ""
    before, after = map(escape, pictures)
    return (
        f'<figure class="compare"><img alt="painted" src="{after}"><img class="over" alt="original" src="{before}">'
        f'<input type="range" min="0" max="100" value="50" aria-label="{escape(name)}, original to painted"></figure>'
    )


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
