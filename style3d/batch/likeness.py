"""How alike the results of each look are, beside how alike the assets were before they were painted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import final

from style3d.batch.ledger_rows import JobRow
from style3d.batch.task import PaintedTask
from style3d.evaluate.likeness import Likeness, likeness


@final
@dataclass(frozen=True)
class LookLikeness:
    """How alike a look's results are. Concretely: oil, 0.6 over 20 results that were alike by 0.3 before."""

    look: str
    before: Likeness
    after: Likeness

    def __str__(self) -> str:
        """One line for people."""
        return (
            f"{self.look}: likeness {self.after.value:.2f}, before painting {self.before.value:.2f}; "
            f"colours {self.after.colors:.1f} and strokes {self.after.strokes:.2f} octaves apart"
        )


def likeness_by_look(rows: Sequence[JobRow], painted: Mapping[str, PaintedTask]) -> list[LookLikeness]:
    """Of each look with two results or more.

    Args:
        rows: the jobs.
        painted: what came of them, by their keys.
    """
    by_look: dict[str, list[PaintedTask]] = {}
    for row in rows:
        if row.enrolled.key in painted:
            by_look.setdefault(row.enrolled.look, []).append(painted[row.enrolled.key])
    found = []
    for look, results in by_look.items():
        before = likeness([one.manner_before for one in results if one.manner_before is not None])
        after = likeness([one.manner for one in results if one.manner is not None])
        if before is not None and after is not None:
            found.append(LookLikeness(look, before, after))
    return found
