"""A metric is a row: it names a figure, explains it, says which way is better, and measures it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar, final

from style3d.evaluate.metrics.figure import Better

Subject = TypeVar("Subject")  # what a metric is measured on: painted views, a mesh beside its original, …
SUBJECTS = {
    "consistency": "Do the views agree?", "style": "Does it look like the style?",
    "content": "Is the original still there?", "composite": "Both at once", "mesh": "Is the mesh sound?",
    "legacy": "The legacy protocol",
}  # fmt: skip  # the first word of a name, and the heading of its table
STAND_IN = re.compile("[A-Z]{2,}")  # in a row's name: GAP, LAMP
NOTHING = "no view has what it is measured on"


@final
@dataclass(frozen=True)
class Reading:
    """What a metric measured. Concretely: 0.41; or nothing, because the lpips package is not here."""

    value: float | None
    note: str = ""  # what is to be known of the value; or why there is none
    views: int = 0  # images that it is a mean over, where the metric's subject does not say


@final
@dataclass(frozen=True)
class Metric(Generic[Subject]):
    """One figure that `style3d evaluate` can measure. Concretely: style.palette, CIEDE2000, lower is better.

    It assumes that ``measure`` gets what the metrics of its list are measured on, such as painted views with their
    originals, and that it changes none of it. It returns a `Reading`, which may say why there is no number.

    The name begins with a word of `SUBJECTS`, which is the table that shows it; capitals stand for what varies, as
    in "consistency.GAP.rmse". ``better`` and ``unit`` are shown beside the figure, and ``meaning`` explains it.
    ``needs`` names optional networks, ``also_on`` asks for the same figure before painting, ``tile`` puts it on top
    of the page.

    Raises:
        ValueError: the name begins with no word of `SUBJECTS`, and so would be in no table.

    Examples:
        >>> row = Metric("style.darkness", "lower", "mean darkness", lambda views: Reading(1 - views["brightness"]))
        >>> row.subject, row.measure({"brightness": 0.75}).value
        ('style', 0.25)
        >>> Metric("consistency.GAP.darkness", "lower", "", row.measure).names({"GAP": (1, 7)})
        ['consistency.1.darkness', 'consistency.7.darkness']
    """

    name: str  # "style.gram"; capitals stand for what varies, "consistency.GAP.rmse"
    better: Better
    meaning: str  # a line for people
    measure: Callable[[Subject], Reading]
    unit: str = ""  # nothing: a plain number
    needs: tuple[str, ...] = ()  # what it cannot do without, and who judges; for painted views names of `NEEDS`
    also_on: tuple[str, ...] = ()  # suffixes of what else it is measured on: ".before", the unstylised views
    mask: str = ""  # which pixels count
    tile: str = ""  # what a large tile at the top of the page says of it; nothing: it has none

    def __post_init__(self) -> None:
        """Refuse what no table would show."""
        if self.subject not in SUBJECTS:
            raise ValueError(f"{self.name} begins with none of {', '.join(SUBJECTS)}")

    @property
    def subject(self) -> str:
        """The first word of its name, which says in which table it stands."""
        return self.name.split(".")[0]

    def figure_name(self, stand_in: object = "", suffix: str = "") -> str:
        """Name of a figure: with a gap or a lamp for what varies, and what it was measured on."""
        return STAND_IN.sub(str(stand_in), self.name) + suffix

    def names(self, stand_ins: Mapping[str, Sequence[object]]) -> list[str]:
        """Every name that its figures can have, by what varies. Concretely: ``{"GAP": (1, 7)}``."""
        varying = STAND_IN.search(self.name)
        found = [self.figure_name(value) for value in (stand_ins[varying[0]] if varying else ("",))]
        return [name + suffix for name in found for suffix in ("", *self.also_on)]

    def suffix_of(self, name: str) -> str | None:
        """What a figure of this metric was measured on, "" for the result; None where it is another metric's."""
        found = re.fullmatch(STAND_IN.sub("[a-z0-9]+", re.escape(self.name)), name)
        if found:
            return ""
        return next(
            (end for end in self.also_on if name.endswith(end) and self.suffix_of(name[: -len(end)]) == ""), None
        )


def value_or(value: float | None, why: str) -> Reading:
    """What was measured; or nothing, and why."""
    return Reading(value, why if value is None else "")


def mean_of(values: Sequence[float | None]) -> float | None:
    """Of those that are there."""
    there: list[float] = [value for value in values if value is not None]
    return sum(there) / len(there) if there else None
