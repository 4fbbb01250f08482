"""The schedule says when a trainer's step reconstructs, recolours or paints."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

from style3d.job import Stage
from style3d.paint.schedule import decay

COARSEST = 64  # pixels along the longer side of a view, under which networks run out of layers


@final
@dataclass(frozen=True)
class Moment:
    """What a step of painting does. Concretely: step 37 of stage 1, on views half as large, with Adam's step 0.01."""

    stage: int  # -1 while the colours are fitted to recoloured photos
    step: int  # within the stage
    scale: float  # of the full resolution
    rate: float


@final
@dataclass(frozen=True)
class Schedule:
    """Recolouring, then the stages of a recipe, counted from the step at which painting starts."""

    recolor_steps: int
    recolor_rate: float
    stages: tuple[Stage, ...]

    @property
    def steps(self) -> int:
        """How many steps painting takes in all."""
        return self.recolor_steps + sum(stage.steps for stage in self.stages)

    def at(self, step: int) -> Moment:
        """The moment of a step; past the end, the last one."""
        if step < self.recolor_steps:
            return Moment(-1, step, 1.0, self.recolor_rate)
        step = min(step, self.steps - 1) - self.recolor_steps
        for number, stage in enumerate(self.stages):
            if step < stage.steps:
                return Moment(number, step, stage.scale, stage.rate * decay(step / stage.steps))
            step -= stage.steps
        raise AssertionError("a schedule has at least one stage")
