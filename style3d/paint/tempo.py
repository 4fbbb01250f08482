"""The tempo of a run says how many views and steps each stage has, and when it is over: by count, or by the clock."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from time import monotonic
from typing import final

from style3d.job import Job, Recipe
from style3d.job.preset import Preset
from style3d.job.recipe import recipe_after
from style3d.paint.pace import Pace, StageWork, Work

MARGIN = 0.05  # of the time given that is left free, for what nobody foresaw
MOST = 2.0  # steps of a stage, as a multiple of what is planned, where there is time for more
BUILDING = 0.5  # of a stage's time that its views may take
STARTING = 0.4  # of all time left that what the stages start from may take
SLOWEST, QUICKEST = 10.0, 0.25  # pace found while painting over the pace measured before


class Tempo(ABC):
    """Asked in turn for each stage: which of its views, how many steps, and at each step how much of it is over."""

    @abstractmethod
    def starting_seconds(self) -> float:
        """Seconds that what the stages start from may take."""

    @abstractmethod
    def views(self, number: int, pixels: Sequence[int]) -> list[int]:
        """Which of a stage's views there is time for: places in ``pixels``, which says how large each is."""

    @abstractmethod
    def begin(self, number: int, work: StageWork) -> int:
        """The views are there and the stage begins; the steps it takes, at most."""

    @abstractmethod
    def over(self, step: int) -> float:
        """How much of the stage is over before step ``step``; at 1 it ends."""


@final
class ByCount(Tempo):
    """All views and all steps, however long they take."""

    def __init__(self) -> None:
        self._steps = 1

    def starting_seconds(self) -> float:
        """However long it takes."""
        return math.inf

    def views(self, number: int, pixels: Sequence[int]) -> list[int]:
        """All of them."""
        return list(range(len(pixels)))

    def begin(self, number: int, work: StageWork) -> int:
        """All of them."""
        self._steps = work.steps
        return work.steps

    def over(self, step: int) -> float:
        """By the steps alone."""
        return step / self._steps


@final
class ByClock(Tempo):
    """Stages that share the time that is left as they share the work; every stage takes at least one step.

    Args:
        work: what is planned.
        pace: what it costs, as measured before.
        end: the moment at which everything must be written.
        writing: seconds that writing takes, at the pace measured before.
        clock: what says the moment.
    """

    def __init__(
        self, work: Work, pace: Pace, end: float, writing: float, clock: Callable[[], float] = monotonic
    ) -> None:
        self._work, self._pace, self._end, self._writing, self._clock = work, pace, end, writing, clock
        self._slow = 1.0  # pace found over pace measured
        self._stage, self._steps, self._done = work.stages[0], 1, 0
        self._from, self._seconds = clock(), 0.0

    def starting_seconds(self) -> float:
        """A share of what is left."""
        return STARTING * self._seconds_left()

    def views(self, number: int, pixels: Sequence[int]) -> list[int]:
        """As many as half of the stage's time builds, spread evenly; at least one."""
        self._learn()
        later = sum(stage.seconds(self._pace) for stage in self._work.stages[number + 1 :])
        own = self._work.stages[number].seconds(self._pace)
        limit = BUILDING * self._seconds_left() * own / max(own + later, 1e-9)
        needed = self._slow * sum(self._pace.built.at(size) for size in pixels)
        count = len(pixels) if needed <= limit else max(1, int(len(pixels) * limit / needed))
        return [place * len(pixels) // count for place in range(count)]

    def begin(self, number: int, work: StageWork) -> int:
        """As many as fit into the stage's share of the time that is left."""
        later = sum(stage.seconds(self._pace) for stage in self._work.stages[number + 1 :])
        own = work.step_seconds(self._pace)
        self._from, self._seconds = self._clock(), self._seconds_left() * own / max(own + later, 1e-9)
        fitting = work.steps * self._seconds / max(self._slow * own, 1e-9)
        self._steps = max(1, int(min(fitting, MOST * work.steps)))
        self._stage, self._done = work, 0
        return self._steps

    def over(self, step: int) -> float:
        """By the steps or by the clock, whichever is further."""
        self._done = step
        if step == 0:
            return 0.0
        passed = (self._clock() - self._from) / self._seconds if self._seconds > 0 else 1.0
        return max(step / self._steps, passed)

    def _seconds_left(self) -> float:
        """Seconds for painting."""
        writing = self._writing * max(self._slow, 1.0)
        return max(0.0, self._end - writing - self._clock())

    def _learn(self) -> None:
        """See how long the steps of the stage before took in truth."""
        if self._done:
            work = StageWork(self._stage.pixels, self._done, self._stage.places, self._stage.views_per_step)
            found = (self._clock() - self._from) / max(work.step_seconds(self._pace), 1e-9)
            self._slow, self._done = min(max(found, QUICKEST), SLOWEST), 0


def pick_recipe(ladder: Sequence[Preset], job: Job, seconds: float, cost: Callable[[Recipe], float]) -> Recipe:
    """The numbers of a ladder's last row whose whole cost fits; those of its first where none does.

    Args:
        ladder: from the quickest row to the one that takes longest.
        job: its own views and resolution stand in the place of the row's.
        seconds: what is left of the time given.
        cost: seconds of a recipe, painted and written.
    """
    rows = [recipe_after(row, job) for row in ladder]
    return next((row for row in reversed(rows) if cost(row) <= seconds), rows[0])
