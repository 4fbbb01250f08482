"""Where nobody watches a terminal, progress is lines: few of them, and never none for long."""

from __future__ import annotations

import pytest

from style3d.commands import progress_bars
from style3d.commands.progress_bars import Lines, show_progress
from style3d.progress import begin_time, command, duration


class FakeClock:
    """Seconds that pass when told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def painted(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture, steps: int, each: float) -> list[str]:
    """The lines of a phase whose steps take ``each`` seconds."""
    clock = FakeClock()
    monkeypatch.setattr(progress_bars, "monotonic", clock)
    lines = Lines()
    lines.phase("painting", steps)
    for step in range(1, steps + 1):
        clock.now += each
        lines.advance(step, "loss 0.5")
    return capsys.readouterr().err.splitlines()


def test_a_line_for_every_tenth(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> None:
    said = painted(monkeypatch, capsys, 200, 0.5)
    assert said[2] == "style3d: painting: 30% (60 of 200), loss 0.5, 70 s left in this phase"
    assert said[-1] == "style3d: painting: 100% (200 of 200), loss 0.5"
    assert len(said) == 10


def test_slow_work_is_told_every_quarter_of_a_minute(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    assert len(painted(monkeypatch, capsys, 100, 8.0)) == 50


def test_quick_work_is_told_once(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> None:
    assert painted(monkeypatch, capsys, 100, 0.001) == ["style3d: painting: 100% (100 of 100), loss 0.5"]


def test_logs_get_lines_and_terminals_bars(monkeypatch: pytest.MonkeyPatch) -> None:
    with show_progress(quiet=False) as watcher:
        assert isinstance(watcher, Lines)
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    with show_progress(quiet=False) as watcher:
        assert isinstance(watcher, progress_bars.Bars)


@pytest.mark.parametrize(
    ("seconds", "said"), [(0.44, "0.4 s"), (41.3, "41 s"), (210, "3.5 min"), (5390, "90 min"), (7200, "2 h")]
)
def test_durations_are_said_as_people_say_them(seconds: float, said: str) -> None:
    assert duration(seconds) == said


def test_a_command_knows_when_it_began(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = FakeClock()
    monkeypatch.setattr("style3d.progress.monotonic", clock)
    with command():
        clock.now += 5
        assert begin_time() == 100.0
    assert begin_time() == 105.0
