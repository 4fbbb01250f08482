"""An estimate says how long a run takes and how much memory, as honest ranges, before it paints."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, final

from style3d.core.pyramid import Hierarchy
from style3d.paint.pace import Pace, Work
from style3d.progress import duration

LEAST, MOST = 0.7, 1.5  # of what is computed: where the range of seconds ends
LEANEST, LARGEST = 0.6, 1.7  # of what is computed: where the range of memory ends
PER_ENTRY = 52  # bytes on every level: colours, two moments, a count, and the colours before
PER_COLOR = 60  # bytes on the finest level: what is held to finish and write a table

Range = tuple[float, float]


@final
@dataclass(frozen=True)
class Estimate:
    """What a run takes. Concretely: 2 to 4 minutes from its start until it is written, and 1.2 to 1.9 GB."""

    seconds: Range
    bytes: Range

    def to_json(self) -> dict[str, Any]:
        """Plain values, for the report."""
        return {"seconds": [round(end, 1) for end in self.seconds], "bytes": [round(end) for end in self.bytes]}

    def __str__(self) -> str:
        """A clause."""
        low, high = (end / 1e9 for end in self.bytes)
        return (
            f"{spread(duration(self.seconds[0]), duration(self.seconds[1]))} and {low:.1f} to {high:.1f} GB of memory"
        )


def spread(low: str, high: str) -> str:
    """Two amounts as a range: "2 to 4 min", "50 s to 2 min"."""
    if low == high:
        return low
    (number, unit), other = low.split(), high.split()[1]
    return f"{number} to {high}" if unit == other else f"{low} to {high}"


def estimated_seconds(work: Work, pace: Pace, spent: float, writing: float, hidden: int) -> Range:
    """From the command's start until all is written.

    Args:
        work: what will be done.
        pace: what it costs.
        spent: seconds that have passed.
        writing: seconds of writing.
        hidden: views that may be added at most, of what no other view shows.
    """
    known = work.painting_seconds(pace) + writing
    more = hidden * pace.built.at(max(work.stages[-1].pixels, default=0))
    return spent + LEAST * known, spent + MOST * (known + more)


def estimated_bytes(work: Work, pace: Pace, hierarchy: Hierarchy, cache: float, taken: float) -> Range:
    """Of memory, in all.

    Args:
        work: what will be done.
        pace: what it holds.
        hierarchy: the tables.
        cache: bytes of built views that are held at most.
        taken: bytes taken so far.
    """
    tables = PER_ENTRY * sum(hierarchy.sizes) + PER_COLOR * hierarchy.sizes[0]
    more = tables + max(stage.memory(pace, cache) for stage in work.stages)
    return taken + LEANEST * more, taken + LARGEST * more
