"""The registry lists every metric. A new one is a file with a row, and its name in a list of this file.

Figures, thresholds, the page and the tables of docs/metrics.md follow the rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from style3d.evaluate.metrics.calm import CALM
from style3d.evaluate.metrics.clip import CLIP
from style3d.evaluate.metrics.consistency_figures import AGREEMENT, RATIOS
from style3d.evaluate.metrics.content import CONTENT
from style3d.evaluate.metrics.frechet import ARTFID, FRECHET
from style3d.evaluate.metrics.gallery_rank import FOUND
from style3d.evaluate.metrics.health import MESH
from style3d.evaluate.metrics.lights import LAMPS, LIGHTS
from style3d.evaluate.metrics.metric import Metric
from style3d.evaluate.metrics.painted_views import PaintedViews
from style3d.evaluate.metrics.palette import PALETTE
from style3d.evaluate.metrics.parts import PARTS
from style3d.evaluate.metrics.published_protocol import LEGACY
from style3d.evaluate.metrics.strokes import STROKES
from style3d.evaluate.metrics.style import PATCHES, STYLE
from style3d.evaluate.metrics.tones import TONES

IMAGE_METRICS: tuple[Metric[PaintedViews], ...] = (
    *STYLE, *FRECHET, PATCHES, PALETTE, *STROKES, *CALM, *CLIP, FOUND, *CONTENT, *TONES, PARTS, ARTFID,
)  # fmt: skip  # measured on views, the style picture, and the scene: what `style3d evaluate` looks at in pictures
ACCEPTED = ("style", "content")  # subjects whose rows among `IMAGE_METRICS` a run can be judged by while it paints


def rows() -> tuple[Metric[Any], ...]:
    """Every metric, in the order of the report."""
    return (*AGREEMENT, *RATIOS, *IMAGE_METRICS, LIGHTS, *MESH, *LEGACY)


def acceptable() -> tuple[Metric[PaintedViews], ...]:
    """What --accept can ask for."""
    return tuple(row for row in IMAGE_METRICS if row.subject in ACCEPTED)


def figure_names(gaps: Sequence[int]) -> list[str]:
    """What figures can be called, whether or not what is compared has them."""
    return [name for row in rows() for name in row.names({"GAP": gaps, "LAMP": LAMPS})]


def row_of(name: str) -> tuple[Metric[Any], str] | None:
    """The metric of a figure, and the suffix that says what it was measured on; None for a name that no metric has."""
    for row in rows():
        if (suffix := row.suffix_of(name)) is not None:
            return row, suffix
    return None


def meaning(name: str) -> str:
    """What a figure means, in a line for people, with its unit."""
    found = row_of(name)
    if found is None:
        return ""
    row, suffix = found
    parts = [
        row.meaning,
        row.unit if row.unit not in row.meaning else "",
        "strokes raised" if suffix == ".relief" else "",
    ]
    return ", ".join(part for part in parts if part)


def table_lines(*subjects: str) -> list[str]:
    """Lines of a table in Markdown: the metrics of these subjects."""
    arrows = {"lower": "↓", "higher": "↑", "neither": ""}
    head = ["| figure | better | unit | meaning | also |", "|---|---|---|---|---|"]
    lines = []
    for row in rows():
        if row.subject in subjects:
            also = " ".join(f"`{suffix}`" for suffix in row.also_on)
            lines.append(f"| `{row.name}` | {arrows[row.better]} | {row.unit} | {row.meaning} | {also} |")
    return head + lines
