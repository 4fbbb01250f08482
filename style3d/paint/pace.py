"""The pace of a run says what its views and steps cost, its work what that comes to. Nothing is timed here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

WRITTEN = 1.5  # what a picture costs in all, for each second that its view takes to build


@final
@dataclass(frozen=True)
class Line:
    """A cost that grows with the pixels of a view. Concretely: 0.01 s, and 2 µs more for every pixel."""

    fixed: float
    each: float

    def at(self, pixels: float) -> float:
        """The cost of a view of so many pixels."""
        return self.fixed + self.each * pixels


def line_through(small: tuple[float, float], large: tuple[float, float]) -> Line:
    """The line through two pairs of pixels and a cost; neither of its parts is ever negative."""
    (few, less), (many, more) = small, large
    if many <= few:
        return Line(0.0, more / many)
    if more <= less:
        return Line(max(less, more), 0.0)
    each = (more - less) / (many - few)
    fixed = less - each * few
    return Line(fixed, each) if fixed >= 0 else Line(0.0, more / many)


@final
@dataclass(frozen=True)
class Pace:
    """What one view costs here, as measured on windows of the run's own views."""

    built: Line  # seconds a view, many being built side by side
    alone: Line  # seconds a view that is built by itself
    target: Line  # seconds to remember what a view's original looks like
    step: Line  # seconds a step
    style: float  # seconds to measure the style at a size of view for the first time
    view_bytes: Line  # held by a built view
    target_bytes: Line  # held by what is remembered of it
    step_bytes: Line  # held by a step between its two passes


@final
@dataclass(frozen=True)
class StageWork:
    """What a stage does. Concretely: 240 steps on 24 views of 256² pixels, each looked at in two places."""

    pixels: tuple[int, ...]  # of each view
    steps: int
    places: int  # in which a view is judged by turns
    views_per_step: int = 1

    @property
    def mean(self) -> float:
        """Pixels of a view, on average."""
        return sum(self.pixels) / max(len(self.pixels), 1)

    def building_seconds(self, pace: Pace) -> float:
        """Seconds until its views are there."""
        return sum(pace.built.at(pixels) for pixels in self.pixels)

    def step_seconds(self, pace: Pace) -> float:
        """Seconds of its steps, with all that they look at for the first time."""
        targets = min(self.steps * self.views_per_step, self.places * len(self.pixels))
        return (
            pace.style
            + targets * pace.target.at(self.mean)
            + self.steps * self.views_per_step * pace.step.at(self.mean)
        )

    def seconds(self, pace: Pace) -> float:
        """All of it."""
        return self.building_seconds(pace) + self.step_seconds(pace)

    def memory(self, pace: Pace, cache: float) -> float:
        """Bytes that it holds at once; views past ``cache`` bytes lie in a file."""
        views = min(cache, sum(pace.view_bytes.at(pixels) for pixels in self.pixels))
        targets = self.places * sum(pace.target_bytes.at(pixels) for pixels in self.pixels)
        return views + targets + pace.step_bytes.at(max(self.pixels, default=0))


@final
@dataclass(frozen=True)
class Work:
    """What a run does: its stages, and the pictures that are rendered when it is written."""

    stages: tuple[StageWork, ...]
    pictures: tuple[int, ...]  # pixels of each

    def painting_seconds(self, pace: Pace) -> float:
        """Seconds of all stages."""
        return sum(stage.seconds(pace) for stage in self.stages)

    def picture_seconds(self, pace: Pace) -> float:
        """Seconds of the pictures."""
        return WRITTEN * sum(pace.alone.at(pixels) for pixels in self.pictures)
