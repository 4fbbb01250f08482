"""What a run takes is computed from measured lines, and a run by the clock ends in time however fast it goes."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from style3d.core.pyramid import Flat
from style3d.job import MeshJob
from style3d.job.presets_by_time import LADDER
from style3d.paint.estimate import Estimate, estimated_bytes, estimated_seconds
from style3d.paint.pace import Line, Pace, StageWork, Work, line_through
from style3d.paint.schedule import decay
from style3d.paint.tempo import ByClock, ByCount, pick_recipe

PACE = Pace(
    built=Line(0.1, 1e-6), alone=Line(0.2, 2e-6), target=Line(0.05, 0.0), step=Line(0.0, 1e-5), style=0.5,
    view_bytes=Line(0.0, 100.0), target_bytes=Line(0.0, 50.0), step_bytes=Line(0.0, 2000.0),
)  # fmt: skip
COARSE, FINE = StageWork((10_000,) * 8, 200, 2), StageWork((40_000,) * 8, 100, 2)
WORK = Work((COARSE, FINE), (160_000,) * 5)


class FakeClock:
    """Seconds that pass when told to."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize(
    ("small", "large", "at_ten"),
    [((1, 3.0), (4, 6.0), 12.0), ((1, 1.0), (4, 8.0), 20.0), ((1, 3.0), (4, 2.0), 3.0), ((4, 2.0), (4, 2.0), 5.0)],
    ids=["a line", "no cost below zero", "no growth", "one size"],
)
def test_lines(small: tuple[float, float], large: tuple[float, float], at_ten: float) -> None:
    assert line_through(small, large).at(10) == pytest.approx(at_ten)


def test_work_costs_what_its_parts_cost() -> None:
    assert COARSE.building_seconds(PACE) == pytest.approx(8 * 0.11)
    assert COARSE.step_seconds(PACE) == pytest.approx(0.5 + 16 * 0.05 + 200 * 0.1)
    assert StageWork((10_000,) * 8, 3, 2).step_seconds(PACE) == pytest.approx(0.5 + 3 * 0.05 + 3 * 0.1)
    assert WORK.picture_seconds(PACE) == pytest.approx(1.5 * 5 * 0.52)
    assert FINE.memory(PACE, 1e6) == pytest.approx(1e6 + 2 * 8 * 2e6 + 8e7)


def test_an_estimate_is_a_range_around_what_is_computed() -> None:
    low, high = estimated_seconds(WORK, PACE, 10.0, 5.0, 8)
    assert low < 10 + WORK.painting_seconds(PACE) + 5 < high
    fewer, more = estimated_bytes(WORK, PACE, Flat(1000), 3e9, 1e9)
    assert 1e9 < fewer < more
    assert str(Estimate((50.0, 130.0), (1.21e9, 1.9e9))) == "50 s to 2.2 min and 1.2 to 1.9 GB of memory"
    assert str(Estimate((41.0, 62.0), (1e9, 2e9))) == "41 to 62 s and 1.0 to 2.0 GB of memory"


def test_a_run_by_count_takes_every_step() -> None:
    tempo = ByCount()
    assert tempo.views(0, [1, 2, 3]) == [0, 1, 2]
    assert tempo.begin(0, COARSE) == 200
    assert [tempo.over(step) for step in (0, 50, 200)] == [0.0, 0.25, 1.0]


def run_by_clock(seconds: float, slow: float, closing: float = 5.0) -> tuple[list[int], list[int], list[float], float]:
    """Views, steps and last step size of each stage, and the moment at which all is written.

    Args:
        seconds: what is given.
        slow: the true pace over `PACE`.
        closing: what writing takes at `PACE`.
    """
    clock, views, steps, sizes = FakeClock(), [], [], []
    tempo = ByClock(WORK, PACE, seconds, closing, clock)
    for number, stage in enumerate(WORK.stages):
        kept = [stage.pixels[place] for place in tempo.views(number, stage.pixels)]
        clock.now += slow * sum(PACE.built.at(pixels) for pixels in kept)
        tempo.begin(number, StageWork(tuple(kept), stage.steps, stage.places))
        clock.now += slow * PACE.style
        step = 0
        while (over := tempo.over(step)) < 1:
            last, step = decay(over), step + 1
            clock.now += slow * (PACE.step.at(stage.pixels[0]) + PACE.target.fixed * (step <= 2 * len(kept)))
        views.append(len(kept))
        steps.append(step)
        sizes.append(last)
    return views, steps, sizes, clock.now + slow * closing


@pytest.mark.parametrize(("seconds", "slow"), [(70, 1), (40, 1), (70, 2), (140, 3), (70, 0.5)])
def test_a_run_by_the_clock_is_written_in_time(seconds: float, slow: float) -> None:
    _, steps, sizes, written = run_by_clock(seconds, slow)
    assert written <= 1.03 * seconds  # a step may begin just before its stage is over
    assert all(size < 0.12 for size in sizes)  # decay follows the shortened schedule
    assert all(count >= 5 for count in steps)


def test_time_left_over_is_used_up_to_twice_the_steps() -> None:
    views, steps, _, _ = run_by_clock(10_000, 1)
    assert views == [8, 8]
    assert steps == [400, 200]


def test_every_stage_has_a_step_where_there_is_no_time_at_all() -> None:
    views, steps, _, _ = run_by_clock(1, 5)
    assert views == [1, 1]
    assert steps == [1, 1]


def test_the_last_row_that_fits_is_taken() -> None:
    job = MeshJob(Path("a.glb"), style=(Path("b.jpg"),), time=60.0)
    sizes = [pick_recipe(LADDER, job, limit, lambda row: row.resolution).resolution for limit in (1, 100, 500, 10_000)]
    assert sizes == [96, 96, 384, 768]
    few = replace(job, views=5)
    assert pick_recipe(LADDER, few, 1e9, lambda row: 0).views == 5


def test_the_ladder_rises() -> None:
    for lower, upper in pairwise(LADDER):
        assert lower.views < upper.views
        assert lower.resolution < upper.resolution
        assert lower.frames <= upper.frames
        assert sum(lower.steps) <= sum(upper.steps)
